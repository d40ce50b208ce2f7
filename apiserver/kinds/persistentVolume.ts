// PersistentVolume: a piece of storage of the cluster, made by an administrator or a provisioner, that a claim is bound to.
// Its strategy, warnings and columns; the rules are in persistentVolume/. Read by the API server's mechanisms.
// Mirrors: pkg/registry/core/persistentvolume, pkg/api/persistentvolume, pkg/volume/validation, pkg/printers. Next: persistentVolumeClaim.ts.
import { toTime } from '../../apimachinery/clock.ts';
import { type FieldError, forbiddenField } from '../../apimachinery/fieldErrors.ts';
import { canonicalQuantity } from '../../apimachinery/quantity.ts';
import { accessModesText } from './claim/accessModes.ts';
import { ageColumn, column, nameColumn } from './columns.ts';
import { type Context, defineKind } from './kind.ts';
import { checkVolumeSpec } from './persistentVolume/spec.ts';
import { validateUpdate } from './persistentVolume/update.ts';
import { defaultSources } from './pod/volumeDefaults.ts';
import { labelWarnings } from './pod/warnings.ts';
import { roundAmounts } from './resourceLists.ts';

const classAnnotation = 'volume.beta.kubernetes.io/storage-class';
const mountAnnotation = 'volume.beta.kubernetes.io/mount-options';
/** Of these alone the mount options once stood in an annotation. */
const mountable = (
  'gcePersistentDisk awsElasticBlockStore glusterfs nfs rbd quobyte iscsi cinder cephfs azureFile vsphereVolume azureDisk ' +
  'photonPersistentDisk'
).split(' ');

function defaults(volume: any): void {
  volume.spec ??= {};
  const { spec } = volume;
  spec.persistentVolumeReclaimPolicy ||= 'Retain';
  spec.volumeMode ??= 'Filesystem';
  defaultSources(spec);
  // Go writes the namespace out, named or not.
  if (spec.azureFile) spec.azureFile.secretNamespace ??= null;
  roundAmounts(spec.capacity);
  volume.status ??= {};
  volume.status.phase ||= 'Pending';
}

function validate(volume: any): FieldError[] {
  const errors: FieldError[] = [];
  const { spec, metadata } = volume;
  checkVolumeSpec(errors, spec, metadata.name);
  if (metadata.annotations?.[mountAnnotation] !== undefined && !mountable.some((source) => spec[source]))
    errors.push(
      forbiddenField(`metadata.annotations.${mountAnnotation}`, 'may not specify mount options for this volume type'),
    );
  return errors;
}

/** When the phase changed is kept, or said now. */
function keepForStatus(volume: any, old: any, context?: Context): void {
  volume.spec = old.spec;
  const now = volume.status;
  const was = old.status ?? {};
  if (!now) return;
  const time = now.lastPhaseTransitionTime;
  if (now.phase === was.phase) {
    if (!time && was.lastPhaseTransitionTime) now.lastPhaseTransitionTime = was.lastPhaseTransitionTime;
  } else if (!time || time === was.lastPhaseTransitionTime)
    now.lastPhaseTransitionTime = toTime(context?.now() ?? Date.now());
}

const retired: Record<string, string> = {
  cephfs: 'cephfs: deprecated in v1.28, non-functional in v1.31+',
  photonPersistentDisk: 'photonPersistentDisk: deprecated in v1.11, non-functional in v1.16+',
  scaleIO: 'scaleIO: deprecated in v1.16, non-functional in v1.22+',
  storageos: 'storageOS: deprecated in v1.22, non-functional in v1.25+',
  glusterfs: 'glusterfs: deprecated in v1.25, non-functional in v1.26+',
  rbd: 'rbd: deprecated in v1.28, non-functional in v1.31+',
};

function warnings({ spec, metadata }: any): string[] {
  const found: string[] = [];
  const annotation = (key: string, text: string) => {
    if (metadata.annotations?.[key] !== undefined) found.push(`metadata.annotations[${key}]: ${text}`);
  };
  annotation(classAnnotation, 'deprecated since v1.8; use "storageClassName" attribute instead');
  annotation(mountAnnotation, 'deprecated since v1.31; use "mountOptions" attribute instead');
  if (spec.persistentVolumeReclaimPolicy === 'Recycle')
    found.push(
      'spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. Instead, the recommended approach is to use dynamic provisioning.',
    );
  const terms: any[] = spec.nodeAffinity?.required?.nodeSelectorTerms ?? [];
  terms.forEach((term, i) => {
    found.push(...labelWarnings(`spec.nodeAffinity.required.nodeSelectorTerms[${i}]`, term));
  });
  for (const source in retired) if (spec[source]) found.push(`spec.${retired[source]}`);
  return found;
}

const claimText = ({ spec }: any): string =>
  spec?.claimRef ? `${spec.claimRef.namespace ?? ''}/${spec.claimRef.name ?? ''}` : '';

export const persistentVolume = defineKind({
  group: '',
  version: 'v1',
  kind: 'PersistentVolume',
  plural: 'persistentvolumes',
  shortNames: ['pv'],
  namespaced: false,
  schema: 'io.k8s.api.core.v1.PersistentVolume',
  storage: 'persistentvolumes',
  defaults,
  prepareCreate: (volume, context) => {
    volume.status = { phase: 'Pending', lastPhaseTransitionTime: toTime(context.now()) };
  },
  validate,
  validateUpdate,
  warnings,
  deleteReturnsObject: true,
  subresources: [{ name: 'status', verbs: ['get', 'patch', 'update'], keep: keepForStatus, resets: ['spec'] }],
  columns: [
    nameColumn,
    column('Capacity', 'How much it holds.', (o) => canonicalQuantity(o.spec?.capacity?.storage ?? '0')),
    column('Access Modes', 'From how many nodes it can be used, and how.', (o) => accessModesText(o.spec?.accessModes)),
    column(
      'Reclaim Policy',
      'What becomes of it without its claim.',
      (o) => o.spec?.persistentVolumeReclaimPolicy ?? '',
    ),
    column('Status', 'Whether it is free, bound or left behind.', (o) =>
      o.metadata.deletionTimestamp ? 'Terminating' : (o.status?.phase ?? ''),
    ),
    column('Claim', 'Who has it.', claimText),
    column(
      'StorageClass',
      'The class that it belongs to.',
      (o) => o.metadata.annotations?.[classAnnotation] ?? o.spec?.storageClassName ?? '',
    ),
    column(
      'VolumeAttributesClass',
      'The class of its changeable attributes.',
      (o) => o.spec?.volumeAttributesClassName ?? '<unset>',
    ),
    column('Reason', 'Why it is in this state, in one word.', (o) => o.status?.reason ?? ''),
    ageColumn,
    column('VolumeMode', 'A file system, or a bare block device.', (o) => o.spec?.volumeMode ?? '<unset>', 1),
  ],
});
