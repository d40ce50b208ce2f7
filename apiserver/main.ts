// kube-apiserver: the one component that knows the store; everyone else comes here.
// Reads: flags. Writes: the store. Next along the chain: run.ts assembles it, server.ts takes requests.
import { runMain } from '../component-base/main.ts';
import { flags } from './flags.ts';
import type { ServerConfig } from './run.ts';

/** Serves until the signal aborts, then stops in order. */
export async function run(config: ServerConfig, signal: AbortSignal): Promise<void> {
  // Only now: what is loaded before runMain has turned the compile cache on is compiled anew at each start.
  const { startApiServer } = await import('./run.ts');
  const server = await startApiServer(config);
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  await server.stop();
}

runMain(import.meta, {
  name: 'kube-apiserver',
  usage: 'The API server of a mini-k8s cluster: serves the Kubernetes API over HTTPS from etcd or an embedded store.',
  flags,
  run,
});
