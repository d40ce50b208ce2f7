import { Writable } from 'node:stream';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { sendPieces } from '../../../apiserver/handlers/sendPieces.ts';

const request = (encoding = '') => ({ headers: { 'accept-encoding': encoding } }) as never;

function* pieces(count: number, size: number, work = 0): Generator<Buffer> {
  for (let i = 0; i < count; i++) {
    const end = performance.now() + work;
    while (performance.now() < end);
    yield Buffer.alloc(size, 0x61 + (i % 26));
  }
}

/** Everything that an answer writes, and how often others got their turn meanwhile. */
async function received(answering: ReturnType<typeof sendPieces>) {
  let turns = 0;
  let done = false;
  const count = () => {
    turns++;
    if (!done) setImmediate(count);
  };
  setImmediate(count);
  const answer = await answering;
  const chunks: Buffer[] = [];
  if ('stream' in answer) {
    const to = new Writable({
      highWaterMark: 1024 * 1024,
      write(chunk, _encoding, next) {
        chunks.push(chunk);
        setImmediate(next);
      },
    });
    const finished = new Promise((resolve) => to.on('finish', resolve));
    await answer.stream(to as never);
    await finished;
  } else chunks.push(Buffer.from(answer.body));
  done = true;
  return { answer, turns, bytes: Buffer.concat(chunks) };
}

describe('an answer in pieces', () => {
  it('goes out whole when it is short', async () => {
    const { answer, bytes } = await received(sendPieces(request('gzip'), 'text/plain', pieces(10, 1000)));
    expect('stream' in answer).toBe(false);
    expect(bytes.equals(Buffer.concat([...pieces(10, 1000)]))).toBe(true);
  });

  it.each([
    ['', false],
    ['gzip', true],
  ])('goes out in chunks when it is long (%s)', async (encoding, zipped) => {
    const { answer, bytes } = await received(sendPieces(request(encoding), 'text/plain', pieces(300, 10_000)));
    expect('stream' in answer).toBe(true);
    expect(answer.headers?.['content-encoding']).toBe(zipped ? 'gzip' : undefined);
    expect((zipped ? gunzipSync(bytes) : bytes).equals(Buffer.concat([...pieces(300, 10_000)]))).toBe(true);
  });

  it('lets others have their turn while pieces without bytes are made', async () => {
    const { turns } = await received(sendPieces(request(), 'text/plain', pieces(40, 0, 3)));
    expect(turns).toBeGreaterThan(4);
  });

  it('can still be refused while its first bytes are not there', async () => {
    function* broken(): Generator<Buffer> {
      yield* pieces(5, 0, 5);
      throw new Error('no form');
    }
    await expect(sendPieces(request(), 'text/plain', broken())).rejects.toThrow('no form');
  });
});
