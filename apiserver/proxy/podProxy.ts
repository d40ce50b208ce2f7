// pods/proxy: HTTP to a pod's own address, at the port that is named or the first that its containers declare.
// Reads: the pod. Mirrors: pkg/registry/core/pod/strategy.go (ResourceLocation). Called by handlers/connect.ts. Next: reverseProxy.ts.
import { badRequest } from '../../apimachinery/status.ts';
import type { Connect } from '../handlers/connect.ts';
import { mustFind } from '../objects/readObject.ts';
import { hostPort, isProxyable, proxyTo, splitId } from './proxyTo.ts';

export const podProxy: Connect = async (api, req, served) => {
  const id = splitId(req.info.name, 'pod');
  const pod: any = (await mustFind(api, served, req.info.namespace, id.name)).object();
  const declared = pod.spec.containers.find((c: any) => c.ports?.length)?.ports[0].containerPort;
  const address = pod.status?.podIPs?.[0]?.ip ?? pod.status?.podIP ?? '';
  if (!isProxyable(address)) throw badRequest('address not allowed');
  // Nobody can give a pod a certificate for its address, so none is checked.
  const origin = `${id.scheme || 'http'}://${hostPort(address, id.port || (declared ?? ''))}`;
  return proxyTo(api, req, { origin, tls: { insecure: true }, dial: api.dialPod });
};
