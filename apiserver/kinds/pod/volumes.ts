// Rules of a pod's volumes: a unique name and exactly one source each; the sources in use today are here.
// Mirrors: ValidateVolumes and validateVolumeSource in pkg/apis/core/validation/validation.go.
// Called by: spec.ts. Next: projected.ts, ephemeralVolume.ts, networkVolumes.ts (plugins of other systems).
import {
  duplicate,
  type FieldError,
  forbiddenField,
  invalidValue,
  notSupported,
  required,
  tooLong,
} from '../../../apimachinery/fieldErrors.ts';
import { byteLength, isDNS1123Label, isDNS1123Subdomain, nameIsDNSSubdomain } from '../../../apimachinery/names.ts';
import { parseQuantity, signOf } from '../../../apimachinery/quantity.ts';
import { checkDescendingPath, checkNoBacksteps, checkRequired, checkRequiredOneOf, pushTexts } from '../check.ts';
import { checkEphemeralVolume } from './ephemeralVolume.ts';
import type { Volumes } from './mounts.ts';
import { networkVolumes } from './networkVolumes.ts';
import { checkDownwardAPIFile, checkKeyToPath, checkMode, checkProjected } from './projected.ts';

/** `volume` is the whole entry, `podName` empty in templates, `isPod` false there. */
export interface VolumeContext {
  volume: any;
  podName: string;
  isPod: boolean;
}
export type CheckSource = (errors: FieldError[], field: string, source: any, context: VolumeContext) => void;

const hostPathTypes = [
  '',
  'BlockDevice',
  'CharDevice',
  'Directory',
  'DirectoryOrCreate',
  'File',
  'FileOrCreate',
  'Socket',
];
export const pullPolicies: readonly string[] = ['Always', 'IfNotPresent', 'Never'];

export const checkHostPath: CheckSource = (errors, field, source) => {
  if (!checkRequired(errors, `${field}.path`, source.path)) return;
  checkNoBacksteps(errors, `${field}.path`, source.path);
  if (source.type && !hostPathTypes.includes(source.type))
    errors.push(notSupported(`${field}.type`, source.type, hostPathTypes));
};

function checkItems(errors: FieldError[], field: string, source: any): void {
  checkMode(errors, `${field}.defaultMode`, source.defaultMode);
  const items = source.items ?? [];
  for (let i = 0; i < items.length; i++) checkKeyToPath(errors, `${field}.items[${i}]`, items[i]);
}

/** A CSI driver's name, which may be in upper case. */
export function checkDriverName(errors: FieldError[], field: string, name: string | undefined): void {
  if (!checkRequired(errors, field, name)) return;
  if (byteLength(name!) > 63) errors.push(tooLong(field, 63));
  pushTexts(errors, field, name, isDNS1123Subdomain(name!.toLowerCase()));
}

const checkCSI: CheckSource = (errors, field, source) => {
  checkDriverName(errors, `${field}.driver`, source.driver);
  const secret = source.nodePublishSecretRef;
  if (secret && checkRequired(errors, `${field}.nodePublishSecretRef.name`, secret.name))
    pushTexts(errors, `${field}.name`, secret.name, nameIsDNSSubdomain(secret.name, false));
};

const sources: Record<string, CheckSource> = {
  emptyDir: (errors, field, source) => {
    if (source.sizeLimit !== undefined && signOf(parseQuantity(source.sizeLimit)) < 0)
      errors.push(forbiddenField(`${field}.sizeLimit`, 'SizeLimit field must be a valid resource quantity'));
  },
  hostPath: checkHostPath,
  gitRepo: (errors, field, source) => {
    checkRequired(errors, `${field}.repository`, source.repository);
    checkDescendingPath(errors, `${field}.directory`, source.directory);
  },
  secret: (errors, field, source) => {
    checkRequired(errors, `${field}.secretName`, source.secretName);
    checkItems(errors, field, source);
  },
  ...networkVolumes,
  persistentVolumeClaim: (errors, field, source) => void checkRequired(errors, `${field}.claimName`, source.claimName),
  downwardAPI: (errors, field, source) => {
    checkMode(errors, `${field}.defaultMode`, source.defaultMode);
    for (const file of source.items ?? []) checkDownwardAPIFile(errors, field, file);
  },
  configMap: (errors, field, source) => {
    checkRequired(errors, `${field}.name`, source.name);
    checkItems(errors, field, source);
  },
  projected: checkProjected,
  csi: checkCSI,
  ephemeral: checkEphemeralVolume,
  image: (errors, field, source, { isPod }) => {
    if (isPod) checkRequired(errors, `${field}.reference`, source.reference);
    checkRequiredOneOf(errors, `${field}.pullPolicy`, source.pullPolicy, pullPolicies);
  },
};
/** In the order in which upstream looks: the first one of an entry counts, any other is one too many. */
const order = new Map(
  (
    'emptyDir hostPath gitRepo gcePersistentDisk awsElasticBlockStore secret nfs iscsi glusterfs flocker persistentVolumeClaim rbd cinder ' +
    'cephfs quobyte downwardAPI fc flexVolume configMap azureFile vsphereVolume photonPersistentDisk portworxVolume azureDisk storageos ' +
    'projected scaleIO csi ephemeral image'
  )
    .split(' ')
    .map((name, i) => [name, i]),
);
/** Where upstream's path is not the field's name: of the source's own fields, and of one too many. */
const oddPaths: Record<string, string> = { gcePersistentDisk: 'persistentDisk' };
const oddExtras: Record<string, string> = { cephfs: 'cephFS', downwardAPI: 'downwarAPI' };

function checkSource(errors: FieldError[], field: string, context: VolumeContext): void {
  const { volume } = context;
  let present: string[] | undefined;
  for (const name in volume) if (order.has(name) && volume[name]) present = present ? [...present, name] : [name];
  if (!present) return void errors.push(required(field, 'must specify a volume type'));
  if (present.length > 1) present.sort((a, b) => order.get(a)! - order.get(b)!);
  present.forEach((name, i) => {
    if (i > 0)
      errors.push(forbiddenField(`${field}.${oddExtras[name] ?? name}`, 'may not specify more than 1 volume type'));
    else sources[name]!(errors, `${field}.${oddPaths[name] ?? name}`, volume[name], context);
  });
}

/** Checks all volumes; returns the valid ones, which alone mounts may name. */
export function checkVolumes(
  errors: FieldError[],
  field: string,
  list: any[],
  podName: string,
  isPod: boolean,
): Volumes {
  const valid = new Map<string, any>();
  for (let i = 0; i < list.length; i++) {
    const volume = list[i];
    const at = `${field}[${i}]`;
    const before = errors.length;
    checkSource(errors, at, { volume, podName, isPod });
    if (checkRequired(errors, `${at}.name`, volume.name))
      pushTexts(errors, `${at}.name`, volume.name, isDNS1123Label(volume.name));
    if (valid.has(volume.name)) errors.push(duplicate(`${at}.name`, volume.name));
    if (errors.length === before) valid.set(volume.name, volume);
    const claim = volume.persistentVolumeClaim?.claimName;
    if (claim && podName && list.some((v) => v.ephemeral && `${podName}-${v.name}` === claim))
      errors.push(
        invalidValue(
          `${at}.persistentVolumeClaim.claimName`,
          claim,
          'must not reference a PVC that gets created for an ephemeral volume',
        ),
      );
  }
  return valid;
}
