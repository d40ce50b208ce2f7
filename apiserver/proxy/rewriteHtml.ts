// Rewrites the links in an HTML answer as it streams by; everything else passes as it is, byte for byte.
// Reads: start tags and the attributes that hold URLs. Mirrors: apimachinery/pkg/util/proxy/transport.go (rewriteHTML).
// Used by: reverseProxy.ts.
import type { IncomingMessage } from 'node:http';
import { Transform } from 'node:stream';
import { createDeflate, createGunzip, createGzip, createInflate } from 'node:zlib';

/** Which attributes of which elements are links. */
const links: Record<string, readonly string[]> = {
  a: ['href'],
  applet: ['codebase'],
  area: ['href'],
  audio: ['src'],
  base: ['href'],
  blockquote: ['cite'],
  body: ['background'],
  button: ['formaction'],
  command: ['icon'],
  del: ['cite'],
  embed: ['src'],
  form: ['action'],
  frame: ['longdesc', 'src'],
  head: ['profile'],
  html: ['manifest'],
  iframe: ['longdesc', 'src'],
  img: ['longdesc', 'src', 'usemap'],
  input: ['src', 'usemap', 'formaction'],
  ins: ['cite'],
  link: ['href'],
  object: ['classid', 'codebase', 'data', 'usemap'],
  q: ['cite'],
  script: ['src'],
  source: ['src'],
  video: ['poster', 'src'],
};
/** Elements whose content is text, whatever it looks like. */
const rawText = new Set(['iframe', 'noembed', 'noframes', 'noscript', 'script', 'style', 'textarea', 'title', 'xmp']);
/** A tag longer than this is no tag; what is held back stays bounded. */
const longestTag = 1024 * 1024;

export const isHtml = (answer: IncomingMessage): boolean =>
  (answer.headers['content-type'] ?? '').split(';', 1)[0]!.trim() === 'text/html';

/** The streams between the answer and the client; drops from `headers` what no longer holds. None for encodings that are not known. */
export function htmlStages(
  answer: IncomingMessage,
  headers: Record<string, unknown>,
  rewrite: (url: string) => string,
): NodeJS.ReadWriteStream[] {
  const encoding = answer.headers['content-encoding'] ?? '';
  if (!['', 'gzip', 'deflate'].includes(encoding)) return [];
  delete headers['content-length'];
  const middle = rewriter(rewrite);
  if (encoding === 'gzip') return [createGunzip(), middle, createGzip()];
  if (encoding === 'deflate') return [createInflate(), middle, createDeflate()];
  return [middle];
}

function rewriter(rewrite: (url: string) => string): Transform {
  const scan = createScanner(rewrite);
  return new Transform({
    transform: (chunk: Buffer, _encoding, done) =>
      done(null, Buffer.from(scan(chunk.toString('latin1'), false), 'latin1')),
    flush(done) {
      done(null, Buffer.from(scan('', true), 'latin1'));
    },
  });
}

/** Takes the document piece by piece, each byte as one character, and gives back what can be sent already. */
export function createScanner(rewrite: (url: string) => string): (text: string, last: boolean) => string {
  let rest = '';
  /** Inside a comment or an element of raw text: what ends it. */
  let until: RegExp | undefined;
  /** How far the tag that `rest` begins with has been looked through. */
  let tag: TagScan = { at: 1, quote: '' };
  return (text, last) => {
    const input = rest + text;
    let out = '';
    let at = 0;
    while (at < input.length) {
      if (until) {
        const end = matchFrom(until, input, at);
        // The ending may be cut in two.
        const to = end ? end.index + end[0].length : last ? input.length : Math.max(at, input.length - 16);
        out += input.slice(at, to);
        at = to;
        if (!end) break;
        until = undefined;
        continue;
      }
      const open = input.indexOf('<', at);
      const to = open < 0 ? input.length : open;
      out += input.slice(at, to);
      at = to;
      if (open < 0 || (!last && input.length - at < 4)) break;
      if (input.startsWith('<!--', at)) {
        out += '<!--';
        at += 4;
        until = /-->/g;
        continue;
      }
      if (!/[a-z]/i.test(input[at + 1] ?? '')) {
        out += '<';
        at++;
        continue;
      }
      const end = tagEnd(input, at, tag);
      if (end < 0 && !last && input.length - at < longestTag) break;
      tag = { at: 1, quote: '' };
      // What never ends is no tag, and what is behind it no page.
      const whole = end < 0 ? input.slice(at) : input.slice(at, end);
      out += end < 0 ? whole : rewriteTag(whole, rewrite);
      at += whole.length;
      const name = tagName(whole);
      if (end >= 0 && rawText.has(name)) until = new RegExp(`</${name}(?=[\\s/>])`, 'gi');
    }
    rest = input.slice(at);
    return out;
  };
}

function matchFrom(expression: RegExp, text: string, at: number): RegExpExecArray | null {
  expression.lastIndex = at;
  return expression.exec(text);
}

const tagName = (tag: string): string => /^<([a-z][^\s/>]*)/i.exec(tag)![1]!.toLowerCase();

/** From the tag's beginning. */
interface TagScan {
  at: number;
  quote: string;
}

/** Behind the `>` that ends the tag which begins at `start`; a `>` in quotes does not. -1: it is not there yet, and `scan` says how far it was sought. */
function tagEnd(text: string, start: number, scan: TagScan): number {
  for (let i = start + scan.at; i < text.length; i++) {
    const c = text[i]!;
    if (scan.quote) {
      if (c === scan.quote) scan.quote = '';
    } else if ((c === '"' || c === "'") && /=\s*$/.test(text.slice(Math.max(start, i - 16), i))) scan.quote = c;
    else if (c === '>') return i + 1;
  }
  scan.at = text.length - start;
  return -1;
}

function rewriteTag(tag: string, rewrite: (url: string) => string): string {
  const names = links[tagName(tag)];
  if (!names) return tag;
  let out = '';
  let copied = 0;
  for (const { name, from, to } of attributes(tag)) {
    if (!names.includes(name)) continue;
    out += tag.slice(copied, from) + rewrite(tag.slice(from, to));
    copied = to;
  }
  return out + tag.slice(copied);
}

/** The attributes that have values, and where those lie, quotes not included. One pass, however odd the tag. */
function* attributes(tag: string): Generator<{ name: string; from: number; to: number }> {
  const skip = (expression: RegExp, from: number) => {
    expression.lastIndex = from;
    return from + (expression.exec(tag)?.[0].length ?? 0);
  };
  let at = skip(/<[^\s/>]*/y, 0);
  while (at < tag.length - 1) {
    const start = skip(/[\s/"'=]*/y, at);
    const end = skip(/[^\s/>=]*/y, start);
    const equals = skip(/\s*/y, end);
    at = end;
    if (tag[equals] !== '=') {
      if (end === start) at++;
      continue;
    }
    const value = skip(/\s*/y, equals + 1);
    const quote = tag[value] === '"' || tag[value] === "'" ? tag[value] : '';
    const from = value + quote.length;
    const to = quote ? tag.indexOf(quote, from) : skip(/[^\s>]*/y, from);
    if (to < 0) return;
    yield { name: tag.slice(start, end).toLowerCase(), from, to };
    at = to + quote.length;
  }
}
