// Network namespaces for tests with real packets: made, linked, populated with a small agent each, and removed.
// An agent is a Node process inside the namespace: it serves TCP and UDP, and dials when asked. Needs root and iproute2.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** Why such tests cannot run here; undefined when they can. */
export function noNetns(): string | undefined {
  if (process.getuid?.() !== 0) return 'needs root: run the tests with sudo';
  try {
    execFileSync('unshare', ['-n', 'iptables-save'], { stdio: 'ignore' });
    execFileSync('ip', ['netns', 'list'], { stdio: 'ignore' });
  } catch {
    return 'needs network namespaces, iproute2 and iptables: apt install iproute2 iptables';
  }
  return undefined;
}

/** The answer to a dial: the name of the agent that answered and the address that it saw, or why there was none. */
export interface Dialled {
  name?: string;
  from?: string;
  error?: string;
}

const program = `
const net = require('node:net'), dgram = require('node:dgram'), readline = require('node:readline');
const name = process.argv[1];
const answer = (address) => name + ' ' + address.replace(/^::ffff:/, '');
const out = (id, value) => process.stdout.write(JSON.stringify({ id, ...value }) + '\\n');
const commands = {
  listen: (id, { port }) => net.createServer((s) => { s.on('error', () => {}); s.end(answer(s.remoteAddress)); }).listen(port, () => out(id, {})),
  udp: (id, { port }) => { const s = dgram.createSocket('udp4'); s.on('message', (_, r) => s.send(answer(r.address), r.port, r.address)); s.bind(port, () => out(id, {})); },
  relay: (id, { port, path }) => net.createServer((c) => { const u = net.connect(path); c.on('error', () => u.destroy()); u.on('error', () => c.destroy()); c.pipe(u).pipe(c); }).listen(port, '127.0.0.1', () => out(id, {})),
  dial(id, { ip, port }) {
    const s = net.connect({ host: ip, port }); let text = '';
    const timer = setTimeout(() => s.destroy(Object.assign(new Error('timeout'), { code: 'ETIMEDOUT' })), 4000);
    s.on('data', (d) => text += d).on('error', (e) => { clearTimeout(timer); out(id, { error: e.code }); })
     .on('end', () => { clearTimeout(timer); const [n, from] = text.split(' '); out(id, { name: n, from }); });
  },
  dialUdp(id, { ip, port }) {
    const s = dgram.createSocket('udp4');
    const end = (v) => { clearTimeout(timer); s.close(); out(id, v); };
    const timer = setTimeout(() => end({ error: 'ETIMEDOUT' }), 4000);
    s.on('message', (m) => { const [n, from] = String(m).split(' '); end({ name: n, from }); });
    s.on('error', (e) => end({ error: e.code }));
    s.connect(port, ip, () => s.send('?'));
  },
};
readline.createInterface({ input: process.stdin }).on('line', (line) => { const c = JSON.parse(line); commands[c.do](c.id, c); }).on('close', () => process.exit());
`;

export class Namespace {
  readonly name: string;
  readonly short: string;
  #agent: ChildProcess | undefined;
  #waiting = new Map<number, (value: any) => void>();
  #next = 0;
  #ends: (() => void)[] = [];

  constructor(short: string, world: string) {
    this.short = short;
    this.name = `${world}-${short}`;
    sh('ip', 'netns', 'add', this.name);
    this.sh('ip', 'link', 'set', 'lo', 'up');
  }

  /** What to put before a command to run it inside. */
  get prefix(): string[] {
    return ['ip', 'netns', 'exec', this.name];
  }

  sh(...command: string[]): string {
    return sh(...this.prefix, ...command);
  }

  #ask<T>(what: object): Promise<T> {
    this.#agent ??= this.#startAgent();
    const id = ++this.#next;
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve);
      this.#agent!.stdin!.write(`${JSON.stringify({ id, ...what })}\n`);
    });
  }

  #startAgent(): ChildProcess {
    const [file = '', ...args] = [...this.prefix, process.execPath, '-e', program, this.short];
    const agent = spawn(file, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    createInterface({ input: agent.stdout! }).on('line', (line) => {
      const { id, ...value } = JSON.parse(line);
      this.#waiting.get(id)?.(value);
      this.#waiting.delete(id);
    });
    return agent;
  }

  listen = (port: number): Promise<unknown> => this.#ask({ do: 'listen', port });
  listenUdp = (port: number): Promise<unknown> => this.#ask({ do: 'udp', port });
  dial = (ip: string, port: number): Promise<Dialled> => this.#ask({ do: 'dial', ip, port });
  dialUdp = (ip: string, port: number): Promise<Dialled> => this.#ask({ do: 'dialUdp', ip, port });

  /** Makes 127.0.0.1:port of the host, such as an API server's, reachable under the same address inside. */
  async relay(port: number): Promise<void> {
    const path = join(tmpdir(), `${this.name}-${port}.sock`);
    const outside = createServer((inner) => {
      const outer = connect(port, '127.0.0.1');
      inner.on('error', () => outer.destroy());
      outer.on('error', () => inner.destroy());
      inner.pipe(outer).pipe(inner);
    });
    await new Promise<void>((resolve) => outside.listen(path, resolve));
    outside.unref();
    this.#ends.push(() => {
      outside.close();
      rmSync(path, { force: true });
    });
    await this.#ask({ do: 'relay', port, path });
  }

  remove(): void {
    for (const end of this.#ends) end();
    this.#agent?.stdin?.end();
    this.#agent?.kill('SIGKILL');
    sh('ip', 'netns', 'del', this.name);
  }
}

export function sh(...command: string[]): string {
  const [file = '', ...args] = command;
  return execFileSync(file, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

/** A veth pair between two namespaces. */
export function link(a: Namespace, aName: string, b: Namespace, bName: string): void {
  sh('ip', 'link', 'add', aName, 'netns', a.name, 'type', 'veth', 'peer', 'name', bName, 'netns', b.name);
  a.sh('ip', 'link', 'set', aName, 'up');
  b.sh('ip', 'link', 'set', bName, 'up');
}
