// Old built-in volume plugins whose work a CSI driver does now: their volumes are made, attached and grown by that driver.
// Data and look-ups. Mirrors: k8s.io/csi-translation-lib (translate.go and plugins/). Used by: persistentVolume/, volumeExpansion.ts.
import type { PersistentVolume } from '../../apimachinery/types.ts';

interface Migrated {
  plugin: string;
  driver: string;
  /** Its field in a volume's spec. */
  source: string;
}

const rows: Migrated[] = [
  { plugin: 'kubernetes.io/aws-ebs', driver: 'ebs.csi.aws.com', source: 'awsElasticBlockStore' },
  { plugin: 'kubernetes.io/gce-pd', driver: 'pd.csi.storage.gke.io', source: 'gcePersistentDisk' },
  { plugin: 'kubernetes.io/cinder', driver: 'cinder.csi.openstack.org', source: 'cinder' },
  { plugin: 'kubernetes.io/azure-disk', driver: 'disk.csi.azure.com', source: 'azureDisk' },
  { plugin: 'kubernetes.io/azure-file', driver: 'file.csi.azure.com', source: 'azureFile' },
  { plugin: 'kubernetes.io/vsphere-volume', driver: 'csi.vsphere.vmware.com', source: 'vsphereVolume' },
  { plugin: 'kubernetes.io/portworx-volume', driver: 'pxd.portworx.com', source: 'portworxVolume' },
];

/** The driver that has taken over for a provisioner. */
export const driverInPlaceOf = (provisioner: string): string | undefined =>
  rows.find((r) => r.plugin === provisioner)?.driver;

/** What a volume was of, and who looks after it now. */
export const migratedSourceOf = ({ spec }: PersistentVolume): Migrated | undefined =>
  rows.find((r) => spec?.[r.source as keyof typeof spec]);
