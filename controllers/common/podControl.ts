// Making and deleting the pods of an owner, many at a time, with an Event on the owner for each and expectations kept.
// Writes: pods, Events. Mirrors: RealPodControl in pkg/controller/controller_utils.go, slowStartBatch in replicaset/replica_set.go.
// Used by: replicaSet/ and daemonSet/. Next: podExpectations.ts sees what was made.
import { pods, type Resource } from '../../apimachinery/resources.ts';
import { isReason } from '../../apimachinery/status.ts';
import type { KubeObject, NewObject, Pod, PodTemplateSpec } from '../../apimachinery/types.ts';
import type { ControllerContext } from '../../client/controller.ts';
import type { Expectations } from '../../client/expectations.ts';
import { keyOf } from '../../client/informerCache.ts';
import { isNamespaceTerminating, isUncertain } from './errors.ts';
import { controllerRef } from './owners.ts';
import { slowStart } from './slowStart.ts';
import { knownPods, madeUnanswered, wentUnanswered } from './uncertain.ts';

export type NewPod = NewObject<Pod & { metadata: any }>;

/** A pod of `template` under `owner`, still without a name. */
export function podOf(owner: KubeObject, r: Resource<any>, template: PodTemplateSpec | undefined): NewPod {
  const { labels, annotations, finalizers } = template?.metadata ?? {};
  return {
    metadata: {
      generateName: `${owner.metadata.name}-`,
      namespace: owner.metadata.namespace,
      labels,
      annotations,
      finalizers,
      ownerReferences: [controllerRef(owner, r)],
    },
    spec: template?.spec,
  };
}

/** What `expected` counts under `key` is one creation for each of `count`; those that fail are taken off again. */
export interface PodWork {
  owner: KubeObject;
  key: string;
  context: ControllerContext;
  expected: Expectations;
}

/** `podAt(i)` is the i-th of `count` pods. Gives the first error; that the namespace is going is none. */
export async function createPods(w: PodWork, count: number, podAt: (index: number) => NewPod): Promise<unknown> {
  const { client, events } = w.context;
  const known = knownPods(w.context, w.owner);
  let uncertain = false;
  const { succeeded, error } = await slowStart(count, async (index) => {
    try {
      const pod = await client.create(pods, podAt(index) as never);
      known.add(pod.metadata.uid!);
      events.event(w.owner, 'Normal', 'SuccessfulCreate', `Created pod: ${pod.metadata.name}`);
    } catch (e) {
      uncertain ||= isUncertain(e);
      if (!isNamespaceTerminating(e))
        events.event(w.owner, 'Warning', 'FailedCreate', `Error creating: ${(e as Error).message}`);
      throw e;
    }
  });
  // Those will be seen; the others never.
  const made = succeeded + (uncertain ? await madeUnanswered(w.context, w.owner, known) : 0);
  for (let i = made; i < count; i++) w.expected.creationObserved(w.key);
  return isNamespaceTerminating(error) ? undefined : error;
}

/** Gives the first error; that one is gone already is none. */
export async function deletePods(w: PodWork, victims: readonly Pod[]): Promise<unknown> {
  const { client, events } = w.context;
  const results = await Promise.allSettled(
    victims.map(async (pod) => {
      const { name, namespace, uid } = pod.metadata;
      try {
        await client.delete(pods, name, namespace, { preconditions: { uid } });
        events.event(w.owner, 'Normal', 'SuccessfulDelete', `Deleted pod: ${name}`);
      } catch (error) {
        if (await wentUnanswered(w.context, pod, error)) return;
        w.expected.deletionObserved(w.key, keyOf(pod));
        if (isReason(error, 'NotFound')) return;
        events.event(w.owner, 'Warning', 'FailedDelete', `Error deleting: ${(error as Error).message}`);
        throw error;
      }
    }),
  );
  return results.find((r) => r.status === 'rejected')?.reason;
}
