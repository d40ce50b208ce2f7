// The server that is fuzzed: a process of its own with monitor.ts inside, and how its answers are judged.
// Next: the targets, which send to it.

import type { ChildProcess } from 'node:child_process';
import { startTestApiServer, type TestApiServer } from '../kit/apiServer.ts';
import { type Http, httpTo, type Reply } from '../kit/http.ts';
import type { Ask, Collected, Seen } from './monitor.ts';

export interface FuzzServer {
  server: TestApiServer;
  /** `onClose`: what a target has started beside the server ends with it. */
  http: Http & { onClose(close: () => void): void };
  /** What was wrong since the last call: findings of the monitor. */
  complaints(): string[];
  /** Bytes that are in use behind a forced collection; `snapshot`: the file that shows which. */
  heap(snapshot?: string): Promise<number>;
  stop(): Promise<void>;
}

const maxStall = 200;
/** A node that has an identity, for a kubelet in front of the server. */
export const fuzzedNode = 'fuzzed';

export async function startFuzzServer(): Promise<FuzzServer> {
  const found: string[] = [];
  let last: Seen | undefined;
  let stopping = false;
  let child!: ChildProcess;
  const server = await startTestApiServer({
    process: true,
    nodes: [fuzzedNode],
    flags: ['--feature-gates=CBORServingAndStorage=true', '--kubelet-preferred-address-types=InternalIP'],
    nodeArgs: ['--expose-gc', '--import', new URL('./monitor.ts', import.meta.url).href],
    onProcess(started) {
      child = started;
      child.on('message', (seen: Seen | Collected) => {
        if ('collected' in seen) return;
        // Start-up compiles; that is no stall.
        if (last && seen.stall > maxStall) found.push(`the event loop stood still for ${Math.round(seen.stall)} ms`);
        found.push(...seen.unhandled.map((stack) => `unhandled: ${stack}`));
        last = seen;
      });
      child.on('exit', (code, signal) => {
        if (!stopping) found.push(`the server ended (${signal ?? code})`);
      });
    },
  });
  const closes: (() => void)[] = [];
  const http = Object.assign(httpTo(server), { onClose: (close: () => void) => void closes.push(close) });
  await http('/api/v1/namespaces/default/serviceaccounts', { body: { metadata: { name: 'default' } } });
  return {
    server,
    http,
    complaints: () => found.splice(0),
    heap: (snapshot) =>
      new Promise((resolve) => {
        const answered = (seen: Seen | Collected) => {
          if (!('collected' in seen)) return;
          child.off('message', answered);
          resolve(seen.collected);
        };
        child.on('message', answered);
        child.send({ snapshot } satisfies Ask);
      }),
    async stop() {
      stopping = true;
      http.close();
      for (const close of closes) close();
      await server.stop();
    },
  };
}

/** Bytes by which a heap may grow that keeps what the last minutes were about (the watch cache's history), and nothing else. */
export const mayGrow = 32 * 2 ** 20;

/** What 5xx upstream gives as well, and so is no finding. */
const allowed: readonly RegExp[] = [
  /"code":503\b/,
  /Timeout: Too large resource version/,
  // A custom resource without the field that its scale's replicas are in.
  /replicas field .* does not exist/,
  // What upstream answers as a bare error has no reason: a strategic merge patch that its algorithm refuses, a Binding that does not
  // validate, `resourceVersion should not be set on objects to be created`, an applied object without the shape of its kind.
  // What nobody thought of is an InternalError.
  /^(?!.*(?:"reason":|\nreason:))[\s{]*(apiVersion: v1\ncode: 500\n.*)?"?kind"?: ?"?Status"?\b.*$/s,
];

/** Why an answer is a finding; undefined: it is none. */
export function wrongWith(reply: Reply): string | undefined {
  if (reply.code < 500 || allowed.some((text) => text.test(reply.text))) return undefined;
  return `${reply.code} ${reply.text.slice(0, 400)}`;
}

/** A request that has to be answered. Returns the finding, if it is one. */
export async function asked(http: Http, path: string, ask: Parameters<Http>[1]): Promise<string | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve('no answer within a minute'), 60_000);
  });
  const answer = http(path, ask).then(wrongWith, (error: Error) => `no answer: ${error.message}`);
  const verdict = await Promise.race([answer, late]);
  clearTimeout(timer);
  if (!verdict) return undefined;
  return `${ask?.method ?? 'GET'} ${path} ${ask?.type ?? ''}\n${String(ask?.body ?? '').slice(0, 2000)}\n→ ${verdict}`;
}
