// Header blocks are one zlib stream a direction, with SPDY's dictionary: a block can be read only after all before it.
// Used by: connection.ts. Mirrors: SPDY draft 3.1, 2.6.10.1, as moby/spdystream/spdy/dictionary.go has it.
import { createInflate } from 'node:zlib';
import { readPairs, type SpdyHeaders, writePairs } from './frames.ts';

/** What a block may inflate to. */
const longestBlock = 256 * 1024;

const dictionaryWords =
  'options head post put delete trace accept accept-charset accept-encoding accept-language accept-ranges age allow ' +
  'authorization cache-control connection content-base content-encoding content-language content-length content-location ' +
  'content-md5 content-range content-type date etag expect expires from host if-match if-modified-since if-none-match if-range ' +
  'if-unmodified-since last-modified location max-forwards pragma proxy-authenticate proxy-authorization range referer ' +
  'retry-after server te trailer transfer-encoding upgrade user-agent vary via warning www-authenticate method get status';
const dictionaryPairs = ['200 OK', 'version', 'HTTP/1.1', 'url', 'public', 'set-cookie', 'keep-alive', 'origin'];
const dictionaryTail =
  '100101201202205206300302303304305306307402405406407408409410411412413414415416417502504505203 Non-Authoritative ' +
  'Information204 No Content301 Moved Permanently400 Bad Request401 Unauthorized403 Forbidden404 Not Found500 Internal Server ' +
  'Error501 Not Implemented503 Service UnavailableJan Feb Mar Apr May Jun Jul Aug Sept Oct Nov Dec 00:00:00 Mon, Tue, Wed, Thu, ' +
  'Fri, Sat, Sun, GMTchunked,text/html,image/png,image/jpg,image/gif,application/xml,application/xhtml+xml,text/plain,' +
  'text/javascript,publicprivatemax-age=gzip,deflate,sdchcharset=utf-8charset=iso-8859-1,utf-,*,enq=0.';

export const dictionary: Buffer = Buffer.concat([
  ...[...dictionaryWords.split(' '), ...dictionaryPairs].flatMap((word) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(word.length);
    return [length, Buffer.from(word)];
  }),
  Buffer.from(dictionaryTail),
]);

/** Zlib's head for a stream with this dictionary: its Adler-32 is the last four bytes. */
const zlibHead = Buffer.from('78bbe3c6a7c2', 'hex');

/** What zlib writes when it is flushed; Go gives out what it has read only when it sees it. */
const flushed = Buffer.from('000000ffff', 'hex');

/** Writes blocks uncompressed, which zlib allows: they are short, and no state is kept. */
export function createBlockWriter(): (headers: SpdyHeaders) => Buffer {
  let started = false;
  return (headers) => {
    const block = writePairs(headers);
    const stored = Buffer.alloc(5);
    stored.writeUInt16LE(block.length, 1);
    stored.writeUInt16LE(~block.length & 0xffff, 3);
    const parts = started ? [stored, block, flushed] : [zlibHead, stored, block, flushed];
    started = true;
    return Buffer.concat(parts);
  };
}

export interface BlockReader {
  /** Rejects when the block is no zlib or too long. */
  read(block: Buffer): Promise<SpdyHeaders>;
  close(): void;
}

export function createBlockReader(): BlockReader {
  const inflate = createInflate({ dictionary });
  let out: Buffer[] = [];
  let size = 0;
  let fail: (error: Error) => void = () => {};
  inflate.on('data', (chunk: Buffer) => {
    size += chunk.length;
    out.push(chunk);
    if (size > longestBlock) inflate.destroy(new Error('a header block is too long'));
  });
  inflate.on('error', (error) => fail(error));
  return {
    read: (block) =>
      new Promise((resolve, reject) => {
        if (inflate.destroyed) return reject(new Error('the header stream is broken'));
        fail = reject;
        out = [];
        size = 0;
        inflate.write(block, (error) => {
          if (error) return reject(error);
          // What was inflated has been read into the stream's buffer; 'data' brings it before the next turn.
          setImmediate(() => {
            try {
              resolve(readPairs(Buffer.concat(out)));
            } catch (broken) {
              reject(broken);
            }
          });
        });
      }),
    close: () => inflate.destroy(),
  };
}
