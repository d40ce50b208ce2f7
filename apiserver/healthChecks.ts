// The checks behind /healthz, /livez and /readyz, in upstream's names and order.
// Reads: the store, the watch cache, the bootstrap steps. Mirrors: AddBootSequenceHealthChecks and the post-start hooks of pkg/controlplane.
// Next: health.ts answers with them.
import type { Api } from './api.ts';
import type { Check } from './health.ts';

/** `hooks`: of each post-start hook the bootstrap steps that it waits for. */
export function healthChecks(
  api: Api,
  ready: { done: ReadonlySet<string>; stopping: boolean },
  hooks: Map<string, string[]>,
): Api['health'] {
  const fine = (name: string): Check => ({ name, failure: () => undefined });
  const etcd = (name: string): Check => ({ name, failure: () => api.store.revision().then(() => undefined) });
  const started = [...hooks].map(([hook, names]): Check => {
    const missing = () => names.filter((name) => !ready.done.has(name));
    return {
      name: `poststarthook/${hook}`,
      failure: () => (missing().length ? `not finished: ${missing().join(', ')}` : undefined),
    };
  });
  const registered: Check = {
    name: 'autoregister-completion',
    failure: () => (ready.done.has('autoregistration') ? undefined : 'missing APIService'),
  };
  const informers: Check = {
    name: 'informer-sync',
    failure: () => (api.cache.healthy ? undefined : 'the watch cache is not fed'),
  };
  const shutdown: Check = {
    name: 'shutdown',
    failure: () => (ready.stopping ? 'process is shutting down' : undefined),
  };
  const alive = [fine('ping'), fine('log'), etcd('etcd')];
  return {
    healthz: [...alive, ...started, registered],
    livez: [...alive, ...started, registered],
    readyz: [...alive, etcd('etcd-readiness'), informers, ...started, registered, shutdown],
  };
}
