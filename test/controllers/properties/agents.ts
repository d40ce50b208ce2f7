// What stands for nodes, scheduler and garbage collector in a world: pods are bound, run, become ready, end, go. Used by the tests beside it.
import { pods, type Resource } from '../../../apimachinery/resources.ts';
import { controllerOf } from '../../../controllers/common/owners.ts';
import { targetNode } from '../../../controllers/daemonSet/template.ts';
import type { World } from './world.ts';

export interface Agents {
  nodes(): string[];
  /** Kinds whose objects go when none of their owners is there any more. */
  dependents?: readonly Resource<any>[];
  /** Pods on it stay as they are, even those that are to go. */
  isLost?(node: string): boolean;
}

export const isReady = (pod: any): boolean =>
  pod.status.conditions?.some((c: any) => c.type === 'Ready' && c.status === 'True') ?? false;
export const isLive = (pod: any): boolean =>
  !pod.metadata.deletionTimestamp && pod.status.phase !== 'Succeeded' && pod.status.phase !== 'Failed';
/** Ready and staying. */
export const serves = (pod: any): boolean => isLive(pod) && isReady(pod);
export const isOf = (owner: any) => (object: any) => controllerOf(object)?.uid === owner.metadata.uid;
export const image = (o: any): string => (o.spec.template?.spec ?? o.spec).containers[0].image;

export const setReady = (world: World, pod: any, ready: boolean): void =>
  world.store.change(pods, pod, (p) => {
    p.status.phase = 'Running';
    p.status.conditions = [{ type: 'Ready', status: ready ? 'True' : 'False', lastTransitionTime: world.store.time() }];
  });

/** It ends by itself, as failed. */
export const endPod = (world: World, pod: any): void =>
  world.store.change(pods, pod, (p) => void Object.assign(p.status, { phase: 'Failed', conditions: [] }));

/** The next thing that happens to this pod by itself; undefined: nothing. */
function next(world: World, agents: Agents, pod: any): (() => void) | undefined {
  const { store } = world;
  const { phase } = pod.status;
  const node = pod.spec.nodeName;
  if (node && agents.isLost?.(node) && agents.nodes().includes(node)) return undefined;
  if (pod.metadata.deletionTimestamp) {
    if (phase === 'Succeeded' || phase === 'Failed' || !pod.metadata.finalizers?.length)
      return pod.metadata.finalizers?.length ? undefined : () => store.remove(pods, pod);
    return () => endPod(world, pod);
  }
  if (phase === 'Succeeded' || phase === 'Failed') return undefined;
  if (!node) {
    const target = targetNode(pod) ?? world.pick(agents.nodes());
    if (target === undefined || !agents.nodes().includes(target)) return undefined;
    return () => store.change(pods, pod, (p) => void Object.assign(p.spec, { nodeName: target }));
  }
  if (!agents.nodes().includes(node)) return () => store.delete(pods, pod.metadata.name, pod.metadata.namespace);
  if (image(pod) === 'broken') return undefined;
  if (phase === 'Pending') return () => setReady(world, pod, false);
  return isReady(pod) ? undefined : () => setReady(world, pod, true);
}

/** One thing happens to one pod, or an object without owners goes. False: there is nothing to do. */
export function act(world: World, agents: Agents): boolean {
  const { store } = world;
  const uids = new Set([...store.tables.values()].flatMap((t) => [...t.objects.values()].map((o) => o.metadata.uid)));
  const works: (() => void)[] = [];
  for (const r of agents.dependents ?? [])
    for (const object of store.all(r)) {
      const owners = object.metadata.ownerReferences ?? [];
      if (owners.length && !object.metadata.deletionTimestamp && owners.every((ref: any) => !uids.has(ref.uid)))
        works.push(() => store.delete(r, object.metadata.name, object.metadata.namespace));
    }
  for (const pod of store.all(pods)) {
    const work = next(world, agents, pod);
    if (work) works.push(work);
  }
  world.pick(works)?.();
  return works.length > 0;
}
