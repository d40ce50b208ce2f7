// Sends a request for a group version of another server on to that server, in the name of the caller.
// Reads: the APIService. Mirrors: kube-aggregator/pkg/apiserver/handler_proxy.go. Called by ../dispatch.ts.
// Next: ../proxy/reverseProxy.ts.
import type { Api } from '../api.ts';
import { reverseProxy } from '../proxy/reverseProxy.ts';
import type { Answer, ApiRequest } from '../request.ts';
import type { Extension } from './apiServices.ts';
import { identityHeaders, type ProxyCertificate, tlsTowards } from './frontProxy.ts';
import type { ServiceOrigin } from './serviceOrigin.ts';

export async function proxyToExtension(
  api: Api,
  req: ApiRequest,
  extension: Extension,
  options: { originOf: ServiceOrigin; certificate: ProxyCertificate },
): Promise<Answer> {
  if (!extension.available) return unavailable('service unavailable');
  let origin: string;
  try {
    origin = options.originOf(extension.service);
  } catch (error) {
    api.log.warn({ apiService: extension.name, error: (error as Error).message }, 'extension server not found');
    return unavailable('service unavailable');
  }
  const { host } = new URL(origin);
  return reverseProxy(req, {
    origin,
    path: req.raw.url!,
    tls: tlsTowards(extension, options.certificate),
    headers: { host, ...identityHeaders(req.user) },
  });
}

/** Plain text, as upstream's: the caller sees at once that no API server has said it. */
const unavailable = (text: string): Answer => ({
  code: 503,
  type: 'text/plain; charset=utf-8',
  body: `${text}\n`,
  headers: { 'x-content-type-options': 'nosniff' },
});
