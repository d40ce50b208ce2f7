// Sends a request for a group version of another server on to that server, in the name of the caller.
// Reads: the APIService. Mirrors: kube-aggregator/pkg/apiserver/handler_proxy.go. Called by ../dispatch.ts.
// Next: ../proxy/reverseProxy.ts.
import { StatusError } from '../../apimachinery/status.ts';
import type { Api } from '../api.ts';
import { reverseProxy } from '../proxy/reverseProxy.ts';
import type { Answer, ApiRequest } from '../request.ts';
import { isLongRunning } from '../requestInfo.ts';
import type { Extension } from './apiServices.ts';
import { identityHeaders, type ProxyCertificate, tlsTowards } from './frontProxy.ts';
import type { ServiceOrigin } from './serviceOrigin.ts';

export async function proxyToExtension(
  api: Api,
  req: ApiRequest,
  extension: Extension,
  options: { originOf: ServiceOrigin; certificate: ProxyCertificate; allowRedirects: boolean },
): Promise<Answer> {
  if (!extension.available) return unavailable('service unavailable');
  let origin: string;
  try {
    origin = options.originOf(extension.service);
  } catch (error) {
    api.log.warn({ apiService: extension.name, error: (error as Error).message }, 'extension server not found');
    return unavailable('service unavailable');
  }
  const target = {
    origin,
    path: req.raw.url!,
    tls: tlsTowards(extension, options.certificate),
    headers: { host: new URL(origin).host, 'audit-id': req.auditId, ...identityHeaders(req.user) },
    open: api.drain,
  };
  try {
    const answer = await reverseProxy(req, target);
    if (isLongRunning(req.info)) endWithServer(api, req);
    return options.allowRedirects || !isRedirect(answer) ? answer : text(502, redirected);
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    return unavailable(error.message.replace(/^error trying to reach service: /, ''));
  }
}

/** A watch at another server has no end of its own when ours stops. */
function endWithServer(api: Api, req: ApiRequest): void {
  const entry = { finish: () => void req.response.destroy() };
  api.drain.add(entry);
  req.response.once('close', () => api.drain.delete(entry));
}

/** A server that could send our callers elsewhere could have their credentials sent there. */
const redirected = 'the backend attempted to redirect this request, which is not permitted';
const isRedirect = ({ code, headers }: Answer) => code >= 300 && code <= 399 && Boolean(headers?.['location']);

/** Plain text, as upstream's: the caller sees at once that no API server has said it. */
const unavailable = (why: string): Answer => text(503, `${why}\n`);

const text = (code: number, body: string): Answer => ({
  code,
  type: 'text/plain; charset=utf-8',
  body,
  headers: { 'x-content-type-options': 'nosniff' },
});
