// Long YAML is read in a thread of its own: three megabytes of it take seconds, and no other request may wait for them.
// Called by server.ts when a body has come; what was read is fetched by mediaTypes.ts. Next: yamlWorker.ts.
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { ApiRequest } from '../request.ts';
import type { ReadYaml } from './readYaml.ts';

/** What the thread answers. */
export type YamlAnswer = ReadYaml | { error: string };

/** Up to here a body is read in some ten milliseconds. */
const longBytes = 32 * 1024;
const read = new WeakMap<Buffer, YamlAnswer>();
let last: Promise<unknown> = Promise.resolve();
let worker: Worker | undefined;

/** Whether the body is to be read aside; the longest that are JSON after all are fast as they are. */
export const isLongYaml = (req: ApiRequest, body: Buffer): boolean =>
  body.length > longBytes && /yaml/.test(req.headers['content-type'] ?? '') && !looksLikeJson(body);

const looksLikeJson = (body: Buffer): boolean =>
  body[0] === 0x7b && body.subarray(-8).toString().trimEnd().endsWith('}');

/** One text at a time. Never rejects: what is wrong with a text is told when it is fetched. */
export function readAhead(body: Buffer): Promise<void> {
  const turn = last.then(() => ask(body));
  last = turn;
  return turn;
}

async function ask(body: Buffer): Promise<void> {
  worker ??= start();
  try {
    const answer = once(worker, 'message') as Promise<[YamlAnswer]>;
    worker.postMessage(body.toString('utf8'));
    read.set(body, (await answer)[0]);
  } catch {
    // It ran out of memory, which is less than a server has.
    worker = undefined;
    read.set(body, { error: 'error converting YAML to JSON: yaml: document contains excessive aliasing' });
  }
}

function start(): Worker {
  const thread = new Worker(new URL('./yamlWorker.ts', import.meta.url), {
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb: 512 },
  });
  // A server that stops does not wait for it.
  thread.unref();
  return thread;
}

/** What was read of this body, if it was; throws what was wrong with it. */
export function readAside(body: Buffer): ReadYaml | undefined {
  const answer = read.get(body);
  if (answer && 'error' in answer) throw new SyntaxError(answer.error);
  return answer;
}
