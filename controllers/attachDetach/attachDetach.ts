// Has volumes attached to the nodes whose pods use them and detached when none does: it writes VolumeAttachments, CSI drivers'
// attachers do the work. A node is told in its status what it has; what it still uses is not taken from it.
// Reads: pods, claims, volumes, nodes, csidrivers, volumeattachments. Writes: volumeattachments, nodes/status, Events.
// Mirrors: pkg/controller/volume/attachdetach, pkg/volume/csi/csi_attacher.go. Next: volumes.ts (what), plan.ts (where), known.ts (what is there).
import { deepEqual } from '../../apimachinery/deepEqual.ts';
import {
  csiDrivers,
  nodes,
  persistentVolumeClaims,
  persistentVolumes,
  pods,
  volumeAttachments,
} from '../../apimachinery/resources.ts';
import type { Node, PersistentVolume, Pod, VolumeAttachment } from '../../apimachinery/types.ts';
import { sleep } from '../../client/backoff.ts';
import { type Controller, type ControllerContext, type Enqueue, type Result, watch } from '../../client/controller.ts';
import { tolerate } from '../common/errors.ts';
import { createFailureBackoff, type FailureBackoff } from '../common/failureBackoff.ts';
import { hasLeft, indexPodsByClaim, podsOfClaim } from '../common/podsOfClaims.ts';
import { attachmentsOf, create, createKnown, goes, type Known, keep, remove, settleUnsure, syncNode } from './known.ts';
import { isMounted, planAttachments, type VolumeActions } from './plan.ts';
import { attachableOf, attachmentName, uniqueName } from './volumes.ts';

export interface AttachDetachOptions {
  /** Milliseconds between two looks at all; 0: only when something happens. */
  syncPeriod: number;
  /** --disable-force-detach-on-timeout */
  neverForce: boolean;
}

const managed = 'volumes.kubernetes.io/controller-managed-attach-detach';
const firstRetry = 500;
const lastRetry = 122_000;

/** What no object tells: since when, whom we told, what we wait for. A new process begins with none of it, and loses only waits. */
interface Memory extends Known {
  unwantedSince: Map<string, number>;
  toldBlocked: Set<string>;
  attaching: Set<string>;
  failures: FailureBackoff;
}

const volumeKey = (name: string) => `volume ${name}`;
const nodeKey = (name: string) => `node ${name}`;
const at = (volume: PersistentVolume, node: string) => `${uniqueName(volume)} ${node}`;

export function attachDetachController(o: AttachDetachOptions): Controller {
  let memory: Memory;
  const volumesOf = (pod: Pod, { informers }: ControllerContext) =>
    pod.spec?.nodeName ? attachableOf(pod, informers).map((v) => volumeKey(uniqueName(v))) : [];
  return {
    name: 'persistentvolume-attach-detach-controller',
    serviceAccount: 'attachdetach-controller',
    eventSource: 'attachdetach-controller',
    watches: [
      watch({
        resource: pods,
        keys: volumesOf,
        when: (pod, old) => pod.spec?.nodeName !== old.spec?.nodeName || hasLeft(pod) !== hasLeft(old),
      }),
      watch({
        resource: persistentVolumeClaims,
        keys: (claim, { informers }) => volumesNamed(informers, claim.spec?.volumeName),
      }),
      watch({ resource: persistentVolumes, keys: (v) => (v.spec?.csi ? [volumeKey(uniqueName(v))] : []) }),
      watch({
        resource: volumeAttachments,
        keys: ({ spec }, { informers }) => [
          ...volumesNamed(informers, spec.source.persistentVolumeName),
          nodeKey(spec.nodeName),
        ],
      }),
      watch({
        resource: csiDrivers,
        keys: ({ metadata }, context) => allVolumes(context).filter((key) => key.includes(`/${metadata.name}^`)),
      }),
      watch({
        resource: nodes,
        keys: (node) => [nodeKey(node.metadata.name), ...volumesOn(node).map(volumeKey)],
        when: (node, old) => !deepEqual(whatCounts(node), whatCounts(old)),
      }),
    ],
    setup({ informers, clock }) {
      indexPodsByClaim(informers);
      informers.informer(persistentVolumes).addIndex('unique name', (v) => (v.spec?.csi ? [uniqueName(v)] : []));
      const attachments = informers.informer(volumeAttachments);
      attachments.addIndex('volume', (a) => [a.spec.source.persistentVolumeName ?? '']);
      attachments.addIndex('node', (a) => [a.spec.nodeName]);
      const failures = createFailureBackoff(clock, firstRetry, lastRetry);
      memory = {
        ...createKnown(informers),
        unwantedSince: new Map(),
        toldBlocked: new Set(),
        attaching: new Set(),
        failures,
      };
    },
    async reconcile(key, context) {
      const space = key.indexOf(' ');
      const name = key.slice(space + 1);
      if (key.startsWith('node ')) {
        await syncNode(name, context.informers, context.client, memory);
        return undefined;
      }
      const volume = context.informers.informer(persistentVolumes).byIndex('unique name', name)[0];
      return volume ? syncVolume(volume as PersistentVolume, context, memory, o) : undefined;
    },
    run: (context, enqueue, signal) => lookAtAll(context, enqueue, o.syncPeriod, signal),
  };
}

/** An attachment that somebody else deleted, or a node whose status somebody else wrote, is found by this at the latest. */
async function lookAtAll(context: ControllerContext, enqueue: Enqueue, period: number, signal: AbortSignal) {
  if (!period) return;
  for (await sleep(context.clock, period, signal); !signal.aborted; await sleep(context.clock, period, signal)) {
    const used = context.informers.informer(volumeAttachments).list() as VolumeAttachment[];
    for (const node of new Set(used.map((a) => a.spec.nodeName))) enqueue(nodeKey(node));
    for (const key of allVolumes(context)) enqueue(key);
  }
}

const allVolumes = ({ informers }: ControllerContext): string[] =>
  (informers.informer(persistentVolumes).list() as PersistentVolume[])
    .filter((v) => v.spec?.csi)
    .map((v) => volumeKey(uniqueName(v)));

function volumesNamed(informers: ControllerContext['informers'], name: string | undefined): string[] {
  const volume = name ? (informers.informer(persistentVolumes).get(name) as PersistentVolume | undefined) : undefined;
  return volume?.spec?.csi ? [volumeKey(uniqueName(volume))] : [];
}

const volumesOn = ({ status }: Node): string[] => [
  ...(status?.volumesInUse ?? []),
  ...(status?.volumesAttached ?? []).map((v) => v.name),
];

const isReady = ({ status }: Node) => status?.conditions?.some((c) => c.type === 'Ready' && c.status === 'True');
const whatCounts = (node: Node) => [
  node.status?.volumesInUse,
  node.status?.volumesAttached,
  node.spec?.taints,
  node.metadata.annotations?.[managed],
  isReady(node),
];

function wantedOn(volume: PersistentVolume, { informers }: ControllerContext): Map<string, Pod[]> {
  const wanted = new Map<string, Pod[]>();
  const ref = volume.spec?.claimRef;
  const users = ref ? podsOfClaim(informers, `${ref.namespace}/${ref.name}`) : [];
  for (const pod of users) {
    const name = pod.spec?.nodeName;
    const node = name && (informers.informer(nodes).get(name) as Node | undefined);
    if (!node || hasLeft(pod) || node.metadata.annotations?.[managed] !== 'true') continue;
    if (!attachableOf(pod, informers).some((v) => v.metadata.name === volume.metadata.name)) continue;
    wanted.set(name, [...(wanted.get(name) ?? []), pod]);
  }
  return wanted;
}

async function syncVolume(
  volume: PersistentVolume,
  context: ControllerContext,
  memory: Memory,
  o: AttachDetachOptions,
): Promise<Result> {
  const { informers, clock } = context;
  await settleUnsure(volume, informers, context.client, memory);
  const wanted = wantedOn(volume, context);
  const attachments = attachmentsOf(volume, informers, memory);
  const now = clock.now();
  for (const { spec } of attachments) {
    const key = at(volume, spec.nodeName);
    if (wanted.has(spec.nodeName)) memory.unwantedSince.delete(key);
    else if (!memory.unwantedSince.has(key)) memory.unwantedSince.set(key, now);
  }
  const plan = planAttachments(volume, {
    wanted,
    attachments,
    node: memory.nodes.get,
    unwantedSince: (node) => memory.unwantedSince.get(at(volume, node)) ?? now,
    now,
    neverForce: o.neverForce,
  });
  for (const { attachment, force } of plan.detach) await detach(volume, attachment, force, context, memory);
  for (const node of plan.attach) await attach(volume, node, context, memory);
  tellBlocked(volume, plan, context, memory);
  const waits = attachments.map((a) => followAttach(volume, a, wanted.get(a.spec.nodeName) ?? [], context, memory));
  const after = Math.min(...[plan.after, ...waits].filter((ms) => ms !== undefined));
  return Number.isFinite(after) ? { after } : undefined;
}

async function attach(volume: PersistentVolume, node: string, { client }: ControllerContext, memory: Memory) {
  const name = attachmentName(volume, node);
  memory.attaching.add(name);
  const source = { persistentVolumeName: volume.metadata.name };
  const spec = { nodeName: node, source, attacher: volume.spec!.csi!.driver };
  await create(volume, { metadata: { name }, spec } as VolumeAttachment, client, memory);
}

/**
 * First the node hears that it has it no more, so that nothing new is mounted there; then it is asked whether it uses it, since it says so
 * before it looks whether it may; then it goes.
 */
async function detach(
  volume: PersistentVolume,
  { metadata: { name, uid }, spec: { nodeName } }: VolumeAttachment,
  force: boolean,
  { client, informers, clock }: ControllerContext,
  memory: Memory,
): Promise<void> {
  memory.attaching.delete(name);
  goes(memory, uid!, clock.now());
  try {
    await syncNode(nodeName, informers, client, memory);
    const node = force ? undefined : await tolerate(['NotFound'], client.get(nodes, nodeName));
    if (node && isMounted(volume, memory.nodes.wrote(node)))
      return await keep(uid!, nodeName, informers, client, memory);
  } catch (error) {
    await keep(uid!, nodeName, informers, client, memory).catch(() => {});
    throw error;
  }
  await remove(volume, { name, uid: uid! }, client, memory);
  memory.unwantedSince.delete(at(volume, nodeName));
}

/** Once for a node, until it need not wait any more. */
function tellBlocked(
  volume: PersistentVolume,
  plan: VolumeActions,
  { events }: ControllerContext,
  memory: Memory,
): void {
  const blocked = new Set(plan.blocked.map(({ node }) => at(volume, node)));
  for (const key of memory.toldBlocked)
    if (key.startsWith(`${uniqueName(volume)} `) && !blocked.has(key)) memory.toldBlocked.delete(key);
  for (const { node, messages } of plan.blocked) {
    if (memory.toldBlocked.has(at(volume, node))) continue;
    memory.toldBlocked.add(at(volume, node));
    for (const { pod, text } of messages) events.event(pod, 'Warning', 'FailedAttachVolume', text);
  }
}

/** Tells the pods how it went. Returns when to look again: a failure that lasts is told again, less and less often. */
function followAttach(
  volume: PersistentVolume,
  { metadata, status }: VolumeAttachment,
  users: readonly Pod[],
  { events }: ControllerContext,
  memory: Memory,
): number | undefined {
  const about = `for volume "${volume.metadata.name}"`;
  if (status?.attached) {
    if (!memory.attaching.delete(metadata.name)) return undefined;
    const text = `AttachVolume.Attach succeeded ${about} `;
    for (const pod of users) events.event(pod, 'Normal', 'SuccessfulAttachVolume', text);
    return undefined;
  }
  if (!users.length || metadata.deletionTimestamp) return undefined;
  memory.attaching.add(metadata.name);
  const why = status?.attachError?.message;
  if (why === undefined) return undefined;
  const left = memory.failures.left(metadata.name);
  if (left) return left;
  memory.failures.tried(metadata.name);
  const text = `AttachVolume.Attach failed ${about} : ${why}`;
  for (const pod of users) events.event(pod, 'Warning', 'FailedAttachVolume', text);
  return memory.failures.left(metadata.name);
}
