// One load process: sends the requests of one job over TLS, by HTTP/1.1 or HTTP/2, and prints how long they took.
// Started by runLoad.ts; apart from the servers, so that neither measures the other's event loop.
import { readFileSync } from 'node:fs';
import { connect } from 'node:http2';
import https from 'node:https';
import type { LoadJob, LoadResult } from './loadJob.ts';
import { bodiesOf, nameOf, typeOf } from './media.ts';

const job = JSON.parse(process.argv[2]!) as LoadJob;
const { hostname, port } = new URL(job.url);
const tls = { ca: readFileSync(job.ca), cert: readFileSync(job.cert), key: readFileSync(job.key) };
const agent = new https.Agent({ keepAlive: true, maxSockets: job.connections, ...tls });
const stored = new Map<string, Buffer>();
const protobuf = job.protobuf ?? false;
const type = typeOf(protobuf);
const bodies = bodiesOf(job.template, protobuf);
const accept = protobuf ? { accept: type } : {};
let events = 0;

interface Reply {
  code: number;
  body: Buffer;
}

function send(method: string, path: string, body?: string | Buffer): Promise<Reply> {
  return job.http2 ? sendHttp2(method, path, body) : sendHttp1(method, path, body);
}

const sessions = job.http2 ? Array.from({ length: job.connections }, () => connect(job.url, tls)) : [];
const idle = [...sessions];

/** There are as many workers as sessions, so one is idle. */
function sendHttp2(method: string, path: string, body?: string | Buffer): Promise<Reply> {
  const session = idle.pop()!;
  return new Promise((resolve, reject) => {
    const headers = body === undefined ? {} : { 'content-type': type };
    const head = { ':method': method, ':path': path, ...accept, ...headers, ...job.headers };
    const stream = session.request(head, { endStream: body === undefined });
    const chunks: Buffer[] = [];
    let code = 0;
    stream.on('response', (head) => {
      code = Number(head[':status']);
    });
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('end', () => {
      idle.push(session);
      resolve({ code, body: Buffer.concat(chunks) });
    });
    stream.on('error', reject);
    if (body !== undefined) stream.end(body);
  });
}

function sendHttp1(method: string, path: string, body?: string | Buffer): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const headers = body === undefined ? {} : { 'content-type': type, 'content-length': Buffer.byteLength(body) };
    const all = { ...accept, ...headers, ...job.headers };
    const request = https.request({ hostname, port, method, path, agent, headers: all }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk) => chunks.push(chunk));
      answer.on('end', () => resolve({ code: answer.statusCode ?? 0, body: Buffer.concat(chunks) }));
    });
    request.on('error', reject);
    request.end(body);
  });
}

const item = (i: number) => `${job.collection}/${nameOf(i, protobuf)}`;

/** Each op: the request with this number, and whether its answer is the right one. */
const ops: Record<LoadJob['op'], (i: number) => Promise<[Reply, boolean]>> = {
  async create(i) {
    const reply = await send('POST', job.collection, bodies.create(i));
    return [reply, reply.code === 201];
  },
  async get(i) {
    const reply = await send('GET', item(i % job.objects));
    return [reply, reply.code === 200];
  },
  async list() {
    const reply = await send('GET', job.collection);
    return [reply, reply.code === 200];
  },
  async page() {
    const reply = await send('GET', `${job.collection}?limit=500`);
    return [reply, reply.code === 200];
  },
  async update(i) {
    const path = item(i % job.objects);
    const reply = await send('PUT', path, bodies.update(stored.get(path)!, i));
    if (reply.code === 200) stored.set(path, reply.body);
    return [reply, reply.code === 200];
  },
  async conflict(i) {
    const path = item(i % job.objects);
    const reply = await send(
      'PUT',
      path,
      stored
        .get(path)!
        .toString()
        .replace(/"resourceVersion":"\d+"/, '"resourceVersion":"1"'),
    );
    return [reply, reply.code === 409];
  },
  async delete(i) {
    const reply = await send('DELETE', `${item(i)}?gracePeriodSeconds=0`);
    return [reply, reply.code === 200];
  },
};

/** Watches count lines, each one event, and parse nothing: the load must not be the limit. */
function openWatch(): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = https.get(
      { hostname, port, path: `${job.collection}?watch=1&resourceVersion=0`, agent: false, ...tls },
      (answer) => {
        answer.on('data', (chunk: Buffer) => {
          for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, at + 1)) events++;
        });
        resolve();
      },
    );
    request.on('error', reject);
  });
}

async function worker(next: () => number | undefined, result: LoadResult): Promise<void> {
  for (let i = next(); i !== undefined; i = next()) {
    const [reply, right] = await ops[job.op](i);
    result.bytes += reply.body.length;
    if (!right && result.failures++ === 0)
      process.stderr.write(`${job.op}: ${reply.code} ${reply.body.toString().slice(0, 300)}\n`);
  }
}

if (job.op === 'update' || job.op === 'conflict') {
  for (let i = 0; i < Math.min(job.objects, job.requests); i++) stored.set(item(i), (await send('GET', item(i))).body);
}
await Promise.all(Array.from({ length: job.watchers }, openWatch));
const result: LoadResult = { seconds: 0, requests: job.requests, bytes: 0, events: 0, failures: 0 };
let i = 0;
const start = performance.now();
// An update must not meet another of the same object: each worker has objects of its own.
await Promise.all(
  Array.from({ length: job.connections }, () => worker(() => (i < job.requests ? i++ : undefined), result)),
);
const wanted = job.watchers * job.requests;
while (job.watchers && events < wanted && performance.now() - start < 60_000)
  await new Promise((resolve) => setTimeout(resolve, 5));
result.seconds = (performance.now() - start) / 1000;
result.events = events;
process.stdout.write(JSON.stringify(result));
process.exit(0);
