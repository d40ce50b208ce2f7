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
const longestTag = 64 * 1024;

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
  return (text, last) => {
    const input = rest + text;
    let out = '';
    let at = 0;
    for (;;) {
      if (until) {
        const end = matchFrom(until, input, at);
        if (!end) {
          // The ending may be cut in two.
          const safe = last ? input.length : Math.max(at, input.length - 16);
          out += input.slice(at, safe);
          at = safe;
          break;
        }
        out += input.slice(at, end.index + end[0].length);
        at = end.index + end[0].length;
        until = undefined;
      }
      const open = input.indexOf('<', at);
      if (open < 0) {
        out += input.slice(at);
        at = input.length;
        break;
      }
      out += input.slice(at, open);
      at = open;
      if (!last && input.length - at < 4) break;
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
      const end = tagEnd(input, at);
      if (end < 0) {
        if (!last && input.length - at < longestTag) break;
        out += '<';
        at++;
        continue;
      }
      const tag = input.slice(at, end);
      out += rewriteTag(tag, rewrite);
      at = end;
      const name = tagName(tag);
      if (rawText.has(name)) until = new RegExp(`</${name}(?=[\\s/>])`, 'gi');
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

/** Behind the `>` that ends the tag which begins at `at`; a `>` in quotes does not. -1: it is not there yet. */
function tagEnd(text: string, at: number): number {
  let quote = '';
  for (let i = at + 1; i < text.length; i++) {
    const c = text[i]!;
    if (quote) {
      if (c === quote) quote = '';
    } else if ((c === '"' || c === "'") && /=\s*$/.test(text.slice(Math.max(at, i - 16), i))) quote = c;
    else if (c === '>') return i + 1;
  }
  return -1;
}

function rewriteTag(tag: string, rewrite: (url: string) => string): string {
  const names = links[tagName(tag)];
  if (!names) return tag;
  return tag.replace(
    /([^\s"'<>/=]+)(\s*=\s*)("[^"]*"|'[^']*'|[^\s"'>]+)/g,
    (whole, name: string, equals: string, value: string) => {
      if (!names.includes(name.toLowerCase())) return whole;
      const quote = value[0] === '"' || value[0] === "'" ? value[0] : '';
      const url = quote ? value.slice(1, -1) : value;
      return `${name}${equals}${quote}${rewrite(url)}${quote}`;
    },
  );
}
