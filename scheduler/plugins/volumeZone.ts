// Filter: a volume with a zone or region label can be used on nodes of that zone or region alone.
// Reads: claims, volumes, classes. Mirrors: plugins/volumezone/volume_zone.go.
import { isDeepStrictEqual } from 'node:util';
import { persistentVolumeClaims, persistentVolumes, storageClasses } from '../../apimachinery/resources.ts';
import { classOf } from '../../apimachinery/storage/claims.ts';
import type { Node, PersistentVolume, PersistentVolumeClaim, StorageClass } from '../../apimachinery/types.ts';
import { action } from '../clusterEvents.ts';
import { type PluginFactory, type Status, unresolvable } from '../framework.ts';
import type { PodInfo } from '../podInfo.ts';

const name = 'VolumeZone';
const refusal = unresolvable(name, 'node(s) had no available volume zone');

/** Each with the name that took its place. */
const labels: readonly [key: string, now: string][] = [
  ['failure-domain.beta.kubernetes.io/zone', 'topology.kubernetes.io/zone'],
  ['failure-domain.beta.kubernetes.io/region', 'topology.kubernetes.io/region'],
  ['topology.kubernetes.io/zone', 'topology.kubernetes.io/zone'],
  ['topology.kubernetes.io/region', 'topology.kubernetes.io/region'],
];

interface Place {
  key: string;
  now: string;
  values: readonly string[];
}

/** A label may name several, with `__` between; one with an empty part says nothing. */
function placesOf({ metadata }: PersistentVolume): Place[] {
  return labels.flatMap(([key, now]) => {
    const values = metadata.labels?.[key]?.split('__').map((v) => v.trim());
    return values?.every((v) => v !== '') ? [{ key, now, values }] : [];
  });
}

function isIn(node: Node, places: readonly Place[]): boolean {
  const { labels: own = {} } = node.metadata;
  // A cluster in one zone need not label its nodes.
  if (!labels.some(([key]) => own[key] !== undefined)) return true;
  return places.every(({ key, now, values }) => values.includes(own[key] ?? own[now] ?? ''));
}

const claimNames = ({ pod }: PodInfo): string[] =>
  (pod.spec?.volumes ?? []).filter((v) => v.persistentVolumeClaim).map((v) => v.persistentVolumeClaim!.claimName);

export const volumeZone: PluginFactory = ({ informers }) => {
  const claims = informers.informer(persistentVolumeClaims);
  const volumes = informers.informer(persistentVolumes);
  const classes = informers.informer(storageClasses);
  const missing = (kind: string, what: string) => unresolvable(name, `${kind} "${what}" not found`);

  /** [] while the claim waits for its first consumer. */
  function placesFor(namespace: string, claimName: string): Place[] | Status {
    if (!claimName) return unresolvable(name, 'PersistentVolumeClaim had no name');
    const claim = claims.get(`${namespace}/${claimName}`);
    if (!claim) return missing('persistentvolumeclaim', claimName);
    const volumeName = claim.spec?.volumeName;
    if (!volumeName) return whyUnbound(claim) ?? [];
    const volume = volumes.get(volumeName);
    return volume ? placesOf(volume) : missing('persistentvolume', volumeName);
  }

  function whyUnbound(claim: PersistentVolumeClaim): Status | undefined {
    const className = classOf(claim);
    if (!className) return unresolvable(name, 'PersistentVolumeClaim had no pv name and storageClass name');
    const found = classes.get(className);
    if (!found) return missing('storageclass.storage.k8s.io', className);
    if (!found.volumeBindingMode)
      return unresolvable(name, `VolumeBindingMode not set for StorageClass "${className}"`);
    if (found.volumeBindingMode === 'WaitForFirstConsumer') return undefined;
    return unresolvable(name, 'PersistentVolume had no name');
  }

  return {
    name,
    preFilter(info) {
      const all: Place[] = [];
      for (const claimName of claimNames(info)) {
        const places = placesFor(info.namespace, claimName);
        if (!Array.isArray(places)) return places;
        all.push(...places);
      }
      return all.length ? { test: ({ node }) => (isIn(node!, all) ? undefined : refusal) } : undefined;
    },
    events: [
      {
        resource: 'StorageClass',
        actions: action.add,
        helps: (_pod, _old, now: StorageClass) => now.volumeBindingMode === 'WaitForFirstConsumer',
      },
      { resource: 'Node', actions: action.add | action.updateNodeLabel },
      {
        resource: 'PersistentVolumeClaim',
        actions: action.add | action.update,
        helps: (pod, _old, { metadata }: PersistentVolumeClaim) =>
          metadata.namespace === pod.namespace && claimNames(pod).includes(metadata.name),
      },
      {
        resource: 'PersistentVolume',
        actions: action.add | action.update,
        helps: (_pod, old: PersistentVolume | undefined, now: PersistentVolume) =>
          !old || !isDeepStrictEqual(placesOf(old), placesOf(now)),
      },
    ],
  };
};
