// nodes/proxy: HTTP to a node's kubelet, as the API server; or, with another port in the name, to whatever listens there.
// Reads: the Node. Mirrors: pkg/registry/core/node/strategy.go (ResourceLocation). Called by handlers/connect.ts. Next: reverseProxy.ts.
import { lookup } from 'node:dns/promises';
import { badRequest } from '../../apimachinery/status.ts';
import type { Connect } from '../handlers/connect.ts';
import { nodeOf } from '../streaming/podTarget.ts';
import { hostPort, isProxyable, proxyTo, splitId } from './proxyTo.ts';

export const nodeProxy: Connect = async (api, req) => {
  const id = splitId(req.info.name, 'node');
  const kubelet = api.kubelets.target(nodeOf(api, id.name));
  if (id.port === '' || Number(id.port) === kubelet.port) return proxyTo(api, req, kubelet);
  await checkHost(kubelet.hostname);
  const origin = `${id.scheme || 'http'}://${hostPort(kubelet.hostname, id.port)}`;
  return proxyTo(api, req, { origin, tls: { insecure: true } });
};

async function checkHost(hostname: string): Promise<void> {
  const found = await lookup(hostname, { all: true }).catch(() => {
    throw badRequest(`lookup ${hostname}: no such host`);
  });
  if (!found.length || !found.every((a) => isProxyable(a.address))) throw badRequest('address not allowed');
}
