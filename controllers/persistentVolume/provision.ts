// A claim needs a volume that is not there: whoever makes volumes of its class is told so, by an annotation; the built-in plugin does it here.
// Reads: StorageClasses. Writes: annotations of claims, volumes of the built-in plugin, Events.
// Mirrors: provisionClaim, provisionClaimOperation(External) in persistentvolume/pv_controller.go. Next: hostPath.ts, addons/localPath.
import { persistentVolumes } from '../../apimachinery/resources.ts';
import { isReason } from '../../apimachinery/status.ts';
import {
  betaStorageProvisioner,
  boundByController,
  inTreeProtection,
  provisionedBy,
  selectedNode,
  storageProvisioner,
} from '../../apimachinery/storage/annotations.ts';
import { claimReference } from '../../apimachinery/storage/binding.ts';
import { classOf } from '../../apimachinery/storage/claims.ts';
import type { PersistentVolumeClaim, StorageClass } from '../../apimachinery/types.ts';
import { driverInPlaceOf } from '../common/csiMigration.ts';
import { tolerate } from '../common/errors.ts';
import { type Binder, writeClaim } from './act.ts';
import { hostPathPlugin, provisionHostPath } from './hostPath.ts';

export interface ProvisionOptions {
  /** --enable-dynamic-provisioning */
  dynamic: boolean;
  /** --enable-hostpath-provisioner */
  hostPath: boolean;
}

/** Rejects when a write or the making failed: it is tried again. */
export async function provision(
  b: Binder,
  claim: PersistentVolumeClaim,
  storageClass: StorageClass | undefined,
  o: ProvisionOptions,
): Promise<void> {
  if (!o.dynamic) return;
  const refuse = (message: string) => b.events.event(claim, 'Warning', 'ProvisioningFailed', message);
  if (!storageClass) return refuse(`storageclass.storage.k8s.io "${classOf(claim)}" not found`);
  const { provisioner } = storageClass;
  if (provisioner === hostPathPlugin) return byHostPath(b, claim, storageClass, o);
  const driver = driverInPlaceOf(provisioner);
  if (!driver && provisioner.startsWith('kubernetes.io/'))
    return refuse(`no volume plugin matched name: ${provisioner}`);
  const told = await tell(b, claim, driver ?? provisioner);
  b.events.event(told, 'Normal', 'ExternalProvisioning', waitingFor(driver ?? provisioner));
}

const waitingFor = (provisioner: string) =>
  `Waiting for a volume to be created either by the external provisioner '${provisioner}' ` +
  'or manually by the system administrator. If volume creation is delayed, please verify that ' +
  'the provisioner is running and correctly registered.';

/** The annotations that provisioners wait for. */
async function tell(b: Binder, claim: PersistentVolumeClaim, provisioner: string): Promise<PersistentVolumeClaim> {
  const { annotations } = claim.metadata;
  const names = [betaStorageProvisioner, storageProvisioner];
  if (names.every((name) => annotations?.[name] === provisioner)) return claim;
  const added = Object.fromEntries(names.map((name) => [name, provisioner]));
  return writeClaim(b, { ...claim, metadata: { ...claim.metadata, annotations: { ...annotations, ...added } } });
}

/** Its name makes sure that a claim has one volume, whoever is killed meanwhile. */
export const provisionedName = (claim: PersistentVolumeClaim): string => `pvc-${claim.metadata.uid}`;

async function byHostPath(b: Binder, asked: PersistentVolumeClaim, storageClass: StorageClass, o: ProvisionOptions) {
  const why = whyNot(asked, storageClass, o);
  if (why) {
    b.events.event(asked, 'Warning', 'ProvisioningFailed', why);
    return;
  }
  const claim = await tell(b, asked, hostPathPlugin);
  const name = provisionedName(claim);
  if (await tolerate(['NotFound'], b.client.get(persistentVolumes, name))) return;
  try {
    const made = await provisionHostPath(claim, storageClass);
    const finalizers = storageClass.reclaimPolicy === 'Delete' ? [inTreeProtection] : undefined;
    const annotations = {
      ...made.metadata.annotations,
      [boundByController]: 'yes',
      [provisionedBy]: hostPathPlugin,
    };
    const spec = { ...made.spec, claimRef: claimReference(claim), storageClassName: storageClass.metadata.name };
    b.volumes.wrote(
      await b.client.create(persistentVolumes, { metadata: { name, annotations, finalizers }, spec } as never),
    );
  } catch (error) {
    if (isReason(error, 'AlreadyExists')) return;
    await reschedule(b, claim);
    const message = `Failed to provision volume with StorageClass "${storageClass.metadata.name}": ${(error as Error).message}`;
    b.events.event(claim, 'Warning', 'ProvisioningFailed', message);
    throw error;
  }
  const message = `Successfully provisioned volume ${name} using ${hostPathPlugin}`;
  b.events.event(claim, 'Normal', 'ProvisioningSucceeded', message);
}

function whyNot(claim: PersistentVolumeClaim, { metadata, mountOptions }: StorageClass, o: ProvisionOptions) {
  if (claim.spec?.dataSource)
    return `plugin "${hostPathPlugin}" is not a CSI plugin. Only CSI plugin can provision a claim with a datasource`;
  if (mountOptions?.length)
    return `Mount options are not supported by the provisioner but StorageClass "${metadata.name}" has mount options [${mountOptions.join(' ')}]`;
  return o.hostPath
    ? undefined
    : `Failed to create provisioner: provisioning in volume plugin "${hostPathPlugin}" is disabled`;
}

/** The scheduler may choose another node. */
async function reschedule(b: Binder, claim: PersistentVolumeClaim): Promise<void> {
  const { [selectedNode]: node, ...annotations } = claim.metadata.annotations ?? {};
  if (node !== undefined) await writeClaim(b, { ...claim, metadata: { ...claim.metadata, annotations } });
}
