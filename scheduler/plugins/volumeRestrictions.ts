// Filter: a disk that only one machine or pod may use is in use already. Claims of access mode ReadWriteOncePod, and disks of
// old in-tree plugins. Reads: claims, the pods of nodes. Mirrors: plugins/volumerestrictions/volume_restrictions.go.
import { persistentVolumeClaims } from '../../apimachinery/resources.ts';
import type { PersistentVolumeClaim, Pod, Volume } from '../../apimachinery/types.ts';
import { action } from '../clusterEvents.ts';
import { type PluginFactory, unresolvable, unschedulable } from '../framework.ts';
import type { NodeInfo } from '../nodeInfo.ts';
import type { PodInfo } from '../podInfo.ts';

const name = 'VolumeRestrictions';
const diskConflict = unschedulable(name, 'node(s) had no available disk');
const claimConflict = unschedulable(
  name,
  'node has pod using PersistentVolumeClaim with the same name and ReadWriteOncePod access mode',
);

/** Which two volumes of a kind cannot be on one node. */
const conflicts: { [K in keyof Volume]?: (a: any, b: any) => boolean } = {
  gcePersistentDisk: (a, b) => a.pdName === b.pdName && !(a.readOnly && b.readOnly),
  awsElasticBlockStore: (a, b) => a.volumeID === b.volumeID,
  iscsi: (a, b) => a.iqn === b.iqn && !(a.readOnly && b.readOnly),
  rbd: (a, b) =>
    a.monitors?.some((m: string) => b.monitors?.includes(m)) &&
    (a.pool || 'rbd') === (b.pool || 'rbd') &&
    a.image === b.image &&
    !(a.readOnly && b.readOnly),
};
const kinds = Object.keys(conflicts) as (keyof Volume)[];

const disksOf = ({ spec }: Pod): Volume[] => (spec?.volumes ?? []).filter((v) => kinds.some((k) => v[k] !== undefined));

const clash = (disks: readonly Volume[], other: Pod): boolean =>
  disks.some((a) =>
    other.spec?.volumes?.some((b) =>
      kinds.some((k) => a[k] !== undefined && b[k] !== undefined && conflicts[k]!(a[k], b[k])),
    ),
  );

const claimNames = ({ spec }: Pod): string[] =>
  (spec?.volumes ?? []).map((v) => v.persistentVolumeClaim?.claimName).filter((n) => n !== undefined);

/** How many of the claims the pod uses. */
const uses = (claims: ReadonlySet<string>, namespace: string, { pod, namespace: its }: PodInfo): number =>
  its === namespace ? new Set(claimNames(pod)).intersection(claims).size : 0;

export const volumeRestrictions: PluginFactory = ({ informers, snapshot }) => {
  const allClaims = informers.informer(persistentVolumeClaims);

  /** The claims that one pod alone may use; the name of a claim when it is missing. */
  function exclusiveClaims({ pod, namespace }: PodInfo): ReadonlySet<string> | string {
    const found = new Set<string>();
    for (const claimName of claimNames(pod)) {
      const claim = allClaims.get(`${namespace}/${claimName}`);
      if (!claim) return claimName;
      if (claim.spec?.accessModes?.includes('ReadWriteOncePod')) found.add(claimName);
    }
    return found;
  }

  function claimsInUse(claims: ReadonlySet<string>, namespace: string): number {
    if (!claims.size) return 0;
    const used = new Set<string>();
    for (const { pods } of snapshot.nodes)
      for (const p of pods)
        if (p.namespace === namespace) for (const c of claimNames(p.pod)) if (claims.has(c)) used.add(c);
    return used.size;
  }

  return {
    name,
    preFilter(info) {
      if (!info.pod.spec?.volumes?.length) return undefined;
      const claims = exclusiveClaims(info);
      if (typeof claims === 'string') return unresolvable(name, `persistentvolumeclaim "${claims}" not found`);
      const disks = disksOf(info.pod);
      const inUse = claimsInUse(claims, info.namespace);
      if (!disks.length && !inUse) return undefined;
      const test = (used: number) => (node: NodeInfo) => {
        if (disks.length && node.pods.some(({ pod }) => clash(disks, pod))) return diskConflict;
        return used > 0 ? claimConflict : undefined;
      };
      const fork = () => {
        let used = inUse;
        return {
          test: (node: NodeInfo) => test(used)(node),
          change(p: PodInfo, _node: NodeInfo, sign: 1 | -1) {
            used += sign * uses(claims, info.namespace, p);
          },
        };
      };
      return { test: test(inUse), fork };
    },
    events: [
      {
        resource: 'AssignedPod',
        actions: action.delete,
        helps({ pod, namespace }, old: PodInfo) {
          if (old.namespace !== namespace) return false;
          return clash(disksOf(pod), old.pod) || uses(new Set(claimNames(pod)), namespace, old) > 0;
        },
      },
      { resource: 'Node', actions: action.add },
      {
        resource: 'PersistentVolumeClaim',
        actions: action.add,
        helps: ({ pod, namespace }, _old, { metadata }: PersistentVolumeClaim) =>
          metadata.namespace === namespace && claimNames(pod).includes(metadata.name),
      },
    ],
  };
};
