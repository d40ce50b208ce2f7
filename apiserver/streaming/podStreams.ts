// pods/exec, attach and portforward: the connection is upgraded through to the pod's kubelet, or translated on the way.
// Reads: the pod, the options in the query. Mirrors: pkg/registry/core/pod/rest/subresources.go, pod/strategy.go (streamLocation),
// apimachinery/pkg/util/proxy/translatinghandler.go. Called by handlers/connect.ts. Next: translateExec.ts, tunnel.ts, reverseProxy.ts.
import { badRequest } from '../../apimachinery/status.ts';
import type { Api } from '../api.ts';
import { forbiddenRequest } from '../authorization/forbiddenMessage.ts';
import { attributesOf } from '../filters/authorize.ts';
import type { Connect } from '../handlers/connect.ts';
import type { Served } from '../kinds/registry.ts';
import { type ProxyTarget, reverseProxy } from '../proxy/reverseProxy.ts';
import type { Answer, ApiRequest } from '../request.ts';
import { containerOf, flagOf, nodeOf, podOf } from './podTarget.ts';
import { type RemoteStreams, translateExec } from './translateExec.ts';
import { tunnelPortForward } from './tunnel.ts';

export const exec: Connect = (api, req, served) => remoteCommand(api, req, served, 'exec');
export const attach: Connect = (api, req, served) => remoteCommand(api, req, served, 'attach');

async function remoteCommand(api: Api, req: ApiRequest, served: Served, what: 'exec' | 'attach'): Promise<Answer> {
  await mayCreate(api, req);
  const pod = await podOf(api, req, served);
  const container = containerOf(pod, req.query.get('container') ?? '');
  const streams = streamsOf(req.query);
  const path = `/${what}/${pod.metadata.namespace}/${pod.metadata.name}/${container}?${kubeletQuery(req.query, streams, what)}`;
  const target = targetOf(api, pod, path);
  if (!req.upgrade) throw badRequest('Upgrade request required');
  if (speaks(req, 'v5.channel.k8s.io') && api.features.enabled('TranslateStreamCloseWebsocketRequests'))
    return translateExec(req, target, streams);
  return reverseProxy(req, target);
}

export const portForward: Connect = async (api, req, served) => {
  await mayCreate(api, req);
  const pod = await podOf(api, req, served);
  const ports = portsOf(req.query);
  const query = ports.length ? `?port=${encodeURIComponent(ports.join(','))}` : '';
  const target = targetOf(api, pod, `/portForward/${pod.metadata.namespace}/${pod.metadata.name}${query}`);
  if (!req.upgrade) throw badRequest('Upgrade request required');
  if (speaks(req, /^SPDY\/3\.1\+/) && api.features.enabled('PortForwardWebsockets'))
    return tunnelPortForward(req, target);
  return reverseProxy(req, target);
};

/** A WebSocket begins with a GET, whose verb is `get`: who may only read must not get in by it. */
async function mayCreate(api: Api, req: ApiRequest): Promise<void> {
  if (!api.features.enabled('AuthorizePodWebsocketUpgradeCreatePermission') || req.info.verb === 'create') return;
  const asked = attributesOf(req);
  const attributes = { ...asked, verb: 'create' };
  const decision = await api.authorizer.authorize(attributes);
  if (!decision.allowed) throw forbiddenRequest(attributes, decision.reason);
}

function targetOf(api: Api, pod: any, path: string): ProxyTarget {
  if (!pod.spec.nodeName) throw badRequest(`pod ${pod.metadata.name} does not have a host assigned`);
  const { origin, tls } = api.kubelets.target(nodeOf(api, pod.spec.nodeName));
  return { origin, tls, path, open: api.drain };
}

const streamsOf = (query: URLSearchParams): RemoteStreams => ({
  stdin: flagOf(query, 'stdin'),
  stdout: flagOf(query, 'stdout'),
  stderr: flagOf(query, 'stderr'),
  tty: flagOf(query, 'tty'),
});

/** The kubelet's names of the same options. */
function kubeletQuery(query: URLSearchParams, streams: RemoteStreams, what: 'exec' | 'attach'): string {
  const out = new URLSearchParams();
  if (what === 'exec') for (const word of query.getAll('command')) out.append('command', word);
  if (streams.stderr) out.set('error', '1');
  if (streams.stdin) out.set('input', '1');
  if (streams.stdout) out.set('output', '1');
  if (streams.tty) out.set('tty', '1');
  return out.toString();
}

function portsOf(query: URLSearchParams): number[] {
  return query
    .getAll('ports')
    .flatMap((value) => value.split(','))
    .map((text) => {
      if (!/^-?\d+$/.test(text)) throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
      return Number(text);
    });
}

/** Does the client offer this WebSocket sub-protocol? */
function speaks(req: ApiRequest, protocol: string | RegExp): boolean {
  if (!/\bwebsocket\b/i.test(req.headers.upgrade ?? '')) return false;
  const offered = (req.headers['sec-websocket-protocol'] ?? '').split(',').map((p) => p.trim());
  return offered.some((p) => (typeof protocol === 'string' ? p === protocol : protocol.test(p)));
}
