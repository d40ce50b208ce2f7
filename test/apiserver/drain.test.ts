// SIGTERM to an API server: readiness goes first, what is under way is answered, watches end as they do at their time, and then it is gone.

import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect } from 'node:http2';
import { join } from 'node:path';
import tls from 'node:tls';
import { afterEach, expect, it } from 'vitest';
import { startTestApiServer, type TestApiServer, until } from '../kit/apiServer.ts';
import { httpTo, watchOf } from '../kit/http.ts';

let server: TestApiServer;
let child: ChildProcess;
afterEach(() => server?.stop());

async function startServer(shutdownDelay: string): Promise<void> {
  server = await startTestApiServer({
    process: true,
    flags: [`--shutdown-delay-duration=${shutdownDelay}`],
    onProcess: (process) => {
      child = process;
    },
  });
}

/** Waits for a version that does not come, three seconds long. */
const slow = '/api/v1/namespaces?resourceVersion=99999999&resourceVersionMatch=NotOlderThan';

it('fails readyz first, answers what is under way on HTTP/1.1, ends watches, and exits with 0', async () => {
  // Time enough for the calls that follow the signal, also on a loaded machine.
  await startServer('4s');
  const http = httpTo(server);
  const watch = watchOf(server, '/api/v1/namespaces?watch=1&allowWatchBookmarks=true');
  await until(() => watch.events.length >= 4);
  let ended = false;
  void watch.done.then(() => {
    ended = true;
  });
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  // Begun in the delay, still under way when that is over.
  const waiting = new Promise((resolve) => setTimeout(resolve, 1500)).then(() => http(slow));
  await until(async () => (await http('/readyz')).code === 500, 60_000, 'readyz failing');
  // The delay is for load balancers to notice; until it is over, all goes on as before.
  expect((await http('/livez')).code).toBe(200);
  const written = await http('/api/v1/namespaces', { body: { metadata: { name: 'late' } } });
  expect(written.code).toBe(201);
  await until(() => watch.events.some((e) => e.object.metadata.name === 'late'));
  expect(ended).toBe(false);
  const answer = await waiting;
  expect(answer.code).toBe(504);
  expect(answer.json.details.causes[0].reason).toBe('ResourceVersionTooLarge');
  expect(await exited).toBe(0);
  expect(ended).toBe(true);
  await expect(http('/livez')).rejects.toThrow(/ECONNREFUSED/);
  http.close();
});

it('answers what is under way on HTTP/2, and says goodbye to the connection', async () => {
  await startServer('200ms');
  const read = (name: string) => readFileSync(join(server.folder, 'pki', name));
  const session = connect(server.url, { ca: read('ca.crt'), cert: read('admin.crt'), key: read('admin.key') });
  const errors: Error[] = [];
  session.on('error', (error) => errors.push(error));
  let goodbye: number | undefined;
  session.on('goaway', (code) => {
    goodbye = code;
  });
  const ask = (path: string) =>
    new Promise<{ code: number; text: string; ended: boolean }>((resolve) => {
      const stream = session.request({ ':path': path });
      const answer = { code: 0, text: '', ended: false };
      stream.on('response', (headers) => {
        answer.code = Number(headers[':status']);
      });
      stream.setEncoding('utf8').on('data', (text) => {
        answer.text += text;
      });
      stream.on('end', () => {
        answer.ended = true;
      });
      stream.on('close', () => resolve(answer));
    });
  const waiting = ask(slow);
  const watching = ask('/api/v1/namespaces?watch=1');
  await ask('/version');
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  expect(await waiting).toMatchObject({ code: 504, ended: true });
  expect(await watching).toMatchObject({ code: 200, ended: true });
  expect(await exited).toBe(0);
  expect(goodbye).toBe(0);
  expect(errors).toEqual([]);
});

it.each([
  ['watcher', '/api/v1/namespaces/default/pods?watch=1'],
  ['stranger whose pod is not there', '/api/v1/namespaces/default/pods/x/exec?command=a'],
])('does not wait for a %s that offered an upgrade, sent frames all the same and went away', async (_who, path) => {
  await startServer('200ms');
  const read = (name: string) => readFileSync(join(server.folder, 'pki', name));
  const socket = tls.connect({
    port: server.port,
    ca: read('ca.crt'),
    cert: read('admin.crt'),
    key: read('admin.key'),
  });
  socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n\r\n`);
  socket.write(Buffer.from([0x80, 3, 0, 1, 0, 0, 0, 2, 9, 9]));
  await once(socket, 'data');
  socket.destroy();
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const start = performance.now();
  child.kill('SIGTERM');
  expect(await exited).toBe(0);
  expect(performance.now() - start).toBeLessThan(15_000);
});
