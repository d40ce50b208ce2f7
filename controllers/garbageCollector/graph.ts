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
  /** How often it was looked at while known from references alone. */
  looks: number;
}

/** What to look at: `delete` means "may it have to go, or go on going", `orphan` "let its dependents go". */
export type Attempt = { what: 'delete' | 'orphan'; uid: string };

export interface Graph {
  get(uid: string): GraphNode | undefined;
  /** An object as it is now: new, changed or just listed. */
  observe(resource: Resource, object: KubeObject): Attempt[];
  /** It is gone, by event or because the server says so. */
  remove(uid: string): Attempt[];
  /**
   * The server has nothing under the node's name. One that is known from references alone may be there under another, when
   * references do not agree: then it is taken for what the next of them says, and `again` is true.
   */
  missing(uid: string): { attempts: Attempt[]; again: boolean };
  /** The uids of objects that were observed of such resources. */
  uidsOf(fits: (resource: Resource) => boolean): string[];
  /** An owner in another namespace than the reference can mean, as found by the last observe. */
  misplaced(node: GraphNode): OwnerReference | undefined;
}

export function createGraph(): Graph {
  const nodes = new Map<string, GraphNode>();
  /** Who refers to a uid, whether or not there is a node for it: one that comes back finds its dependents. */
  const referrers = new Map<string, Set<GraphNode>>();
  const dependentsOf = (uid: string): Set<GraphNode> => {
    const found = referrers.get(uid) ?? new Set();
    referrers.set(uid, found);
    return found;
  };
  const newNode = (uid: string, name: string, namespace: string, version: string, kind: string): GraphNode => {
    const node = makeNode(uid, name, namespace, version, kind, dependentsOf(uid));
    nodes.set(uid, node);
    return node;
  };
  const unlink = (uid: string, node: GraphNode): void => {
    const set = referrers.get(uid);
    set?.delete(node);
    if (set?.size) return;
    // A stand-in that nothing refers to any more goes with its last referrer.
    if (!nodes.get(uid)?.resource) nodes.delete(uid);
    if (!nodes.has(uid)) referrers.delete(uid);
  };

  function link(node: GraphNode, refs: readonly OwnerReference[], attempts: Attempt[]): void {
    let doubtful = false;
    for (const ref of refs) {
      const found = nodes.get(ref.uid);
      const owner = found ?? newNode(ref.uid, ref.name, node.namespace, ref.apiVersion, ref.kind);
      owner.dependents.add(node);
      // Not seen yet, or never there: the attempt asks the server which.
      if (!found) attempts.push({ what: 'delete', uid: ref.uid });
      else if (!isMeantBy(owner, ref, node)) doubtful = true;
    }
    if (doubtful) attempts.push({ what: 'delete', uid: node.uid });
  }

  function setOwners(node: GraphNode, refs: readonly OwnerReference[], attempts: Attempt[]): void {
    const now = new Map(refs.map((r) => [r.uid, r]));
    const before = new Map(node.owners.map((r) => [r.uid, r]));
    node.owners = refs;
    link(
      node,
      refs.filter((r) => !sameName(before.get(r.uid), r)),
      attempts,
    );
    for (const [uid, old] of before) {
      const owner = nodes.get(uid);
      if (!now.has(uid)) unlink(uid, node);
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

  function remove(uid: string): Attempt[] {
    const node = nodes.get(uid);
    if (!node) return [];
    nodes.delete(uid);
    const attempts: Attempt[] = [...node.dependents].map((d) => ({ what: 'delete', uid: d.uid }));
    if (!node.dependents.size) referrers.delete(uid);
    for (const ref of node.owners) {
      const owner = nodes.get(ref.uid);
      unlink(ref.uid, node);
      if (owner?.deletingDependents) attempts.push({ what: 'delete', uid: owner.uid });
    }
    return attempts;
  }

  return {
    get: (uid) => nodes.get(uid),
    observe(resource, object) {
      const { uid, name, namespace = '', ownerReferences = [] } = object.metadata;
      if (!uid) return [];
      const attempts: Attempt[] = [];
      const node = nodes.get(uid) ?? newNode(uid, name, namespace, '', '');
      const wasVirtual = !node.resource;
      Object.assign(node, { name, namespace, resource, apiVersion: apiVersion(resource), kind: resource.kind });
      if (wasVirtual)
        for (const dependent of node.dependents)
          if (dependent.owners.some((ref) => ref.uid === uid && !isMeantBy(node, ref, dependent)))
            attempts.push({ what: 'delete', uid: dependent.uid });
      setOwners(node, ownerReferences, attempts);
      startDeletion(node, object, attempts);
      return attempts;
    },
    remove,
    missing(uid) {
      const node = nodes.get(uid);
      if (!node || node.resource) return { attempts: remove(uid), again: false };
      const meant = (d: GraphNode) => d.owners.some((ref) => ref.uid === uid && isMeantBy(node, ref, d));
      const others = [...node.dependents].filter((d) => !meant(d));
      if (!others.length) return { attempts: remove(uid), again: false };
      const attempts = [...node.dependents].filter(meant).map((d): Attempt => ({ what: 'delete', uid: d.uid }));
      const next = others[node.looks % others.length]!;
      const { name, apiVersion: version, kind } = next.owners.find((ref) => ref.uid === uid)!;
      Object.assign(node, { name, apiVersion: version, kind, namespace: next.namespace });
      return { attempts, again: true };
    },
    uidsOf: (fits) => [...nodes.values()].filter((n) => n.resource && fits(n.resource)).map((n) => n.uid),
    misplaced: (node) =>
      node.owners.find((ref) => {
        const owner = nodes.get(ref.uid);
        return owner?.resource?.namespaced && owner.namespace !== node.namespace;
      }),
  };
}

const makeNode = (
  uid: string,
  name: string,
  namespace: string,
  version: string,
  kind: string,
  dependents: Set<GraphNode>,
): GraphNode => ({
  uid,
  name,
  namespace,
  apiVersion: version,
  kind,
  owners: [],
  dependents,
  beingDeleted: false,
  deletingDependents: false,
  orphaning: false,
  looks: 0,
});

const apiVersion = (r: Resource) => (r.group ? `${r.group}/${r.version}` : r.version);
const groupOf = (version: string) => (version.includes('/') ? version.slice(0, version.indexOf('/')) : '');
export const sameResource = (a: Resource, b: Resource): boolean => a.plural === b.plural && a.group === b.group;

/** Do both references look for the owner in the same place? One that is written anew under the same uid may mean nothing any more. */
const sameName = (a: OwnerReference | undefined, b: OwnerReference): boolean =>
  a !== undefined && a.kind === b.kind && a.name === b.name && a.apiVersion === b.apiVersion;

/** Is `owner` the object that `ref`, found on `dependent`, names? */
const isMeantBy = (owner: GraphNode, ref: OwnerReference, dependent: GraphNode): boolean =>
  owner.kind === ref.kind &&
  owner.name === ref.name &&
  groupOf(owner.apiVersion) === groupOf(ref.apiVersion) &&
  (!owner.namespace || owner.namespace === dependent.namespace);

/**
 * The dependents that keep `node` from going: others than itself, whose reference means it in every part. (Upstream counts by uid
 * alone: then an object without a namespace that names it, which no collector may touch, holds it for ever.)
 */
export const blockingDependents = (node: GraphNode): GraphNode[] =>
  [...node.dependents].filter(
    (d) =>
      d !== node && d.owners.some((ref) => ref.uid === node.uid && ref.blockOwnerDeletion && isMeantBy(node, ref, d)),
  );
