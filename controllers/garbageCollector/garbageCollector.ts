// Deletes what nobody owns any more, finishes deletions that wait for dependents, and sets dependents free where asked.
// Reads: the graph of monitors.ts; live objects, since a cache may be behind. Writes: deletions, patches of ownerReferences and finalizers.
// Mirrors: pkg/controller/garbagecollector/garbagecollector.go. Next: decide.ts for the decision.
import { groupResource, type Resource } from '../../apimachinery/resources.ts';
import { isReason, type StatusError } from '../../apimachinery/status.ts';
import type { KubeObject, OwnerReference } from '../../apimachinery/types.ts';
import { currentCauses } from '../../client/causes.ts';
import type { Client } from '../../client/client.ts';
import type { Controller, ControllerContext, Enqueue, Result } from '../../client/controller.ts';
import { tolerate } from '../common/errors.ts';
import { decide, decideForeground, type OwnerState } from './decide.ts';
import { createGraph, foregroundFinalizer, type Graph, type GraphNode, orphanFinalizer } from './graph.ts';
import { createMonitors, type Monitors } from './monitors.ts';

export interface Collector extends Pick<ControllerContext, 'client' | 'events'> {
  graph: Graph;
  resourceOf: Monitors['resourceOf'];
  enqueue: Enqueue;
  /** What references meant that the server said is not there: a thousand dependents need not ask a thousand times. */
  absent: Set<string>;
}

const mostAbsent = 500;
const firstLook = 1_000;
const lastLook = 1_000_000;

/** `shared` are the resources that other controllers watch; `workers` is --concurrent-gc-syncs. */
export function garbageCollector(shared: readonly Resource[], workers = 20): Controller {
  const graph = createGraph();
  const absent = new Set<string>();
  let enqueue: Enqueue;
  const monitors = createMonitors(graph, shared, (attempts, causes) => {
    for (const { what, uid } of attempts) enqueue(`${what} ${uid}`, { causes });
  });
  return {
    name: 'garbage-collector-controller',
    serviceAccount: 'generic-garbage-collector',
    workers,
    watches: [],
    setup(_context, put) {
      enqueue = put;
    },
    run: (context, _enqueue, signal) => monitors.run(context, signal),
    async reconcile(key, context) {
      await monitors.whenSynced();
      const { client, events } = context;
      return attempt(key, { client, events, graph, resourceOf: monitors.resourceOf, enqueue, absent });
    },
  };
}

/** `key` is what is attempted, and the uid of whom. */
export async function attempt(key: string, c: Collector): Promise<Result | undefined> {
  const [what, uid] = key.split(' ') as ['delete' | 'orphan', string];
  const node = c.graph.get(uid);
  if (!node) return;
  if (what === 'orphan') return attemptToOrphan(node, c);
  if (node.resource) return attemptToDelete(node, c);
  // Made and gone again while no watch was open, it would never be seen: so it is asked for until it is.
  const result = await attemptToDelete(node, c);
  if (c.graph.get(uid) !== node || node.resource) return result;
  return result ?? { after: Math.min(firstLook * 2 ** node.looks++, lastLook) };
}

async function attemptToDelete(node: GraphNode, c: Collector): Promise<Result | undefined> {
  if (node.beingDeleted && !node.deletingDependents) return;
  const resource = node.resource ?? c.resourceOf(node.apiVersion, node.kind);
  // Of a kind that is not served (yet): neither there nor surely gone.
  if (!resource) return node.dependents.size ? { after: 30_000 } : undefined;
  const latest = await liveObject(c.client, resource, node.name, node.namespace);
  if (latest?.metadata.uid !== node.uid) return isGone(node, c);
  if (node.deletingDependents) return finishForeground(node, resource, latest, c);
  const refs = latest.metadata.ownerReferences ?? [];
  if (!refs.length) return;
  warnMisplaced(node, latest, c);
  const { namespace = '' } = latest.metadata;
  const states = await Promise.all(refs.map(async (ref) => ({ ref, state: await ownerState(ref, namespace, c) })));
  const decision = decide(latest, states, node);
  if (decision.do === 'dropOwners') await dropOwners(c.client, resource, node, decision.uids);
  if (decision.do !== 'delete') return;
  if (decision.unblock) await unblock(c.client, resource, latest);
  const preconditions = {
    uid: node.uid,
    ...(decision.unblock ? {} : { resourceVersion: latest.metadata.resourceVersion }),
  };
  await tolerate(
    ['NotFound'],
    c.client.delete(resource, node.name, node.namespace || undefined, {
      propagationPolicy: decision.propagation,
      preconditions,
    }),
  );
  return;
}

/** Undefined when the server says that it knows the kind and not the object: another 404 says nothing of the object. */
async function liveObject(
  client: Client,
  r: Resource,
  name: string,
  namespace: string,
): Promise<KubeObject | undefined> {
  try {
    return await client.get(r, name, r.namespaced ? namespace : undefined);
  } catch (error) {
    if (isReason(error, 'NotFound') && (error as StatusError).status.details?.name === name) return undefined;
    throw error;
  }
}

/** The watch will say so too, or never will if it was never there; whoever depended on it is looked at now. */
function isGone(node: GraphNode, c: Collector): undefined {
  const { attempts } = c.graph.missing(node.uid);
  for (const { what, uid } of attempts) c.enqueue(`${what} ${uid}`, { causes: currentCauses() });
}

/** `namespace` is that of the object that refers; empty when it is in none. */
async function ownerState(ref: OwnerReference, namespace: string, c: Collector): Promise<OwnerState> {
  const resource = c.resourceOf(ref.apiVersion, ref.kind);
  if (!resource) throw new Error(`no matches for kind "${ref.kind}" in version "${ref.apiVersion}"`);
  // Nothing in a namespace can own what is in none: such a reference is not followed, and what has it is never collected.
  if (resource.namespaced && !namespace) return 'solid';
  // References that name the same uid in different ways are different questions.
  const meant = [groupResource(resource), resource.namespaced ? namespace : '', ref.name, ref.uid].join(' ');
  if (c.absent.has(meant)) return 'dangling';
  const owner = await liveObject(c.client, resource, ref.name, namespace);
  if (owner?.metadata.uid !== ref.uid) {
    c.absent.add(meant);
    if (c.absent.size > mostAbsent) c.absent.delete(c.absent.values().next().value!);
    return 'dangling';
  }
  const waits = owner.metadata.deletionTimestamp && owner.metadata.finalizers?.includes(foregroundFinalizer);
  return waits ? 'waiting' : 'solid';
}

function warnMisplaced(node: GraphNode, latest: KubeObject, c: Collector): void {
  const ref = c.graph.misplaced(node);
  if (!ref) return;
  const text = `ownerRef [${ref.apiVersion}/${ref.kind}, namespace: ${node.namespace}, name: ${ref.name}, uid: ${ref.uid}] does not exist in namespace "${node.namespace}"`;
  c.events.event(
    { ...latest, apiVersion: node.apiVersion, kind: node.kind },
    'Warning',
    'OwnerRefInvalidNamespace',
    text,
  );
}

async function finishForeground(node: GraphNode, r: Resource, latest: KubeObject, c: Collector): Promise<undefined> {
  const next = decideForeground(node);
  if (next.finish) return removeFinalizer(c.client, r, latest, foregroundFinalizer);
  for (const dependent of next.waitFor) c.enqueue(`delete ${dependent.uid}`, { causes: currentCauses() });
}

/** Dependents lose their reference first; only then may the owner go. */
async function attemptToOrphan(node: GraphNode, c: Collector): Promise<undefined> {
  if (!node.resource) return;
  await Promise.all(
    [...node.dependents].map(async (dependent) => {
      if (dependent.resource) await dropOwners(c.client, dependent.resource, dependent, [node.uid]);
    }),
  );
  const latest = await liveObject(c.client, node.resource, node.name, node.namespace);
  if (latest?.metadata.uid === node.uid) await removeFinalizer(c.client, node.resource, latest, orphanFinalizer);
}

/** Strategic merge takes single references off; where it is not known (custom resources) the list is replaced. */
async function dropOwners(client: Client, r: Resource, node: GraphNode, uids: readonly string[]): Promise<void> {
  const namespace = node.namespace || undefined;
  const patch = { metadata: { uid: node.uid, ownerReferences: uids.map((uid) => ({ $patch: 'delete', uid })) } };
  try {
    await tolerate(['NotFound'], client.patch(r, node.name, namespace, 'strategic', patch));
  } catch (error) {
    if (!isReason(error, 'UnsupportedMediaType')) throw error;
    const latest = await liveObject(client, r, node.name, node.namespace);
    if (latest?.metadata.uid !== node.uid) return;
    const kept = (latest.metadata.ownerReferences ?? []).filter((ref) => !uids.includes(ref.uid));
    await replaceMetadata(client, r, latest, { ownerReferences: kept.length ? kept : null });
  }
}

const unblock = (client: Client, r: Resource, latest: KubeObject): Promise<unknown> =>
  replaceMetadata(client, r, latest, {
    ownerReferences: latest.metadata.ownerReferences?.map((ref) => ({ ...ref, blockOwnerDeletion: false })),
  });

async function removeFinalizer(client: Client, r: Resource, latest: KubeObject, finalizer: string): Promise<undefined> {
  const all = latest.metadata.finalizers ?? [];
  if (all.includes(finalizer))
    await replaceMetadata(client, r, latest, { finalizers: all.filter((f) => f !== finalizer) });
}

/** Refused as a conflict when the object changed since `latest` was read. */
const replaceMetadata = ({ patch }: Client, r: Resource, { metadata }: KubeObject, change: object): Promise<unknown> =>
  tolerate(
    ['NotFound'],
    patch(r, metadata.name, metadata.namespace, 'merge', {
      metadata: { resourceVersion: metadata.resourceVersion, ...change },
    }),
  );
