// Where a link or redirect of a proxied server leads when it is followed through the proxy. Pure.
// Mirrors: apimachinery/pkg/util/proxy/transport.go (rewriteURL). Used by: reverseProxy.ts.
import { joinPath } from './forwardedHeaders.ts';

export interface Rewrite {
  /** What stands before the target's own paths: `/api/v1/namespaces/default/pods/web/proxy`. */
  prefix: string;
  /** host:port of the target, and of the server that was asked. */
  targetHost: string;
  requestHost: string;
}

/** Relative links and other hosts' stay as they are; so does what has the prefix already. */
export function rewriteUrl(url: string, { prefix, targetHost, requestHost }: Rewrite): string {
  const [, origin = '', host = '', path = '', rest = ''] =
    /^((?:[a-z][a-z0-9+.-]*:)?\/\/([^/?#]*))?([^?#]*)(.*)$/is.exec(url) ?? [];
  const elsewhere = host !== '' && host !== targetHost && host !== requestHost;
  if (elsewhere || !path.startsWith('/')) return url;
  const base = host === requestHost ? origin : '';
  if (path.startsWith(prefix)) return base + path + rest;
  const joined = joinPath(prefix, path);
  return base + joined + (path.endsWith('/') && !joined.endsWith('/') ? '/' : '') + rest;
}
