// Watches: what 10,000 idle ones hold, and how quickly 1,000 hear of 100 writes a second while one of them does not read.
// The watchers are in this process, over HTTP/2; where two cores serve both sides, the figures are for both.
import { mkdtempSync, rmSync } from 'node:fs';
import { type ClientHttp2Session, type ClientHttp2Stream, connect } from 'node:http2';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { issuePki } from '../cli/pki/issuePki.ts';
import { median, pause, pssOf } from './processes.ts';
import { ask, embedded, startOurs, tlsOf } from './servers.ts';
import type { Row } from './table.ts';

const connections = 100;
const configMaps = '/api/v1/namespaces/default/configmaps';
const settle = 5_000;

export async function watchRows(log: (text: string) => void): Promise<Row[]> {
  return [await idleRow(log), ...(await busyRows(log))];
}

type Ours = Awaited<ReturnType<typeof startOurs>> & { pki: string; sessions: ClientHttp2Session[] };

async function withServer<T>(use: (ours: Ours) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'mk8s-bench-'));
  const pki = join(folder, 'pki');
  await issuePki({ folder: pki, nodes: [] });
  const ours = await startOurs(pki, embedded(folder));
  const sessions = Array.from({ length: connections }, () => connect(ours.url, tlsOf(pki)));
  try {
    return await use({ ...ours, pki, sessions });
  } finally {
    for (const session of sessions) session.destroy();
    await ours.server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Resolves when the server has begun to answer. */
function openWatch(session: ClientHttp2Session): Promise<ClientHttp2Stream> {
  const stream = session.request({ ':path': `${configMaps}?watch=1&resourceVersion=0` });
  stream.on('error', () => {});
  return new Promise((resolve) => stream.once('response', () => resolve(stream)));
}

async function idleRow(log: (text: string) => void): Promise<Row> {
  const watches = 10_000;
  return withServer(async ({ server, sessions }) => {
    log(`watches: ${watches} idle ones`);
    await Promise.all(sessions.map(openWatch));
    await pause(settle);
    const before = pssOf(server.pid);
    for (const session of sessions)
      for (const stream of await Promise.all(Array.from({ length: watches / connections }, () => openWatch(session))))
        stream.resume();
    await pause(settle);
    const each = ((pssOf(server.pid) - before) * 1024) / watches;
    return {
      what: 'watches: memory of each of 10,000 idle ones',
      text: `${each.toFixed(1)} KB Pss`,
      reference: 'aim 15 KB',
    };
  });
}

async function busyRows(log: (text: string) => void): Promise<Row[]> {
  const [watchers, measured, writes] = [1_000, 50, 1_000];
  return withServer(async ({ url, pki, sessions }) => {
    log(`watches: ${watchers} watchers, 100 writes a second`);
    const delays: number[] = [];
    for (let i = 0; i < watchers; i++) {
      const stream = await openWatch(sessions[i % connections]!);
      if (i % (watchers / measured) === 0) note(stream, delays);
      else stream.resume();
    }
    // Opened and never read: what is for it must pile up nowhere but with it.
    const stalled = connect(url, tlsOf(pki));
    (await openWatch(stalled)).pause();
    const body = (i: number) =>
      JSON.stringify({
        metadata: { name: `w${i}` },
        data: { sent: `<${performance.now()}>`, filler: 'x'.repeat(1000) },
      });
    const writing: Promise<unknown>[] = [];
    const begun = performance.now();
    for (let i = 0; i < writes; i++) {
      while (performance.now() < begun + i * 10) await pause(1);
      writing.push(ask(url, pki, 'POST', configMaps, body(i)));
    }
    await Promise.all(writing);
    const end = performance.now() + 30_000;
    while (delays.length < measured * writes && performance.now() < end) await pause(50);
    stalled.destroy();
    const sorted = delays.toSorted((a, b) => a - b);
    const missing = measured * writes - delays.length;
    return [
      {
        what: 'watches: 1,000 of one kind and 100 writes/s, one watcher stalled: delivery, median / p99',
        text: `${median(delays).toFixed(0)} / ${sorted[Math.floor(sorted.length * 0.99)]!.toFixed(0)} ms${missing ? `; ${missing} events never came` : ''}`,
        reference: 'aim 500 ms',
      },
    ];
  });
}

/** Each object says when it was sent; one event is one line. */
function note(stream: ClientHttp2Stream, delays: number[]): void {
  let rest = '';
  stream.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop()!;
    for (const line of lines) delays.push(performance.now() - Number(/"sent":"<([\d.]+)>"/.exec(line)![1]));
  });
}
