// The subresources that others answer: which verbs they have and under which name discovery shows their query.
// Mirrors: pkg/registry/core/pod/rest/subresources.go and log.go, service/proxy.go, node/rest/proxy.go (ConnectMethods, NewConnectOptions).
// Read by: pod.ts, service.ts, node.ts. Next: ../handlers/connect.ts passes the requests on.
import type { Subresource } from './kind.ts';

/** GET for browsers, which can open WebSockets only so; POST for SPDY. */
const streamed = ['create', 'get'] as const;
const everyMethod = ['create', 'delete', 'get', 'patch', 'update'] as const;

export const podLog: Subresource = { name: 'log', verbs: ['get'], connect: 'log' };
export const podExec: Subresource = { name: 'exec', verbs: streamed, connect: 'exec', options: 'PodExecOptions' };
export const podAttach: Subresource = {
  name: 'attach',
  verbs: streamed,
  connect: 'attach',
  options: 'PodAttachOptions',
};
export const podPortForward: Subresource = {
  name: 'portforward',
  verbs: streamed,
  connect: 'portForward',
  options: 'PodPortForwardOptions',
};
export const podProxy: Subresource = {
  name: 'proxy',
  verbs: everyMethod,
  connect: 'podProxy',
  options: 'PodProxyOptions',
  passesPath: true,
};
export const serviceProxy: Subresource = {
  name: 'proxy',
  verbs: everyMethod,
  connect: 'serviceProxy',
  options: 'ServiceProxyOptions',
  passesPath: true,
};
export const nodeProxy: Subresource = {
  name: 'proxy',
  verbs: everyMethod,
  connect: 'nodeProxy',
  options: 'NodeProxyOptions',
  passesPath: true,
};
