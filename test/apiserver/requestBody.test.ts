// The body of a request: in one piece however it comes, and refused once when it is too large.
import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { requestBody } from '../../apiserver/requestBody.ts';

/** What `requestBody` says of a request that sends these chunks; each answer it gives. */
async function read(method: string, chunks: string[], headers: Record<string, string> = {}): Promise<unknown[]> {
  const raw = Object.assign(new PassThrough(), { method, headers });
  const answers: unknown[] = [];
  requestBody(raw as never, 10, (body) => answers.push(Buffer.isBuffer(body) ? body.toString() : body));
  for (const chunk of chunks) raw.write(chunk);
  raw.end();
  await new Promise((resolve) => setImmediate(resolve));
  return answers;
}

describe('requestBody', () => {
  it.each([
    ['POST', ['0123456789'], '0123456789'],
    ['PUT', ['01', '234', '5'], '012345'],
    ['PATCH', ['\u00e4', 'b'], '\u00e4b'],
    ['DELETE', [], ''],
    ['GET', ['ignored'], undefined],
  ])('%s %j', async (method, chunks, body) => expect(await read(method, chunks)).toEqual([body]));

  it('refuses what is too large, once, by its length or as it comes', async () => {
    expect(await read('POST', ['012345678', '9a', 'b', 'c'])).toEqual(['too large']);
    expect(await read('POST', [], { 'content-length': '11' })).toEqual(['too large']);
  });

  it('says nothing of a body whose client has gone', async () => {
    const raw = Object.assign(new PassThrough(), { method: 'POST', headers: {} });
    let answers = 0;
    requestBody(raw as never, 10, () => answers++);
    raw.write('half');
    raw.destroy(new Error('aborted'));
    await new Promise((resolve) => raw.once('close', resolve));
    expect(answers).toBe(0);
  });
});
