// Two connections joined: the pace of the slower, halves that end, idle time, and what is left behind.
import { type AddressInfo, createConnection, createServer, type Socket } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { type Splice, type SpliceOptions, splice } from '../../../component-base/streaming/splice.ts';
import { until } from '../../kit/apiServer.ts';

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

/** Two ends of one TCP connection. */
async function pair(): Promise<[Socket, Socket]> {
  const server = createServer({ allowHalfOpen: true });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const accepted = new Promise<Socket>((resolve) => server.once('connection', resolve));
  const out = createConnection({
    port: (server.address() as AddressInfo).port,
    host: '127.0.0.1',
    allowHalfOpen: true,
  });
  const one = await accepted;
  closers.push(() => {
    out.destroy();
    one.destroy();
    server.close();
  });
  for (const socket of [out, one]) socket.on('error', () => {});
  return [out, one];
}

async function joined(options: SpliceOptions = {}): Promise<[Socket, Socket]> {
  const [client, a] = await pair();
  const [b, backend] = await pair();
  splice({ socket: a, head: Buffer.from('early ') }, { socket: b, head: Buffer.alloc(0) }, options);
  return [client, backend];
}

const all = (socket: Socket): Promise<string> =>
  new Promise((resolve) => {
    let text = '';
    socket.on('data', (data) => (text += data)).on('end', () => resolve(text));
  });
const ended = (socket: Socket) => new Promise((resolve) => socket.once('end', resolve).once('close', resolve));

it('brings what came early, both ways, and lets one half end before the other', async () => {
  const open = new Set<Splice>();
  const [client, backend] = await joined({ open });
  client.end('question');
  expect(await all(backend)).toBe('early question');
  expect(open.size).toBe(1);
  backend.end('answer');
  expect(await all(client)).toBe('answer');
  await until(() => open.size === 0);
});

it('a slow end is waited for: nothing piles up, nothing is lost', async () => {
  const [client, backend] = await joined();
  const piece = Buffer.alloc(1 << 20, 'x');
  let sent = 0;
  const sending = (async () => {
    for (let i = 0; i < 40; i++) {
      if (!client.write(piece)) await new Promise((resolve) => client.once('drain', resolve));
      sent += piece.length;
    }
    client.end();
  })();
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(sent).toBeLessThan(30 << 20);
  expect((await all(backend)).length).toBe((40 << 20) + 'early '.length);
  await sending;
});

it('is cut when nothing comes for the idle time, and not before', async () => {
  const [client, backend] = await joined({ idleTimeout: 2000 });
  const start = Date.now();
  const talk = setInterval(() => backend.write('.'), 50);
  setTimeout(() => clearInterval(talk), 2500);
  client.resume();
  backend.resume();
  await Promise.all([ended(client), ended(backend)]);
  expect(Date.now() - start).toBeGreaterThan(4200);
});

it('can be cut from outside, and ends when an end breaks', async () => {
  const open = new Set<Splice>();
  const [client, backend] = await joined({ open });
  for (const each of open) each.finish();
  client.resume();
  backend.resume();
  await Promise.all([ended(client), ended(backend)]);
  const [other, behind] = await joined({ open });
  behind.resume();
  other.resetAndDestroy();
  await ended(behind);
});
