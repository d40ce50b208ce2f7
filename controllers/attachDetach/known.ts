// What is attached where, as far as we know: attachments that the watch has brought and those that we made a moment ago, or perhaps made.
// A volume for one node at a time is attached nowhere else while any of them may be there. And what each node is told of it.
// Reads: volumeattachments, nodes. Writes: volumeattachments, nodes/status.
// Mirrors: attachdetach/cache/actual_state_of_world.go, attachdetach/statusupdater. Used by: attachDetach.ts.
import { deepEqual } from '../../apimachinery/deepEqual.ts';
import { nodes, persistentVolumes, volumeAttachments } from '../../apimachinery/resources.ts';
import type { Node, PersistentVolume, VolumeAttachment } from '../../apimachinery/types.ts';
import type { Client } from '../../client/client.ts';
import type { InformerFactory } from '../../client/informer.ts';
import { tolerate } from '../common/errors.ts';
import { createLatest, type Latest } from '../common/latest.ts';
import { volumesAttached } from './plan.ts';
import { attachmentName, needsAttach, uniqueName } from './volumes.ts';

export interface Known {
  attachments: Latest<VolumeAttachment>;
  nodes: Latest<Node>;
  /** Attachments that we made or tried to make, by the volume's unique name. */
  tried: Map<string, Set<string>>;
  /** Of these nobody told us whether they were made. */
  unsure: Set<string>;
  /** Attachments that go, by uid, and since when: no node is told of them any more, however long the watch still shows them. */
  detaching: Map<string, number>;
  /** Of these, those of which the server has taken the deletion. */
  deleted: Set<string>;
  /** Nodes of which nobody told us whether their status was written. */
  unsureNodes: Set<string>;
  /** The last write to each node: they take turns, so that none takes back what the one before has said. */
  turns: Map<string, Promise<unknown>>;
}

export const createKnown = (informers: InformerFactory): Known => ({
  attachments: createLatest(informers.informer(volumeAttachments)),
  nodes: createLatest(informers.informer(nodes)),
  tried: new Map(),
  unsure: new Set(),
  detaching: new Map(),
  deleted: new Set(),
  unsureNodes: new Set(),
  turns: new Map(),
});

/** Ours are those of the name that we give; others' are left alone. */
export function attachmentsOf(volume: PersistentVolume, informers: InformerFactory, k: Known): VolumeAttachment[] {
  const seen = informers.informer(volumeAttachments).byIndex('volume', volume.metadata.name);
  const names = new Set([...seen.map((a) => a.metadata.name), ...(k.tried.get(uniqueName(volume)) ?? [])]);
  return [...names]
    .map(k.attachments.get)
    .filter((a) => a !== undefined)
    .filter((a) => a.metadata.name === attachmentName(volume, a.spec.nodeName))
    .map((a) => (k.deleted.has(a.metadata.uid!) ? going(a) : a));
}

/** As the watch will show it, or not show it any more, in a moment. */
const going = (a: VolumeAttachment): VolumeAttachment => ({
  ...a,
  metadata: { ...a.metadata, deletionTimestamp: a.metadata.deletionTimestamp ?? 'now' },
});

/** From now until somebody has said so, nobody knows whether it is there. */
function isUncertain(volume: PersistentVolume, name: string, k: Known): void {
  const unique = uniqueName(volume);
  k.tried.set(unique, new Set([...(k.tried.get(unique) ?? []), name]));
  k.unsure.add(name);
}

/** Rejects as the client does; then it may have been made all the same. */
export async function create(
  volume: PersistentVolume,
  wanted: VolumeAttachment,
  client: Client,
  k: Known,
): Promise<void> {
  const { name } = wanted.metadata;
  isUncertain(volume, name, k);
  k.attachments.wrote(await client.create(volumeAttachments, wanted));
  k.unsure.delete(name);
}

/** Rejects as the client does; then it may go all the same. That it goes, or is gone, the watch may say later. */
export async function remove(
  volume: PersistentVolume,
  { name, uid }: { name: string; uid: string },
  client: Client,
  k: Known,
): Promise<void> {
  isUncertain(volume, name, k);
  await tolerate(['NotFound'], client.delete(volumeAttachments, name, '', { preconditions: { uid } }));
  k.deleted.add(uid);
}

/** Asks the server for what we may have made or deleted, and forgets what is gone. Before anything is decided. */
export async function settleUnsure(
  volume: PersistentVolume,
  informers: InformerFactory,
  client: Client,
  k: Known,
): Promise<void> {
  const unique = uniqueName(volume);
  for (const name of k.tried.get(unique) ?? []) {
    if (!k.unsure.has(name)) continue;
    const found = await tolerate(['NotFound'], client.get(volumeAttachments, name));
    const known = k.attachments.get(name);
    if (found) k.attachments.wrote(found);
    // What we know is not what is there.
    if (known && known.metadata.uid !== found?.metadata.uid) k.deleted.add(known.metadata.uid!);
    k.unsure.delete(name);
    if (found && !found.metadata.deletionTimestamp && k.detaching.has(found.metadata.uid!))
      await keep(found.metadata.uid!, found.spec.nodeName, informers, client, k);
  }
  const left = [...(k.tried.get(unique) ?? [])].filter((name) => k.attachments.get(name));
  if (left.length) k.tried.set(unique, new Set(left));
  else k.tried.delete(unique);
}

/** Milliseconds after which no watch shows any more what has gone. */
const longForgotten = 10 * 60_000;

export function goes(k: Known, uid: string, now: number): void {
  for (const [old, since] of k.detaching) {
    if (now - since <= longForgotten) continue;
    k.detaching.delete(old);
    k.deleted.delete(old);
  }
  k.detaching.set(uid, now);
}

/** It does not go after all: the node is told that it still has it. */
export function keep(uid: string, node: string, informers: InformerFactory, client: Client, k: Known): Promise<void> {
  k.detaching.delete(uid);
  return syncNode(node, informers, client, k);
}

/** Tells a node what it has. */
export async function syncNode(name: string, informers: InformerFactory, client: Client, k: Known): Promise<void> {
  const before = k.turns.get(name);
  const turn = (async () => {
    await before?.catch(() => {});
    await writeNode(name, informers, client, k);
  })();
  k.turns.set(name, turn);
  try {
    await turn;
  } finally {
    if (k.turns.get(name) === turn) k.turns.delete(name);
  }
}

async function writeNode(name: string, informers: InformerFactory, client: Client, k: Known): Promise<void> {
  const node = k.nodes.get(name);
  const has = attachedTo(name, informers, k);
  if (!node) return;
  const now = node.status?.volumesAttached ?? [];
  // Other kinds of volumes are not ours to tell of.
  const next = [...now.filter((v) => !v.name.startsWith('kubernetes.io/csi/')), ...volumesAttached(has)];
  if (deepEqual(now, next) && !k.unsureNodes.has(name)) return;
  k.unsureNodes.add(name);
  const patch = { metadata: { uid: node.metadata.uid }, status: { volumesAttached: next } };
  const work = client.patch(nodes, name, undefined, 'merge', patch, { subresource: 'status' });
  const written = await tolerate(['NotFound'], work);
  if (written) k.nodes.wrote(written);
  k.unsureNodes.delete(name);
}

/** Unique names: attached, and neither on the way out nor of a driver that attaches nothing. */
function attachedTo(name: string, informers: InformerFactory, k: Known): string[] {
  const all = informers.informer(volumeAttachments).byIndex('node', name) as VolumeAttachment[];
  return all.flatMap(({ metadata, spec, status }) => {
    const volume = informers.informer(persistentVolumes).get(spec.source.persistentVolumeName ?? '') as
      | PersistentVolume
      | undefined;
    if (metadata.deletionTimestamp || k.detaching.has(metadata.uid!) || !status?.attached || !volume) return [];
    const isOurs = needsAttach(volume, informers) && metadata.name === attachmentName(volume, name);
    return isOurs ? [uniqueName(volume)] : [];
  });
}
