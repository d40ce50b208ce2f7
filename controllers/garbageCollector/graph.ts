// Who depends on whom, over all objects, kept from events; and which of them an event gives reason to look at. No I/O.
// Mirrors: pkg/controller/garbagecollector/graph_builder.go (processGraphChanges) and graph.go.
// Fed by monitors.ts, asked by garbageCollector.ts.
import type { Resource } from '../../apimachinery/resources.ts';
import type { KubeObject, OwnerReference } from '../../apimachinery/types.ts';

export const foregroundFinalizer = 'foregroundDeletion';
export const orphanFinalizer = 'orphan';

export interface GraphNode {
  uid: string;
  name: string;
  namespace: string;
  /** Absent on a node that is known only from a reference to it: then apiVersion and kind are what the reference says. */
  resource?: Resource;
  apiVersion: string;
  kind: string;
  owners: readonly OwnerReference[];
  dependents: Set<GraphNode>;
  beingDeleted: boolean;
  /** Deleted in the foreground: it stays until its blocking dependents are gone. */
  deletingDependents: boolean;
  orphaning: boolean;
}

/** What to look at: `delete` means "may it have to go, or go on going", `orphan` "let its dependents go". */
export type Attempt = { what: 'delete' | 'orphan'; uid: string };

export interface Graph {
  get(uid: string): GraphNode | undefined;
  /** An object as it is now: new, changed or just listed. */
  observe(resource: Resource, object: KubeObject): Attempt[];
  /** It is gone, by event or because the server says so. */
  remove(uid: string): Attempt[];
  /** The uids that were observed of a resource. */
  uidsOf(resource: Resource): string[];
  /** An owner in another namespace than the reference can mean, as found by the last observe. */
  misplaced(node: GraphNode): OwnerReference | undefined;
}

export function createGraph(): Graph {
  const nodes = new Map<string, GraphNode>();

  function ownerNode(ref: OwnerReference, dependent: GraphNode, attempts: Attempt[]): GraphNode {
    const found = nodes.get(ref.uid);
    if (found) return found;
    // Not seen yet, or never there: the attempt asks the server which.
    const virtual = makeNode(ref.uid, ref.name, dependent.namespace, ref.apiVersion, ref.kind);
    nodes.set(ref.uid, virtual);
    attempts.push({ what: 'delete', uid: ref.uid });
    return virtual;
  }

  function link(node: GraphNode, refs: readonly OwnerReference[], attempts: Attempt[]): void {
    for (const ref of refs) {
      const owner = ownerNode(ref, node, attempts);
      owner.dependents.add(node);
      if (owner.resource && !isMeantBy(owner, ref, node)) attempts.push({ what: 'delete', uid: node.uid });
    }
  }

  function setOwners(node: GraphNode, refs: readonly OwnerReference[], attempts: Attempt[]): void {
    const now = new Map(refs.map((r) => [r.uid, r]));
    const before = new Map(node.owners.map((r) => [r.uid, r]));
    node.owners = refs;
    link(
      node,
      refs.filter((r) => !before.has(r.uid)),
      attempts,
    );
    for (const [uid, old] of before) {
      const owner = nodes.get(uid);
      if (!now.has(uid)) owner?.dependents.delete(node);
      // It may have been what held its owner back.
      if (old.blockOwnerDeletion && !now.get(uid)?.blockOwnerDeletion && owner?.deletingDependents)
        attempts.push({ what: 'delete', uid });
    }
  }

  function startDeletion(node: GraphNode, object: KubeObject, attempts: Attempt[]): void {
    const deleting = Boolean(object.metadata.deletionTimestamp);
    const has = (finalizer: string) => deleting && Boolean(object.metadata.finalizers?.includes(finalizer));
    node.beingDeleted = deleting;
    if (has(orphanFinalizer) && !node.orphaning) attempts.push({ what: 'orphan', uid: node.uid });
    else if (has(foregroundFinalizer) && !node.deletingDependents) {
      for (const dependent of node.dependents) attempts.push({ what: 'delete', uid: dependent.uid });
      attempts.push({ what: 'delete', uid: node.uid });
    }
    node.orphaning = has(orphanFinalizer);
    node.deletingDependents = has(foregroundFinalizer);
  }

  return {
    get: (uid) => nodes.get(uid),
    observe(resource, object) {
      const { uid, name, namespace = '', ownerReferences = [] } = object.metadata;
      if (!uid) return [];
      const attempts: Attempt[] = [];
      const node = nodes.get(uid) ?? makeNode(uid, name, namespace, '', '');
      const wasVirtual = !node.resource;
      Object.assign(node, { name, namespace, resource, apiVersion: apiVersion(resource), kind: resource.kind });
      nodes.set(uid, node);
      if (wasVirtual)
        for (const dependent of node.dependents)
          if (dependent.owners.some((ref) => ref.uid === uid && !isMeantBy(node, ref, dependent)))
            attempts.push({ what: 'delete', uid: dependent.uid });
      setOwners(node, ownerReferences, attempts);
      startDeletion(node, object, attempts);
      return attempts;
    },
    remove(uid) {
      const node = nodes.get(uid);
      if (!node) return [];
      nodes.delete(uid);
      const attempts: Attempt[] = [...node.dependents].map((d) => ({ what: 'delete', uid: d.uid }));
      for (const ref of node.owners) {
        const owner = nodes.get(ref.uid);
        owner?.dependents.delete(node);
        if (owner?.deletingDependents) attempts.push({ what: 'delete', uid: owner.uid });
        // A stand-in that nothing refers to any more.
        if (owner && !owner.resource && !owner.dependents.size) nodes.delete(owner.uid);
      }
      return attempts;
    },
    uidsOf: (resource) =>
      [...nodes.values()].filter((n) => n.resource && sameResource(n.resource, resource)).map((n) => n.uid),
    misplaced: (node) =>
      node.owners.find((ref) => {
        const owner = nodes.get(ref.uid);
        return owner?.resource?.namespaced && owner.namespace !== node.namespace;
      }),
  };
}

const makeNode = (uid: string, name: string, namespace: string, version: string, kind: string): GraphNode => ({
  uid,
  name,
  namespace,
  apiVersion: version,
  kind,
  owners: [],
  dependents: new Set(),
  beingDeleted: false,
  deletingDependents: false,
  orphaning: false,
});

const apiVersion = (r: Resource) => (r.group ? `${r.group}/${r.version}` : r.version);
const groupOf = (version: string) => (version.includes('/') ? version.slice(0, version.indexOf('/')) : '');
export const sameResource = (a: Resource, b: Resource): boolean => a.plural === b.plural && a.group === b.group;

/** Is `owner` the object that `ref`, found on `dependent`, names? */
const isMeantBy = (owner: GraphNode, ref: OwnerReference, dependent: GraphNode): boolean =>
  owner.kind === ref.kind &&
  owner.name === ref.name &&
  groupOf(owner.apiVersion) === groupOf(ref.apiVersion) &&
  (!owner.namespace || owner.namespace === dependent.namespace);

/** The dependents that keep `node` from going. */
export const blockingDependents = (node: GraphNode): GraphNode[] =>
  [...node.dependents].filter((d) => d.owners.some((ref) => ref.uid === node.uid && ref.blockOwnerDeletion));
