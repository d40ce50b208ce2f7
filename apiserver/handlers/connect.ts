// A subresource that somebody else answers: the request goes on to a kubelet, a pod or a service, and the answer comes back.
// Reads: the kind's `connect`. Mirrors: staging/src/k8s.io/apiserver/pkg/endpoints/handlers/rest.go (ConnectResource).
// Called by dispatch.ts. Next: ../streaming/ for what kubelets answer, ../proxy/ for the rest.
import type { Api } from '../api.ts';
import type { Connector, Subresource } from '../kinds/kind.ts';
import type { Served } from '../kinds/registry.ts';
import { nodeProxy } from '../proxy/nodeProxy.ts';
import { podProxy } from '../proxy/podProxy.ts';
import { serviceProxy } from '../proxy/serviceProxy.ts';
import type { Answer, ApiRequest } from '../request.ts';
import { podLog } from '../streaming/podLog.ts';
import { attach, exec, portForward } from '../streaming/podStreams.ts';

/** Passes one request on. Throws a StatusError to refuse. */
export type Connect = (api: Api, req: ApiRequest, served: Served) => Promise<Answer>;

const connectors: Record<Connector, Connect> = {
  log: podLog,
  exec,
  attach,
  portForward,
  podProxy,
  serviceProxy,
  nodeProxy,
};

export async function connect(api: Api, req: ApiRequest, served: Served, sub: Subresource): Promise<Answer> {
  // Who asks to be let into a pod that was just made must find it.
  await api.cache.fresh();
  // Admission of CONNECT comes here.
  return connectors[sub.connect!](api, req, served);
}
