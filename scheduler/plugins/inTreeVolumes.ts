// Volumes of the old in-tree plugins as the CSI drivers that took them over know them.
// Pure. Mirrors: csi-translation-lib, pkg/scheduler/framework/plugins/nodevolumelimits/utils.go.
// Used by: nodeVolumeLimits.ts and volumeBinding/hints.ts.
import type { CSINode, PersistentVolume, Volume } from '../../apimachinery/types.ts';

/** On a CSINode: the in-tree plugins whose volumes are attached by CSI there. */
export const migratedPlugins = 'storage.alpha.kubernetes.io/migrated-plugins';

export interface CsiVolume {
  driver: string;
  handle: string;
}

interface Row {
  plugin: string;
  driver: string;
  handle(source: any): string | undefined;
}

type Source = keyof Volume;

const rows: readonly (Row & { source: Source })[] = [
  {
    source: 'awsElasticBlockStore',
    plugin: 'kubernetes.io/aws-ebs',
    driver: 'ebs.csi.aws.com',
    handle: ({ volumeID }) => volumeID?.split('/').at(-1),
  },
  {
    source: 'gcePersistentDisk',
    plugin: 'kubernetes.io/gce-pd',
    driver: 'pd.csi.storage.gke.io',
    handle: ({ pdName }) => `projects/UNSPECIFIED/zones/UNSPECIFIED/disks/${pdName}`,
  },
  {
    source: 'azureDisk',
    plugin: 'kubernetes.io/azure-disk',
    driver: 'disk.csi.azure.com',
    handle: ({ diskURI }) => diskURI,
  },
  {
    source: 'cinder',
    plugin: 'kubernetes.io/cinder',
    driver: 'cinder.csi.openstack.org',
    handle: ({ volumeID }) => volumeID,
  },
  {
    source: 'vsphereVolume',
    plugin: 'kubernetes.io/vsphere-volume',
    driver: 'csi.vsphere.vmware.com',
    handle: ({ volumePath }) => volumePath,
  },
  {
    source: 'portworxVolume',
    plugin: 'kubernetes.io/portworx-volume',
    driver: 'pxd.portworx.com',
    handle: ({ volumeID }) => volumeID,
  },
];

const isMigrated = (csiNode: CSINode | undefined, plugin: string): boolean =>
  csiNode?.metadata.annotations?.[migratedPlugins]?.split(',').includes(plugin) ?? false;

const rowOf = (spec: object) => rows.find(({ source }) => (spec as Record<string, unknown>)[source] !== undefined);

/** Does the volume of a pod stand for one of a CSI driver? */
export const isInTree = (volume: Volume): boolean => rowOf(volume) !== undefined;

/** undefined: not a volume that a driver attaches on this node. */
export function csiVolumeOf(spec: object | undefined, csiNode: CSINode | undefined): CsiVolume | undefined {
  const row = spec && rowOf(spec);
  if (!row || !isMigrated(csiNode, row.plugin)) return undefined;
  const handle = row.handle((spec as Record<string, unknown>)[row.source]);
  return handle ? { driver: row.driver, handle } : undefined;
}

export function csiVolumeOfPv({ spec }: PersistentVolume, csiNode: CSINode | undefined): CsiVolume | undefined {
  if (spec?.csi) return { driver: spec.csi.driver, handle: spec.csi.volumeHandle };
  return csiVolumeOf(spec, csiNode);
}

/** The driver that makes volumes of a class; '' when none on this node does. */
export function driverOfProvisioner(provisioner: string, csiNode: CSINode | undefined): string {
  const row = rows.find(({ plugin }) => plugin === provisioner);
  if (!row) return provisioner;
  return isMigrated(csiNode, row.plugin) ? row.driver : '';
}
