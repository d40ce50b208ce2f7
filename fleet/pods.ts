// The pods on the nodes of the fleet: one list and watch of all bound pods, and for each pod the step that is due.
// Reads: pods. Writes: PATCH pods/status, DELETE pods. Decides in podStep.ts. Started by main.ts.
// Mirrors: what many kubelets do to the API, as KWOK (sigs.k8s.io/kwok) does it in one process.
import { pods } from '../apimachinery/resources.ts';
import type { Pod } from '../apimachinery/types.ts';
import { type Controller, type ControllerContext, watch } from '../client/controller.ts';
import { tolerateGone } from './gone.ts';
import { podStep, type Step } from './podStep.ts';
import { laterWhenLost } from './retry.ts';
import type { Settings } from './settings.ts';

/** Pods that have ended on their own are not followed any more; those that are deleted later still are, by their event. */
const bound = { fieldSelector: 'spec.nodeName!=' };

export function podsController(settings: Settings): Controller {
  const isOurs = (pod: Pod) => settings.indexOf(pod.spec?.nodeName ?? '') !== undefined;
  const { podAddresses } = settings;
  /** What was written last, until the watch shows it: a pod must not be told twice what the cache has not heard of yet. */
  const written = new Map<string, string>();
  const isStale = ({ metadata }: Pod) => isOlder(metadata.resourceVersion, written.get(metadata.uid ?? ''));
  return {
    name: 'fleet-pods',
    workers: 32,
    watches: [watch({ resource: pods, options: bound, keys: (pod) => (isOurs(pod) ? [keyOf(pod)] : []) })],
    setup({ informers }) {
      informers.informer(pods, bound).addHandler({
        added(pod) {
          if (isOurs(pod) && pod.status?.podIP) podAddresses.has(pod.metadata.uid ?? '', pod.status.podIP);
        },
        deleted(pod) {
          const uid = pod.metadata.uid ?? '';
          podAddresses.giveBack(uid);
          written.delete(uid);
        },
      });
    },
    reconcile: (key, context) =>
      laterWhenLost(context.random, async () => {
        const pod = context.informers.informer(pods, bound).get(key);
        if (!pod || !isOurs(pod) || isStale(pod)) return undefined;
        const hostIP = settings.addressOf(pod.spec!.nodeName!);
        const uid = pod.metadata.uid ?? '';
        const podIP = pod.spec!.hostNetwork ? hostIP : podAddresses.take(uid);
        const step = podStep(pod, { hostIP, podIP }, context.clock.now());
        const version = await act(pod, step, context);
        if (version) written.set(uid, version);
        const next = 'next' in step ? step.next : Number.POSITIVE_INFINITY;
        return next === Number.POSITIVE_INFINITY ? undefined : { after: Math.max(next - context.clock.now(), 1) };
      }),
  };
}

const keyOf = ({ metadata }: Pod) => `${metadata.namespace}/${metadata.name}`;

/** Is a resourceVersion from before another? */
const isOlder = (version: string | undefined, other: string | undefined) =>
  other !== undefined && Number(version) < Number(other);

/** With the uid, so that a pod made anew under the name is not told of the old one's fate. The resourceVersion it has now. */
async function act(pod: Pod, step: Step, { client }: ControllerContext): Promise<string | undefined> {
  const { name, namespace, uid } = pod.metadata;
  if ('remove' in step)
    await tolerateGone(client.delete(pods, name, namespace, { gracePeriodSeconds: 0, preconditions: { uid } }));
  if (!('report' in step)) return undefined;
  const patch = { metadata: { uid }, status: step.report };
  const now = await tolerateGone(client.patch(pods, name, namespace, 'strategic', patch, { subresource: 'status' }));
  return now?.metadata.resourceVersion;
}
