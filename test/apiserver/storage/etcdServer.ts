// A real etcd for tests: own ports, own data directory, and a TCP proxy before it whose connections a test can cut.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../kit/freePort.ts';

const binary = '/usr/bin/etcd';
/** Why etcd cannot be had; undefined when it can. */
export const etcdMissing: string | undefined = existsSync(binary)
  ? undefined
  : `${binary} is missing: install it with "apt-get install etcd-server"`;

export interface EtcdServer {
  endpoint: string;
  port: number;
  stop(signal?: NodeJS.Signals): Promise<void>;
  /** On the same port and, unless `fresh`, the same data. */
  start(fresh?: boolean): Promise<void>;
  /** Stops it and removes its data. */
  remove(): Promise<void>;
}

export async function startEtcd(): Promise<EtcdServer> {
  const [port, peerPort] = [await freePort(), await freePort()];
  const dir = mkdtempSync(join(tmpdir(), 'mini-k8s-etcd-'));
  const endpoint = `http://127.0.0.1:${port}`;
  const peer = `http://127.0.0.1:${peerPort}`;
  let life = 0;
  let child: ChildProcess | undefined;

  async function start(fresh = false): Promise<void> {
    if (fresh) life++;
    const args = [
      '--data-dir',
      join(dir, String(life)),
      '--log-level',
      'error',
      '--initial-cluster',
      `default=${peer}`,
    ];
    args.push('--listen-client-urls', endpoint, '--advertise-client-urls', endpoint);
    args.push('--listen-peer-urls', peer, '--initial-advertise-peer-urls', peer);
    child = spawn(binary, args, { stdio: 'ignore' });
    for (const end = Date.now() + 60_000; !(await answers(port)); ) {
      if (Date.now() > end) throw new Error('etcd did not start');
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  async function stop(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const ending = child;
    child = undefined;
    if (!ending || ending.exitCode !== null || ending.signalCode) return;
    ending.kill(signal);
    await once(ending, 'exit');
  }

  await start();
  return {
    endpoint,
    port,
    start,
    stop,
    async remove() {
      await stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

const answers = (port: number): Promise<boolean> =>
  fetch(`http://127.0.0.1:${port}/health`).then(
    (response) => response.ok,
    () => false,
  );

export interface TcpProxy {
  endpoint: string;
  /** Ends all connections now. */
  cut(): void;
  /** While true the server's answers are swallowed. */
  mute: boolean;
  /** While true what clients send is swallowed. */
  deaf: boolean;
  close(): void;
}

export async function startProxy(port: number): Promise<TcpProxy> {
  const sockets = new Set<Socket>();
  const track = (socket: Socket): Socket => {
    sockets.add(socket);
    socket.on('error', () => {}).on('close', () => sockets.delete(socket));
    return socket;
  };
  const server: Server = createServer((client) => {
    const upstream = track(connect(port, '127.0.0.1'));
    track(client).on('data', (data) => proxy.deaf || upstream.write(data));
    upstream.on('data', (data) => proxy.mute || client.write(data));
    client.on('close', () => upstream.destroy());
    upstream.on('close', () => client.destroy());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const proxy: TcpProxy = {
    endpoint: `http://127.0.0.1:${(server.address() as { port: number }).port}`,
    mute: false,
    deaf: false,
    cut() {
      for (const socket of sockets) socket.destroy();
    },
    close() {
      server.close();
      proxy.cut();
    },
  };
  return proxy;
}
