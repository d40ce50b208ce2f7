// The headers of a request that is passed on, and of the answer that comes back: what belongs to one connection alone stays here.
// Pure. Mirrors: net/http/httputil/reverseproxy.go, apimachinery/pkg/util/net/http.go (AppendForwardedForHeader).
// Used by: reverseProxy.ts.
import type { IncomingMessage } from 'node:http';
import { posix } from 'node:path';
import type { ApiRequest } from '../request.ts';
import type { ProxyTarget } from './reverseProxy.ts';

type Headers = Record<string, string | string[]>;

const hopByHop = new Set([
  'connection',
  'proxy-connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
]);
/** Who the caller is has been settled here; its credentials are for nobody else. */
const credentials = /^(authorization$|impersonate-|x-remote-)/;
const tokenProtocol = /^base64url\.bearer\.authorization\.k8s\.io\./;
const cors = /^access-control-allow-(credentials|headers|methods|origin)$/;

export function requestHeaders(req: ApiRequest, target: ProxyTarget, upgrade: boolean): Headers {
  const dropped = listedInConnection(req.headers.connection);
  const headers: Headers = {};
  for (const [name, value] of pairs(req.raw.rawHeaders)) {
    if (name.startsWith(':') || name === 'expect' || credentials.test(name)) continue;
    if ((hopByHop.has(name) || dropped.has(name)) && !(upgrade && (name === 'connection' || name === 'upgrade')))
      continue;
    add(headers, name, value);
  }
  headers['host'] ??= String(req.headers.host ?? req.headers[':authority'] ?? new URL(target.origin).host);
  if (req.raw.headers['transfer-encoding'] !== undefined) delete headers['content-length'];
  const te = req.headers.te;
  if (te && /\btrailers\b/.test(String(te))) headers['te'] = 'trailers';
  if (headers['sec-websocket-protocol']) withoutToken(headers);
  const address = req.raw.socket?.remoteAddress?.replace(/^::ffff:/, '');
  if (address) headers['x-forwarded-for'] = [...list(headers['x-forwarded-for']), address].join(', ');
  if (target.rewrite && !upgrade) headers['x-forwarded-uri'] = forwardedUri(target.rewrite.prefix, target.path);
  return { ...headers, ...target.headers };
}

/** `withoutCors`: what the target allows other sites is not ours to allow. */
export function answerHeaders(answer: IncomingMessage, withoutCors: boolean): Headers {
  const dropped = listedInConnection(answer.headers.connection);
  const headers: Headers = {};
  for (const [name, value] of pairs(answer.rawHeaders)) {
    if (hopByHop.has(name) || dropped.has(name) || (withoutCors && cors.test(name))) continue;
    add(headers, name, value);
  }
  return headers;
}

const list = (value: string | string[] | undefined): string[] =>
  value === undefined ? [] : Array.isArray(value) ? value : [value];

function add(headers: Headers, name: string, value: string): void {
  const before = headers[name];
  headers[name] = before === undefined ? value : [...list(before), value];
}

function* pairs(raw: readonly string[]): Generator<[string, string]> {
  for (let i = 0; i + 1 < raw.length; i += 2) yield [raw[i]!.toLowerCase(), raw[i + 1]!];
}

const listedInConnection = (value: string | undefined): Set<string> =>
  new Set((value ?? '').split(',').map((name) => name.trim().toLowerCase()));

/** A bearer token may come as a sub-protocol; it is no protocol of the target's. */
function withoutToken(headers: Headers): void {
  const kept = list(headers['sec-websocket-protocol'])
    .flatMap((value) => value.split(',').map((p) => p.trim()))
    .filter((p) => p && !tokenProtocol.test(p));
  if (kept.length) headers['sec-websocket-protocol'] = kept.join(', ');
  else delete headers['sec-websocket-protocol'];
}

function forwardedUri(prefix: string, target: string): string {
  const path = target.split('?', 1)[0]!;
  const joined = joinPath(prefix, path);
  return path.endsWith('/') && !joined.endsWith('/') ? `${joined}/` : joined;
}

/** Go's path.Join: cleaned, no slash at the end. */
export function joinPath(...parts: string[]): string {
  const joined = posix.normalize(parts.filter(Boolean).join('/'));
  return joined.length > 1 ? joined.replace(/\/$/, '') : joined;
}
