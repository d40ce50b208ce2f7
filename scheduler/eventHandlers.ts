// From watch events to the cache (nodes, pods that have one) and the queue (pods that have none, and what may help them).
// Reads: informers of pods and nodes, and of what plugins ask for. Writes: cache and queue, each entry with its cause.
// Mirrors: pkg/scheduler/eventhandlers.go. Next along the chain: queue.ts.
import type { Cause } from '../apimachinery/cause.ts';
import { groupResource, namespaces, nodes, pods, type Resource } from '../apimachinery/resources.ts';
import type { KubeObject, Namespace, Pod } from '../apimachinery/types.ts';
import type { Informer, InformerFactory } from '../client/informer.ts';
import type { SchedulerCache } from './cache.ts';
import {
  action,
  assignedPodAdd,
  assignedPodDelete,
  nodeAdd,
  nodeDelete,
  nodeUpdate,
  type ObjectResource,
  objectResources,
  podUpdate,
} from './clusterEvents.ts';
import type { Nominations } from './nominations.ts';
import { type PodInfo, podInfoOf } from './podInfo.ts';
import type { Profile } from './profile.ts';
import type { SchedulingQueue } from './queue.ts';

export interface Listening {
  informers: InformerFactory;
  cache: SchedulerCache;
  queue: SchedulingQueue;
  nominations: Nominations;
  profiles: ReadonlyMap<string, Profile>;
}

/** Pods that have ended take nothing of a node; the server does not send them. */
export const livePods = { fieldSelector: 'status.phase!=Succeeded,status.phase!=Failed' };

/** Before the informers start. Returns the informer of the pods. */
export function listen(l: Listening): Informer<Pod> {
  listenToNodes(l);
  listenToNamespaces(l);
  listenToObjects(l);
  return listenToPods(l);
}

/** The event, and beside it the word for its coming from a list rather than from the watch. */
function causesOf(object: KubeObject, informer: Informer<any>): Cause[] {
  const { namespace = '', name, resourceVersion = '0' } = object.metadata;
  const event: Cause = { resource: groupResource(informer.resource), namespace, name, resourceVersion };
  return informer.origin === 'watch' ? [event] : [{ word: informer.origin }, event];
}

function listenToNodes({ informers, cache, queue }: Listening): void {
  const informer = informers.informer(nodes);
  informer.addHandler({
    added(node) {
      cache.setNode(node);
      queue.happened(nodeAdd, undefined, node, causesOf(node, informer));
    },
    updated(node, old) {
      cache.setNode(node);
      const event = nodeUpdate(node, old);
      if (event) queue.happened(event, old, node, causesOf(node, informer));
    },
    deleted(node) {
      cache.removeNode(node.metadata.name);
      queue.happened(nodeDelete, node, undefined, causesOf(node, informer));
    },
  });
}

function listenToNamespaces({ informers, queue }: Listening): void {
  const informer = informers.informer(namespaces);
  const changed = (actions: number) => (space: Namespace) =>
    queue.happened({ resource: 'Namespace', actions, label: 'Namespace' }, undefined, space, causesOf(space, informer));
  informer.addHandler({
    added: changed(action.add),
    updated(space, old) {
      if (JSON.stringify(space.metadata.labels) !== JSON.stringify(old.metadata.labels)) changed(action.update)(space);
    },
  });
}

/** The kinds that plugins named. */
function listenToObjects({ informers, queue, profiles }: Listening): void {
  for (const [name, row] of Object.entries(objectResources)) {
    const resource = name as ObjectResource;
    if (![...profiles.values()].some((p) => p.resources.has(resource))) continue;
    const informer = informers.informer(row as Resource<any>);
    const [add, update, gone] = (['add', 'update', 'delete'] as const).map((word) => ({
      resource,
      actions: action[word],
      label: `${name}${word[0]!.toUpperCase()}${word.slice(1)}`,
    }));
    informer.addHandler({
      added: (now) => queue.happened(add!, undefined, now, causesOf(now, informer)),
      updated: (now, old) => queue.happened(update!, old, now, causesOf(now, informer)),
      deleted: (old) => queue.happened(gone!, old, undefined, causesOf(old, informer)),
    });
  }
}

function listenToPods(l: Listening): Informer<Pod> {
  const { informers, cache, queue, nominations, profiles } = l;
  const informer = informers.informer(pods, livePods);
  /** What was worked out of each pod's newest state, so that an update need not do it twice. */
  const known = new Map<string, PodInfo>();
  const causes = (pod: Pod) => causesOf(pod, informer);

  function bound(info: PodInfo): void {
    queue.delete(info.uid);
    nominations.remove(info.uid);
    cache.setPod(info);
    queue.happened(assignedPodAdd, undefined, info, causes(info.pod));
  }

  function waits(info: PodInfo, old: PodInfo | undefined): void {
    const profile = profiles.get(info.pod.spec?.schedulerName ?? '');
    if (!profile) return;
    // It has its place already; counted as one who waits for it too, it would take it twice.
    if (cache.isAssumed(info.uid)) return;
    const nominated = info.pod.status?.nominatedNodeName;
    if (nominated && nominations.nodeOf(info.uid) === undefined) nominations.set(info, nominated);
    if (old) queue.update(info, old, profile, causes(info.pod));
    else queue.add(info, profile, causes(info.pod));
  }

  function changed(info: PodInfo, old: PodInfo): void {
    cache.setPod(info);
    const event = podUpdate(info, old, 'AssignedPod');
    if (event) queue.happened(event, old, info, causes(info.pod));
  }

  informer.addHandler({
    added(pod) {
      const info = podInfoOf(pod);
      known.set(info.uid, info);
      if (pod.spec?.nodeName) bound(info);
      else waits(info, undefined);
    },
    updated(pod, oldPod) {
      const old = known.get(pod.metadata.uid ?? '') ?? podInfoOf(oldPod);
      const info = sameAsks(pod, oldPod) ? { ...old, pod } : podInfoOf(pod);
      known.set(info.uid, info);
      if (!pod.spec?.nodeName) waits(info, old);
      else if (oldPod.spec?.nodeName) changed(info, old);
      else bound(info);
    },
    deleted(pod) {
      const uid = pod.metadata.uid ?? '';
      const info = known.get(uid) ?? podInfoOf(pod);
      known.delete(uid);
      queue.delete(uid);
      nominations.remove(uid);
      if (!pod.spec?.nodeName && !cache.isAssumed(uid)) return;
      // An assumed pod that was deleted before its binding came back: the binding will fail, its place is free now.
      cache.removePod(uid);
      queue.happened(assignedPodDelete, info, undefined, causes(pod));
    },
  });
  return informer;
}

/** Most updates change status alone; only a resize changes what a pod takes. */
const sameAsks = (a: Pod, b: Pod): boolean =>
  a.metadata.generation === b.metadata.generation &&
  !hasResize(a) &&
  !hasResize(b) &&
  JSON.stringify(a.metadata.labels) === JSON.stringify(b.metadata.labels);

const hasResize = (pod: Pod): boolean =>
  pod.status?.containerStatuses?.some((s) => s.resources !== undefined || s.allocatedResources !== undefined) ?? false;
