// Filter: a pod that asks for what no plugin here can give yet waits, and is told which field it is.
// Stands where VolumeBinding, VolumeZone, NodeVolumeLimits, VolumeRestrictions and DynamicResources are upstream; when one of
// them comes, its rows go. Reads: pods. Mirrors nothing.
import type { Pod, Volume } from '../../apimachinery/types.ts';
import { type PluginFactory, unresolvable, unschedulable } from '../framework.ts';

const name = 'UnsupportedFields';

/** Volumes that tie a pod to nodes, or nodes to a number of them. */
const volumeFields = [
  'persistentVolumeClaim',
  'ephemeral',
  'csi',
  'awsElasticBlockStore',
  'gcePersistentDisk',
  'azureDisk',
  'cinder',
  'iscsi',
  'rbd',
] as const satisfies readonly (keyof Volume)[];

/** The first such field of a pod. */
export function unsupportedField({ spec }: Pod): string | undefined {
  for (const [i, volume] of (spec?.volumes ?? []).entries()) {
    const field = volumeFields.find((f) => volume[f] !== undefined);
    if (field) return `spec.volumes[${i}].${field}`;
  }
  return spec?.resourceClaims?.length ? 'spec.resourceClaims' : undefined;
}

export const unsupportedFields: PluginFactory = () => ({
  name,
  preFilter({ pod }) {
    const field = unsupportedField(pod);
    return field ? unresolvable(name, `${field} is not supported by this scheduler`) : undefined;
  },
  /** What upstream's DynamicResources says of every pod without claims; people and programs know the sentence. */
  postFilter: () => ({ status: unschedulable(name, 'no new claims to deallocate') }),
  events: [],
});
