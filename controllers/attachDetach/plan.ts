// One volume: on which nodes pods want it, on which it is, and so where it is to be attached, where detached, and who has to wait.
// Pure; times are milliseconds. Mirrors: pkg/controller/volume/attachdetach/reconciler/reconciler.go. Used by: attachDetach.ts.
import type { Node, PersistentVolume, Pod, VolumeAttachment } from '../../apimachinery/types.ts';
import { isShared, uniqueName } from './volumes.ts';

/** How long a node may say that it still uses a volume that no pod there wants; then, if the node is ill, it is not believed. */
export const maxWaitForUnmount = 6 * 60_000;
const outOfService = 'node.kubernetes.io/out-of-service';

export interface VolumeWorld {
  /** Living pods that use it, by node. */
  wanted: ReadonlyMap<string, readonly Pod[]>;
  attachments: readonly VolumeAttachment[];
  node(name: string): Node | undefined;
  /** When it was first seen that nobody on this node wants it any more. */
  unwantedSince(node: string): number;
  now: number;
  /** --disable-force-detach-on-timeout */
  neverForce: boolean;
}

export interface VolumeActions {
  attach: string[];
  /** `force`: even if the node says that it uses it. */
  detach: { attachment: VolumeAttachment; force: boolean }[];
  /** Nodes whose pods wait for another node to give it up, and what each pod is told. */
  blocked: { node: string; messages: { pod: Pod; text: string }[] }[];
  /** Look again in so many milliseconds: a node may have to be overruled then. */
  after?: number;
}

export function planAttachments(volume: PersistentVolume, w: VolumeWorld): VolumeActions {
  const on = new Set(w.attachments.map((a) => a.spec.nodeName));
  const unwanted = w.attachments.filter((a) => !w.wanted.has(a.spec.nodeName));
  const waits = new Map(unwanted.map((a) => [a, waitBefore(volume, a.spec.nodeName, w)]));
  const times = [...waits.values()].filter((ms) => ms > 0 && Number.isFinite(ms));
  const missing = [...w.wanted.keys()].filter((node) => !on.has(node));
  // From a volume for one node at a time the first pod that wants it gets it, the others hear why they wait.
  const free = isShared(volume) ? missing : on.size ? [] : missing.slice(0, 1);
  const holders = on.size ? [...on] : free;
  return {
    attach: free,
    detach: unwanted
      .filter((a) => waits.get(a) === 0 && !a.metadata.deletionTimestamp)
      .map((attachment) => ({ attachment, force: isMounted(volume, w.node(attachment.spec.nodeName)) })),
    blocked: missing
      .filter((node) => !free.includes(node))
      .map((node) => ({ node, messages: multiAttach(volume, node, holders, w) })),
    ...(times.length ? { after: Math.min(...times) } : {}),
  };
}

/** Of a node that is gone nobody knows. */
export const isMounted = (volume: PersistentVolume, node: Node | undefined): boolean =>
  !node || (node.status?.volumesInUse ?? []).includes(uniqueName(volume));

/** 0: it may go now; Infinity: only when the node says so. */
function waitBefore(volume: PersistentVolume, name: string, w: VolumeWorld): number {
  const node = w.node(name);
  if (!isMounted(volume, node) || node?.spec?.taints?.some((t) => t.key === outOfService)) return 0;
  if (w.neverForce) return Number.POSITIVE_INFINITY;
  const left = Math.max(w.unwantedSince(name) + maxWaitForUnmount + 1 - w.now, 0);
  const isReady = node?.status?.conditions?.some((c) => c.type === 'Ready' && c.status === 'True');
  // A node that is well will unmount; whether it is still well then is looked at again.
  return left || (isReady ? Number.POSITIVE_INFINITY : 0);
}

/** Names of pods in other namespaces are nobody's business. */
function multiAttach(volume: PersistentVolume, node: string, holders: readonly string[], w: VolumeWorld) {
  const users = holders.filter((h) => h !== node).flatMap((h) => w.wanted.get(h) ?? []);
  return (w.wanted.get(node) ?? []).map((pod) => {
    const local = users.filter((u) => u.metadata.namespace === pod.metadata.namespace).map((u) => u.metadata.name);
    const text = `Multi-Attach error for volume "${volume.metadata.name}" ${usedBy(local, users.length - local.length)}`;
    return { pod, text };
  });
}

function usedBy(local: readonly string[], others: number): string {
  const more = `${others} pod(s) in different namespaces`;
  if (local.length) return `Volume is already used by pod(s) ${local.join(', ')}${others ? ` and ${more}` : ''}`;
  return others
    ? `Volume is already used by ${more}`
    : "Volume is already exclusively attached to one node and can't be attached to another";
}

/** What a node is told that it has, in upstream's form; the order stays, so that equal lists are equal. */
export const volumesAttached = (names: readonly string[]): { name: string; devicePath: string }[] =>
  [...new Set(names)].sort().map((name) => ({ name, devicePath: '' }));
