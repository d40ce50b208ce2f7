// Filter: a node can have so many volumes of a CSI driver attached and no more.
// Reads: CSINodes, VolumeAttachments, claims, volumes, classes, the pods of nodes. Mirrors: plugins/nodevolumelimits/csi.go.

import {
  csiNodes,
  persistentVolumeClaims,
  persistentVolumes,
  storageClasses,
  volumeAttachments,
} from '../../apimachinery/resources.ts';
import { classOf } from '../../apimachinery/storage/claims.ts';
import { claimOf, claimsOf, notMadeFor } from '../../apimachinery/storage/podVolumes.ts';
import type { CSINode, PersistentVolumeClaim, Pod, Volume, VolumeAttachment } from '../../apimachinery/types.ts';
import { action } from '../clusterEvents.ts';
import { type PluginFactory, type Status, unresolvable, unschedulable } from '../framework.ts';
import type { NodeInfo } from '../nodeInfo.ts';
import type { PodInfo } from '../podInfo.ts';
import { type CsiVolume, csiVolumeOf, csiVolumeOfPv, driverOfProvisioner, isInTree } from './inTreeVolumes.ts';
import { isClaimOf } from './volumeBinding/hints.ts';

const name = 'NodeVolumeLimits';
const tooMany = unschedulable(name, 'node(s) exceed max volume count');
const nodeIndex = 'nodeName';
/** No volume is called so: stands for the one that a claim will get. */
const unboundPrefix = 'unbound\0';

/** The driver of each volume, by `driver/handle`. */
type Attached = Map<string, string>;

const concerns = (v: Volume) => v.persistentVolumeClaim !== undefined || v.ephemeral !== undefined || isInTree(v);

function note({ driver, handle }: CsiVolume, attached: Attached): void {
  if (driver && handle) attached.set(`${driver}/${handle}`, driver);
}

const limitsOf = (csiNode: CSINode | undefined): ReadonlyMap<string, number> =>
  new Map(
    (csiNode?.spec?.drivers ?? [])
      .filter((d) => d.allocatable?.count !== undefined)
      .map((d) => [d.name, d.allocatable!.count!]),
  );

export const nodeVolumeLimits: PluginFactory = ({ informers }) => {
  const claims = informers.informer(persistentVolumeClaims);
  const volumes = informers.informer(persistentVolumes);
  const classes = informers.informer(storageClasses);
  const nodesOfCsi = informers.informer(csiNodes);
  const attachments = informers.informer(volumeAttachments);
  attachments.addIndex(nodeIndex, (va) => [va.spec!.nodeName]);

  /** Into `attached`; what is wrong with a claim of the pod, if anything. */
  function collect(pod: Pod, csiNode: CSINode | undefined, attached: Attached): string | undefined {
    let wrong: string | undefined;
    for (const volume of pod.spec?.volumes ?? []) {
      const use = claimOf(pod, volume);
      if (!use) {
        const own = csiVolumeOf(volume, csiNode);
        if (own) note(own, attached);
        continue;
      }
      const key = `${pod.metadata.namespace}/${use.name}`;
      const claim = claims.get(key);
      const why = claim
        ? use.ephemeral && notMadeFor(pod, claim)
        : `looking up PVC ${key}: persistentvolumeclaim "${use.name}" not found`;
      if (why) wrong ??= why;
      else note(volumeOf(claim!, csiNode), attached);
    }
    return wrong;
  }

  function volumeOf(claim: PersistentVolumeClaim, csiNode: CSINode | undefined): CsiVolume {
    const volume = claim.spec?.volumeName ? volumes.get(claim.spec.volumeName) : undefined;
    if (volume) return csiVolumeOfPv(volume, csiNode) ?? { driver: '', handle: '' };
    const provisioner = classes.get(classOf(claim))?.provisioner ?? '';
    const handle = `${unboundPrefix}${claim.metadata.namespace}/${claim.metadata.name}`;
    return { driver: driverOfProvisioner(provisioner, csiNode), handle };
  }

  function collectAttachments(node: string, csiNode: CSINode | undefined, attached: Attached): void {
    for (const { spec } of attachments.byIndex(nodeIndex, node)) {
      const { persistentVolumeName, inlineVolumeSpec } = spec!.source;
      const volume = persistentVolumeName ? volumes.get(persistentVolumeName)?.spec : inlineVolumeSpec;
      const found = volume && csiVolumeOfPv({ spec: volume } as any, csiNode);
      if (found?.driver === spec!.attacher) note(found, attached);
    }
  }

  function test({ pod }: PodInfo, node: NodeInfo): Status | undefined {
    const csiNode = nodesOfCsi.get(node.name);
    const wanted: Attached = new Map();
    const wrong = collect(pod, csiNode, wanted);
    if (wrong) return unresolvable(name, wrong);
    const limits = limitsOf(csiNode);
    if (!wanted.size || !limits.size) return undefined;
    const attached: Attached = new Map();
    for (const p of node.pods) if (p.pod.spec?.volumes?.some(concerns)) collect(p.pod, csiNode, attached);
    collectAttachments(node.name, csiNode, attached);
    // A volume that is there already does not count twice.
    const all = new Map([...attached, ...wanted]);
    const added = new Set([...wanted].filter(([key]) => !attached.has(key)).map(([, driver]) => driver));
    for (const driver of added) {
      const limit = limits.get(driver);
      if (limit !== undefined && countOf(all, driver) > limit) return tooMany;
    }
    return undefined;
  }

  return {
    name,
    preFilter: (info) => (info.pod.spec?.volumes?.some(concerns) ? { test: (node) => test(info, node) } : undefined),
    events: [
      { resource: 'CSINode', actions: action.add },
      { resource: 'CSINode', actions: action.update, helps: (_pod, old, now) => raisesALimit(old, now) },
      {
        resource: 'AssignedPod',
        actions: action.delete,
        helps: (_pod, old: PodInfo) => old.pod.spec?.volumes?.some(concerns) ?? false,
      },
      {
        resource: 'PersistentVolumeClaim',
        actions: action.add,
        helps: (pod, _old, now: PersistentVolumeClaim) => isClaimOf(pod, now),
      },
      { resource: 'VolumeAttachment', actions: action.delete, helps: detachmentHelps },
    ],
  };

  /** A place of a driver whose volumes the pod wants, or one of its own volumes, is free. */
  function detachmentHelps(info: PodInfo, { spec }: VolumeAttachment): boolean {
    const csiNode = nodesOfCsi.get(spec!.nodeName);
    const wanted: Attached = new Map();
    collect(info.pod, csiNode, wanted);
    const isOwn = claimsOf(info.pod).some(
      (c) => claims.get(`${info.namespace}/${c.name}`)?.spec?.volumeName === spec!.source.persistentVolumeName,
    );
    return isOwn || [...wanted.values()].includes(spec!.attacher);
  }
};

const countOf = (attached: Attached, driver: string): number => {
  let n = 0;
  for (const d of attached.values()) if (d === driver) n++;
  return n;
};

function raisesALimit(old: CSINode, now: CSINode): boolean {
  const before = limitsOf(old);
  const drivers = new Set((now.spec?.drivers ?? []).map((d) => d.name));
  // A driver whose limit went away has none now.
  const unlimited = [...before.keys()].some((d) => drivers.has(d) && !limitsOf(now).has(d));
  return unlimited || [...limitsOf(now)].some(([driver, count]) => count > (before.get(driver) ?? Infinity));
}
