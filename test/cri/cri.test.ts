// The CRI client and server against each other over a real unix socket, and the printed types against the descriptor.
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { connectRuntime, type RuntimeConnection } from '../../cri/client.ts';
import { CriError, isNotFound } from '../../cri/error.ts';
import { type CriServer, serveCri } from '../../cri/server.ts';
import type { ContainerEventResponse } from '../../cri/types.ts';
import { typesText } from '../../cri/typesText.ts';

let dir: string;
let socket: string;
let server: CriServer | undefined;
let client: RuntimeConnection;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'cri-'));
  socket = join(dir, 'cri.sock');
  client = connectRuntime(`unix://${socket}`);
});
afterEach(async () => {
  client.close();
  await server?.close();
  server = undefined;
  rmSync(dir, { recursive: true, force: true });
});

const startedAt = 1_763_730_000_123_456_789n;

const serve = (seen: unknown[] = []) =>
  serveCri(`unix://${socket}`, {
    runtime: {
      version: () => ({ version: '0.1.0', runtimeName: 'test', runtimeVersion: '1', runtimeApiVersion: 'v1' }),
      containerStatus(request) {
        seen.push(request);
        if (request.containerId === 'gone') throw new CriError('NotFound', 'container "gone" does not exist');
        return { status: { id: request.containerId, state: 'CONTAINER_EXITED', startedAt, exitCode: -3 } };
      },
      async execSync(_, signal) {
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
        return {};
      },
      async *getContainerEvents(_, signal) {
        for (let i = 0n; !signal.aborted; i++) {
          yield { containerId: `c${i}`, containerEventType: 'CONTAINER_STARTED_EVENT', createdAt: i } as const;
          await new Promise((resolve) => setTimeout(resolve, 1));
        }
        seen.push('stream ended');
      },
    },
    image: {},
  });

test('types.ts is what the descriptor says', () => {
  const written = readFileSync(new URL('../../cri/types.ts', import.meta.url), 'utf8');
  const bare = (text: string) => text.replace(/[\s;|]/g, '');
  expect(bare(written)).toBe(bare(typesText()));
});

test('a call carries nanoseconds, enums and absent messages both ways', async () => {
  const seen: unknown[] = [];
  server = await serve(seen);
  const { status } = await client.runtime.containerStatus({ containerId: 'a' });
  expect(status).toMatchObject({ id: 'a', state: 'CONTAINER_EXITED', startedAt, finishedAt: 0n, exitCode: -3 });
  expect(status).toMatchObject({ image: null, labels: {}, mounts: [], reason: '' });
  expect(seen).toEqual([{ containerId: 'a', verbose: false }]);
});

test('errors keep their code and read as Go prints them', async () => {
  server = await serve();
  const error = await client.runtime.containerStatus({ containerId: 'gone' }).catch((e) => e);
  expect(isNotFound(error)).toBe(true);
  expect(error.message).toBe('rpc error: code = NotFound desc = container "gone" does not exist');
  await expect(client.image.listImages({})).rejects.toMatchObject({
    code: 'Unimplemented',
    details: 'method ListImages not implemented',
  });
});

test('a call ends at its timeout or with its signal', async () => {
  server = await serve();
  await expect(client.runtime.execSync({ containerId: 'a' }, { timeout: 50 })).rejects.toMatchObject({
    code: 'DeadlineExceeded',
  });
  const signal = AbortSignal.timeout(50);
  await expect(client.runtime.execSync({ containerId: 'a' }, { signal })).rejects.toMatchObject({ code: 'Canceled' });
});

test('a stream runs until its reader leaves, and the server notices', async () => {
  const seen: unknown[] = [];
  server = await serve(seen);
  const events: ContainerEventResponse[] = [];
  for await (const event of client.runtime.getContainerEvents({})) {
    if (events.push(event) === 3) break;
  }
  expect(events.map((e) => e.containerId)).toEqual(['c0', 'c1', 'c2']);
  await expect.poll(() => seen).toContain('stream ended');
});

test('without a socket the error says what to do, and a later start is found', async () => {
  const error = await client.runtime.version({}).catch((e) => e);
  expect(error.code).toBe('Unavailable');
  expect(error.details).toContain(`unix://${socket}: there is no such socket; start the runtime`);
  server = await serve();
  await expect.poll(() => client.runtime.version({}).catch(() => undefined)).toMatchObject({ runtimeName: 'test' });
});

test('the socket is private, a live one is not taken, a dead one is', async () => {
  server = await serve();
  expect(statSync(socket).mode & 0o777).toBe(0o600);
  await expect(serve()).rejects.toThrow('is in use by another process');
  expect(() => connectRuntime('tcp://127.0.0.1:1')).toThrow('give a unix socket');
  await expect(serveCri(`/${'x'.repeat(120)}`, { runtime: {}, image: {} })).rejects.toThrow('longer than 107 bytes');
});
