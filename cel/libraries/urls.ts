// url('https://host/path?q=1') and its parts. Mirrors: apiserver/pkg/cel/library/urls.go, Go's net/url (ParseRequestURI).
// Next: formats.ts checks `uri` with the same parser.
import { goQuote } from '../../apimachinery/goQuote.ts';
import { fail } from '../eval/meter.ts';
import { Opaque } from '../values.ts';
import { type Overload, overload } from './declare.ts';

interface Url {
  text: string;
  scheme: string;
  host: string;
  path: string;
  query: string;
}

const wellEscaped = (s: string) => !/%(?![0-9a-fA-F]{2})/.test(s);
const badEscape = (s: string) => `invalid URL escape ${goQuote(/%(?![0-9a-fA-F]{2}).{0,2}/.exec(s)![0])}`;

/** An absolute URI or an absolute path, or what is wrong with it in Go's words. */
export function parseUrl(text: string): Url | string {
  const failed = (why: string) => `parse ${goQuote(text)}: ${why}`;
  if ([...text].some((c) => c < ' ' || c === '\x7f')) return failed('net/url: invalid control character in URL');
  if (text === '') return failed('empty url');
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]*):/.exec(text)?.[1] ?? '';
  if (text.startsWith(':')) return failed('missing protocol scheme');
  const rest = scheme ? text.slice(scheme.length + 1) : text;
  const mark = rest.indexOf('?');
  const [before, query] = mark < 0 ? [rest, ''] : [rest.slice(0, mark), rest.slice(mark + 1)];
  const url = { text, scheme: scheme.toLowerCase(), host: '', path: '', query };
  if (!before.startsWith('/')) return scheme ? url : failed('invalid URI for request');
  if (!scheme || !before.startsWith('//'))
    return wellEscaped(before) ? { ...url, path: before } : failed(badEscape(before));
  const end = before.indexOf('/', 2);
  const [authority, path] = end < 0 ? [before.slice(2), ''] : [before.slice(2, end), before.slice(end)];
  const host = authority.slice(authority.lastIndexOf('@') + 1);
  const why = hostError(host);
  if (why) return failed(why);
  return wellEscaped(path) ? { ...url, host, path } : failed(badEscape(path));
}

function hostError(host: string): string | undefined {
  if (host.startsWith('[')) {
    const close = host.lastIndexOf(']');
    if (close < 0) return "missing ']' in host";
    return portError(host.slice(close + 1));
  }
  const colon = host.lastIndexOf(':');
  const why = colon < 0 ? undefined : portError(host.slice(colon));
  if (why) return why;
  const bad = /[^A-Za-z0-9\-._~!$&'()*+,;=:%\x80-\uffff"<>]/.exec(host);
  if (bad) return `invalid character ${goQuote(bad[0])} in host name`;
  return wellEscaped(host) ? undefined : badEscape(host);
}
const portError = (port: string) =>
  port === '' || /^:\d*$/.test(port) ? undefined : `invalid port ${goQuote(port)} after host`;

function toUrl(text: string): Opaque {
  const parsed = parseUrl(text);
  if (typeof parsed === 'string') return fail(`URL parse error during conversion from string: ${parsed}`);
  return new Opaque('kubernetes.URL', parsed, (other: Url) => parsed.text === other.text);
}
const hostname = ({ host }: Url) => {
  const bracket = /^\[([^\]]*)\]/.exec(host);
  return bracket ? bracket[1]! : host.replace(/:\d*$/, '');
};
const port = ({ host }: Url) => /:(\d*)$/.exec(host.replace(/^\[.*\]/, ''))?.[1] ?? '';
const escapedPath = ({ path }: Url) =>
  path.replace(/[^A-Za-z0-9\-._~!$&'()*+,;=:@/%[\]]/gu, (c) => encodeURIComponent(c.toWellFormed()));

/** Each name with all its values. Pairs that are not well escaped are left out. */
function query({ query }: Url): Record<string, string[]> {
  const pairs: Record<string, string[]> = Object.create(null);
  for (const pair of query.split('&')) {
    if (pair === '' || pair.includes(';') || !wellEscaped(pair)) continue;
    const [name, ...value] = pair.split('=');
    const plain = (s: string) => Buffer.from(unescapeBytes(s), 'latin1').toString();
    const key = plain(name!);
    pairs[key] = [...(pairs[key] ?? []), plain(value.join('='))];
  }
  return pairs;
}
const unescapeBytes = (s: string) =>
  Buffer.from(s.replaceAll('+', ' '))
    .toString('latin1')
    .replace(/%([0-9a-fA-F]{2})/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)));

const part = (fn: string, id: string, result: string, read: (u: Url) => unknown) =>
  overload(fn, id, `url.() -> ${result}`, (u) => read(u.value));

export const urlLibrary: Overload[] = [
  overload('url', 'string_to_url', '(string) -> url', toUrl),
  overload('isURL', 'is_url_string', '(string) -> bool', (s) => typeof parseUrl(s) !== 'string'),
  part('getScheme', 'url_get_scheme', 'string', (u) => u.scheme),
  part('getHost', 'url_get_host', 'string', (u) => u.host),
  part('getHostname', 'url_get_hostname', 'string', hostname),
  part('getPort', 'url_get_port', 'string', port),
  part('getEscapedPath', 'url_get_escaped_path', 'string', escapedPath),
  part('getQuery', 'url_get_query', 'map(string, list(string))', query),
];
