// HTTP/2's header blocks, as a gRPC client needs them: our requests repeat the same few headers, each of which costs a byte after its
// first use; of what servers answer, the status and the two fields of gRPC matter.
// Mirrors: RFC 7541. We tell the server to keep no table for its answers, so the same bytes always mean the same headers.
// Used by http2Connection.ts.

export type Headers = Readonly<Record<string, string>>;

/** The first index behind the static table. */
const dynamicStart = 62;
/** In the static table: `:method: POST`. */
const post = 0x83;
/** Says that the table stays empty, as a server wants that keeps none. */
const noTable = 0x20;
/** Static names that are asked for; the others are passed over. */
const statuses = ['200', '204', '206', '304', '400', '404', '500'];
const firstStatus = 8;

/**
 * Writes the headers of requests on one connection: the table that the server keeps of them grows in the same order. `indexed`: it does
 * keep one. The headers of a request are the same object each time.
 */
export function createHeaderEncoder() {
  const sent: string[] = [];
  /** Written blocks, right as long as the table has so many entries. */
  const blocks = new Map<Headers, { entries: number; block: Buffer }>();

  function field(name: string, value: string, indexed: boolean): Buffer {
    const known = sent.indexOf(`${name}\n${value}`);
    if (known >= 0) return integer(0x80, 7, dynamicStart + sent.length - 1 - known);
    if (indexed) sent.push(`${name}\n${value}`);
    return Buffer.concat([Buffer.from([indexed ? 0x40 : 0]), text(name), text(value)]);
  }

  return (headers: Headers, indexed: boolean): Buffer => {
    const known = blocks.get(headers);
    if (known?.entries === sent.length) return known.block;
    const before = sent.length;
    const fields = Object.entries(headers).map(([name, value]) => field(name, value, indexed));
    const block = Buffer.concat([Buffer.from(indexed ? [post] : [noTable, post]), ...fields]);
    if (before === sent.length) blocks.set(headers, { entries: before, block });
    return block;
  };
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value, 'latin1');
  return Buffer.concat([integer(0, 7, bytes.length), bytes]);
}

function integer(flags: number, bits: number, value: number): Buffer {
  const most = (1 << bits) - 1;
  if (value < most) return Buffer.from([flags | value]);
  const bytes = [flags | most];
  let rest = value - most;
  for (; rest >= 128; rest >>= 7) bytes.push((rest & 127) | 128);
  return Buffer.from([...bytes, rest]);
}

const mostKnown = 64;

/** Reads the headers of answers. A server's blocks are nearly always one of a few: those are read once. */
export function createHeaderDecoder() {
  const known = new Map<string, Headers>();
  return (block: Buffer): Headers => {
    const key = block.toString('latin1');
    let headers = known.get(key);
    if (!headers) {
      headers = readBlock(block);
      if (known.size < mostKnown) known.set(key, headers);
    }
    return headers;
  };
}

function readBlock(bytes: Buffer): Headers {
  const headers: Record<string, string> = {};
  let at = 0;

  function number(bits: number): number {
    const most = (1 << bits) - 1;
    let value = bytes[at++]! & most;
    if (value < most) return value;
    for (let unit = 1; ; unit *= 128) {
      const byte = bytes[at++]!;
      value += (byte & 127) * unit;
      if (!(byte & 128)) return value;
    }
  }
  function string(): string {
    const huffman = bytes[at]! & 128;
    const size = number(7);
    const part = bytes.subarray(at, at + size);
    at += size;
    return huffman ? readHuffman(part) : part.toString('latin1');
  }

  while (at < bytes.length) {
    const first = bytes[at]!;
    if (first & 0x80) {
      const status = statuses[number(7) - firstStatus];
      if (status) headers[':status'] = status;
    } else if ((first & 0xe0) === 0x20) {
      // What the table's size becomes: it stays empty.
      number(5);
    } else {
      const index = number(first & 0x40 ? 6 : 4);
      const isStatus = index >= firstStatus && index < firstStatus + statuses.length;
      const name = index === 0 ? string() : isStatus ? ':status' : '';
      headers[name] = string();
    }
  }
  return headers;
}

/**
 * The characters of HPACK's Huffman code by the length of theirs: those of one length have codes that follow each other. What is missing
 * here has 20 bits and more and stands in no header of gRPC, which are printable ASCII.
 */
const byLength: Readonly<Record<number, string>> = {
  5: '012aceiost',
  6: ' %-./3456789=A_bdfghlmnpru',
  7: ':BCDEFGHIJKLMNOPQRSTUVWYjkqvwxyz',
  8: '&*,;XZ',
  10: '!"()?',
  11: "'+|",
  12: '#>',
  13: '\0$@[]~',
  14: '^}',
  15: '<`{',
  19: '\\',
};
const longest = 19;

function readHuffman(bytes: Buffer): string {
  let out = '';
  let code = 0;
  let length = 0;
  let first = 0;
  for (const byte of bytes) {
    for (let bit = 7; bit >= 0; bit--) {
      code = code * 2 + ((byte >> bit) & 1);
      length++;
      first *= 2;
      const symbols = byLength[length] ?? '';
      if (code - first < symbols.length) {
        out += symbols[code - first];
        code = length = first = 0;
      } else first += symbols.length;
      if (length > longest) return out;
    }
  }
  return out;
}
