// Every 20 s looks for pods that nobody else will clear away, says that they failed, and deletes them for good.
// Reads: pods, nodes. Writes: pods/status, deletions of pods. Mirrors: pkg/controller/podgc/gc_controller.go.
// Which: plan.ts.
import { toTime } from '../../apimachinery/clock.ts';
import { nodes, pods } from '../../apimachinery/resources.ts';
import { isReason } from '../../apimachinery/status.ts';
import type { Node, Pod } from '../../apimachinery/types.ts';
import { sleep } from '../../client/backoff.ts';
import { type Controller, type ControllerContext, watch } from '../../client/controller.ts';
import { tolerate } from '../common/errors.ts';
import { isTerminal } from '../common/pods.ts';
import { lostWithNode, neverScheduled, nodesMissing, surplusEnded } from './plan.ts';

const period = 20_000;
/** A Node that is missing may be one that the cache has not seen yet. */
const quarantine = 40_000;

/** `threshold` is --terminated-pod-gc-threshold. */
export function podGarbageCollector(threshold: number): Controller {
  const missingSince = new Map<string, number>();
  return {
    name: 'pod-garbage-collector-controller',
    serviceAccount: 'pod-garbage-collector',
    watches: [watch({ resource: pods, keys: () => [] }), watch({ resource: nodes, keys: () => [] })],
    workers: 1,
    reconcile: async () => undefined,
    async run(context, _, signal) {
      for (; !signal.aborted; await sleep(context.clock, period, signal))
        await sweep(context, threshold, missingSince).catch((error) =>
          context.log.warn({ error: String(error) }, 'pods could not be cleared away, will be tried again'),
        );
    },
  };
}

export async function sweep(
  context: ControllerContext,
  threshold: number,
  missingSince: Map<string, number>,
): Promise<void> {
  const { informers } = context;
  const all = informers.informer(pods).list() as Pod[];
  const nodeOf = (name: string) => informers.informer(nodes).get(name) as Node | undefined;
  for (const pod of surplusEnded(all, threshold)) await remove(context, pod, 'terminated');
  for (const pod of lostWithNode(all, nodeOf)) await remove(context, pod, 'out-of-service');
  const gone = await nodesGone(
    context,
    nodesMissing(all, (name) => nodeOf(name) !== undefined),
    missingSince,
  );
  const orphaned = condition('DeletionByPodGC', 'PodGC: node no longer exists', context);
  for (const pod of all) if (gone.has(pod.spec?.nodeName ?? '')) await remove(context, pod, 'orphaned', orphaned);
  for (const pod of neverScheduled(all)) await remove(context, pod, 'unscheduled');
}

/** Those missing for long enough of which the server too says that they are not there. */
async function nodesGone(
  { client, clock }: ControllerContext,
  missing: ReadonlySet<string>,
  since: Map<string, number>,
): Promise<Set<string>> {
  for (const name of since.keys()) if (!missing.has(name)) since.delete(name);
  const gone = new Set<string>();
  for (const name of missing) {
    if (!since.has(name)) since.set(name, clock.now());
    if (clock.now() - since.get(name)! < quarantine) continue;
    if (!(await tolerate(['NotFound'], client.get(nodes, name)))) gone.add(name);
  }
  return gone;
}

const condition = (reason: string, message: string, { clock }: ControllerContext) => ({
  type: 'DisruptionTarget',
  status: 'True',
  reason,
  message,
  lastTransitionTime: toTime(clock.now()),
});

/** A pod that has not ended is said to have failed first: so that a Job counts it. One that cannot be removed holds up no other. */
async function remove(context: ControllerContext, pod: Pod, reason: string, why?: object): Promise<void> {
  const { client, log } = context;
  const { name, namespace, uid } = pod.metadata;
  const status = { phase: 'Failed', ...(why ? { conditions: [why] } : {}) };
  try {
    if (!isTerminal(pod))
      await client.patch(pods, name, namespace, 'strategic', { metadata: { uid }, status }, { subresource: 'status' });
    await client.delete(pods, name, namespace, { gracePeriodSeconds: 0, preconditions: { uid } });
    count(context, 'pods', namespace!, reason);
  } catch (error) {
    if (isReason(error, 'NotFound') || isReason(error, 'Conflict')) return;
    count(context, 'pod_errors', namespace!, reason);
    log.warn({ pod: `${namespace}/${name}`, error: String(error) }, 'pod could not be cleared away');
  }
}

/** Under upstream's names and reasons. */
function count({ metrics }: ControllerContext, what: 'pods' | 'pod_errors', namespace: string, reason: string): void {
  const help = {
    pods: 'Number of pods that are being forcefully deleted since the Pod GC Controller started.',
    pod_errors: 'Number of errors encountered when forcefully deleting the pods since the Pod GC Controller started.',
  };
  metrics
    ?.counter(`pod_gc_collector_force_delete_${what}_total`, help[what], ['namespace', 'reason'])
    .inc({ namespace, reason });
}
