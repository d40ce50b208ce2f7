// The body of a request: in one piece however it comes, and refused once when it is too large.
import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { requestBody } from '../../apiserver/requestBody.ts';

/** What `requestBody` says of a request that sends these chunks. */
async function read(method: string, chunks: string[], headers: Record<string, string> = {}): Promise<unknown> {
  const raw = Object.assign(new PassThrough(), { method, headers });
  const body = requestBody(raw as never, 10);
  for (const chunk of chunks) raw.write(chunk);
  raw.end();
  const answer = await body;
  return Buffer.isBuffer(answer) ? answer.toString() : answer;
}

describe('requestBody', () => {
  it.each([
    ['POST', ['0123456789'], '0123456789'],
    ['PUT', ['01', '234', '5'], '012345'],
    ['PATCH', ['\u00e4', 'b'], '\u00e4b'],
    ['DELETE', [], ''],
    ['GET', ['ignored'], undefined],
  ])('%s %j', async (method, chunks, body) => expect(await read(method, chunks)).toEqual(body));

  it('refuses what is too large, by its length or as it comes', async () => {
    expect(await read('POST', ['012345678', '9a', 'b', 'c'])).toBe('too large');
    expect(await read('POST', [], { 'content-length': '11' })).toBe('too large');
  });

  it('ends with a client that goes away in the middle', async () => {
    const raw = Object.assign(new PassThrough(), { method: 'POST', headers: {} });
    const body = requestBody(raw as never, 10);
    raw.write('half');
    raw.destroy(new Error('aborted'));
    expect(await body).toBe('gone');
  });
});
