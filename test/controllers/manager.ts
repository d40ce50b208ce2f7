// A controller manager in this process against a test API server, and a stand-in for nodes that makes pods run.
import { pods } from '../../apimachinery/resources.ts';
import type { Pod } from '../../apimachinery/types.ts';
import type { Client } from '../../client/client.ts';
import { parseFlags } from '../../component-base/flags.ts';
import { targetNode } from '../../controllers/daemonSet/template.ts';
import { flags } from '../../controllers/flags.ts';
import { run } from '../../controllers/main.ts';
import type { TestApiServer } from '../kit/apiServer.ts';

export interface RunningManager {
  stop(): Promise<void>;
  /** Settles when it ended by itself. */
  ended: Promise<void>;
}

export function startManager(server: TestApiServer, extra: string[] = []): RunningManager {
  const ending = new AbortController();
  const argv = [
    `--kubeconfig=${server.kubeconfigFor('controller-manager')}`,
    `--root-ca-file=${server.folder}/pki/ca.crt`,
    '--use-service-account-credentials',
    '--leader-elect=false',
    '--secure-port=0',
    '--allocate-node-cidrs',
    '--cluster-cidr=10.244.0.0/16',
    ...extra,
  ];
  const ended = run(parseFlags(flags, argv).config, ending.signal);
  ended.catch(() => {});
  return {
    ended,
    async stop() {
      ending.abort();
      await ended;
    },
  };
}

/** Binds every pod to `node`, or to the one that its affinity names, reports it running and ready (but for images named `broken`), and lets it go when deleted. */
export function runPods(client: Client, node = 'node-1'): { stop(): void } {
  const ending = new AbortController();
  let address = 0;
  const done = new Set<string>();
  const once = (key: string, work: () => Promise<unknown>) => {
    if (done.has(key)) return;
    done.add(key);
    work().catch(() => done.delete(key));
  };
  const see = (pod: Pod) => {
    const { name, namespace, uid, deletionTimestamp } = pod.metadata;
    if (deletionTimestamp)
      return once(`delete ${uid}`, () => client.delete(pods, name, namespace, { gracePeriodSeconds: 0 }));
    if (!pod.spec?.nodeName) {
      const binding = {
        apiVersion: 'v1',
        kind: 'Binding',
        metadata: { name },
        target: { kind: 'Node', name: targetNode(pod) ?? node },
      };
      return once(`bind ${uid}`, () => client.post(pods, name, namespace, 'binding', binding));
    }
    if (pod.spec.containers[0]!.image === 'broken') return;
    once(`run ${uid}`, () => {
      const ip = `10.1.${++address >> 8}.${address & 255}`;
      const startTime = `${new Date().toISOString().slice(0, 19)}Z`;
      const conditions = [{ type: 'Ready', status: 'True', lastTransitionTime: startTime }];
      return client.patch(
        pods,
        name,
        namespace,
        'merge',
        { status: { phase: 'Running', startTime, podIP: ip, podIPs: [{ ip }], conditions } },
        { subresource: 'status' },
      );
    });
  };
  const follow = async () => {
    while (!ending.signal.aborted) {
      try {
        for await (const event of client.watch(pods, {}, ending.signal))
          if (event.type === 'ADDED' || event.type === 'MODIFIED') see(event.object as Pod);
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
    }
  };
  void follow();
  return { stop: () => ending.abort() };
}
