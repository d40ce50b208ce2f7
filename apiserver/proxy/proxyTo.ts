// What the proxies of pods, services and nodes have in common: the name with scheme and port, the path behind `/proxy`, the redirect.
// Mirrors: apimachinery/pkg/util/net/port_split.go, proxy/upgradeaware.go (proxyRedirectsforRootPath). Used by: podProxy.ts,
// serviceProxy.ts, nodeProxy.ts. Next: reverseProxy.ts.
import { isIP } from 'node:net';
import { badRequest } from '../../apimachinery/status.ts';
import type { Api } from '../api.ts';
import type { Answer, ApiRequest } from '../request.ts';
import { type ProxyTarget, reverseProxy } from './reverseProxy.ts';

export interface ProxyId {
  scheme: 'http' | 'https' | '';
  name: string;
  /** As it is in the path: a number, a name, or nothing. */
  port: string;
}

/** `name`, `name:port` or `scheme:name:port`. Throws 400; `what` is the kind in its message. */
export function splitId(id: string, what: string): ProxyId {
  const parts = id.split(':');
  const [scheme, name, port] =
    parts.length === 1 ? ['', parts[0]!, ''] : parts.length === 2 ? ['', ...parts] : parts.length === 3 ? parts : [];
  if (!name || !['', 'http', 'https'].includes(scheme!))
    throw badRequest(`invalid ${what} request ${JSON.stringify(id)}`);
  return { scheme: scheme as ProxyId['scheme'], name, port: port ?? '' };
}

/** Nothing that leads back into the machine that asks, or to nobody in particular. */
export function isProxyable(address: string): boolean {
  const family = isIP(address);
  if (!family) return false;
  if (family === 4) return !/^(127\.|0\.0\.0\.0$|169\.254\.|22[4-9]\.|23\d\.|255\.255\.255\.255$)/.test(address);
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  return mapped ? isProxyable(mapped) : !/^(::1?$|fe[89ab]|ff)/i.test(address);
}

export const hostPort = (host: string, port: string | number): string =>
  `${host.includes(':') ? `[${host}]` : host}${port === '' ? '' : `:${port}`}`;

export async function proxyTo(
  api: Api,
  req: ApiRequest,
  target: Pick<ProxyTarget, 'origin' | 'tls' | 'dial'>,
): Promise<Answer> {
  const { prefix, path } = splitPath(req);
  const query = queryOf(req);
  if (!path && !req.upgrade && (req.method === 'GET' || req.method === 'HEAD'))
    return { code: 301, type: '', body: '', headers: { location: `${prefix}/${query}` } };
  return reverseProxy(req, { ...target, path: `${path || '/'}${query}`, rewrite: { prefix }, open: api.drain });
}

const queryOf = (req: ApiRequest): string => {
  const url = req.raw.url ?? '';
  const mark = url.indexOf('?');
  return mark < 0 ? '' : url.slice(mark);
};

/** The path up to `/proxy`, and what is behind it, as it was written. */
function splitPath(req: ApiRequest): { prefix: string; path: string } {
  const segments = 1 + (req.info.group ? 3 : 2) + (req.info.namespace ? 2 : 0) + 3;
  const parts = req.path.split('/');
  return {
    prefix: parts.slice(0, segments).join('/'),
    path: parts
      .slice(segments)
      .map((part) => `/${part}`)
      .join(''),
  };
}
