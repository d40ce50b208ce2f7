// Where the bytes of a PersistentVolume are: exactly one source, each with its own rules.
// Mirrors: the volume sources in ValidatePersistentVolumeSpec, pkg/apis/core/validation/validation.go.
// Used by: spec.ts and ../persistentVolume.ts. Next: ../pod/networkVolumes.ts, for sources that pods and volumes have alike.
import { type FieldError, forbiddenField, invalidValue, required } from '../../../apimachinery/fieldErrors.ts';
import { byteLength, isDNS1123Label, isDNS1123Subdomain, nameIsDNSLabel } from '../../../apimachinery/names.ts';
import { checkNoBacksteps, checkRange, checkRequired, pushTexts } from '../check.ts';
import { initiatorForms, networkVolumes } from '../pod/networkVolumes.ts';
import { checkDriverName, checkHostPath } from '../pod/volumes.ts';

type Check = (errors: FieldError[], field: string, source: any, name: string) => void;

/** The rules of a pod's volume, which look at nothing but the source. */
const asInPods =
  (plugin: string): Check =>
  (errors, field, source) =>
    networkVolumes[plugin]!(errors, field, source, { volume: {}, podName: '', isPod: false });

/** A secret of some namespace. */
function checkNamed(errors: FieldError[], field: string, ref: any): void {
  if (!ref) return;
  checkRequired(errors, `${field}.name`, ref.name);
  checkRequired(errors, `${field}.namespace`, ref.namespace);
}

function checkSecretRef(errors: FieldError[], field: string, ref: any): void {
  if (!ref) return;
  if (checkRequired(errors, `${field}.name`, ref.name))
    pushTexts(errors, `${field}.name`, ref.name, isDNS1123Subdomain(ref.name));
  if (checkRequired(errors, `${field}.namespace`, ref.namespace))
    pushTexts(errors, `${field}.namespace`, ref.namespace, isDNS1123Label(ref.namespace));
}

const checkCSI: Check = (errors, field, source) => {
  checkDriverName(errors, `${field}.driver`, source.driver);
  checkRequired(errors, `${field}.volumeHandle`, source.volumeHandle);
  for (const use of ['controllerPublish', 'controllerExpand', 'nodePublish', 'nodeExpand'])
    checkSecretRef(errors, `${field}.${use}SecretRef`, source[`${use}SecretRef`]);
};

function checkInitiator(errors: FieldError[], field: string, name: string): void {
  if (!initiatorForms[name.slice(0, 3)]?.test(name)) errors.push(invalidValue(field, name, 'must be valid format'));
}

const checkISCSI: Check = (errors, field, s, name) => {
  checkRequired(errors, `${field}.targetPortal`, s.targetPortal);
  if (s.initiatorName !== undefined && byteLength(`${name}:${s.targetPortal ?? ''}`) > 64)
    errors.push(
      invalidValue(
        `${field}.targetportal`,
        s.targetPortal ?? '',
        'Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is specified.',
      ),
    );
  if (checkRequired(errors, `${field}.iqn`, s.iqn)) checkInitiator(errors, `${field}.iqn`, s.iqn);
  checkRange(errors, `${field}.lun`, s.lun, 0, 255);
  if ((s.chapAuthDiscovery || s.chapAuthSession) && !s.secretRef) errors.push(required(`${field}.secretRef`));
  if (s.secretRef) checkRequired(errors, `${field}.secretRef.name`, s.secretRef.name);
  if (s.initiatorName !== undefined) checkInitiator(errors, `${field}.initiatorname`, s.initiatorName);
};

const checkGlusterfs: Check = (errors, field, s) => {
  checkRequired(errors, `${field}.endpoints`, s.endpoints);
  checkRequired(errors, `${field}.path`, s.path);
  const namespace = s.endpointsNamespace;
  if (namespace === undefined) return;
  const empty = ['if the endpointnamespace is set, it must be a valid namespace name'];
  const texts = namespace === '' ? empty : nameIsDNSLabel(namespace, false);
  pushTexts(errors, `${field}.endpointsNamespace`, namespace, texts);
};

const checkAzureFile: Check = (errors, field, s) => {
  checkRequired(errors, `${field}.secretName`, s.secretName);
  checkRequired(errors, `${field}.shareName`, s.shareName);
  if ((s.secretNamespace ?? null) !== null) checkRequired(errors, `${field}.secretNamespace`, s.secretNamespace);
};

const checkStorageOS: Check = (errors, field, s) => {
  if (checkRequired(errors, `${field}.volumeName`, s.volumeName))
    pushTexts(errors, `${field}.volumeName`, s.volumeName, isDNS1123Label(s.volumeName));
  if (s.volumeNamespace)
    pushTexts(errors, `${field}.volumeNamespace`, s.volumeNamespace, isDNS1123Label(s.volumeNamespace));
  checkNamed(errors, `${field}.secretRef`, s.secretRef);
};

/** In the order in which upstream looks; the first one that is there counts. */
const sources: Record<string, Check> = {
  hostPath: (errors, field, s) => checkHostPath(errors, field, s, { volume: {}, podName: '', isPod: false }),
  gcePersistentDisk: asInPods('gcePersistentDisk'),
  awsElasticBlockStore: asInPods('awsElasticBlockStore'),
  glusterfs: checkGlusterfs,
  flocker: asInPods('flocker'),
  nfs: asInPods('nfs'),
  rbd: asInPods('rbd'),
  quobyte: asInPods('quobyte'),
  cephfs: asInPods('cephfs'),
  iscsi: checkISCSI,
  cinder: (errors, field, s) => {
    checkRequired(errors, `${field}.volumeID`, s.volumeID);
    checkNamed(errors, `${field}.secretRef`, s.secretRef);
  },
  fc: asInPods('fc'),
  flexVolume: asInPods('flexVolume'),
  azureFile: checkAzureFile,
  vsphereVolume: asInPods('vsphereVolume'),
  photonPersistentDisk: asInPods('photonPersistentDisk'),
  portworxVolume: asInPods('portworxVolume'),
  azureDisk: asInPods('azureDisk'),
  scaleIO: asInPods('scaleIO'),
  local: (errors, field, s) => {
    if (checkRequired(errors, `${field}.path`, s.path)) checkNoBacksteps(errors, `${field}.path`, s.path);
  },
  storageos: checkStorageOS,
  csi: checkCSI,
};
export const sourceNames: readonly string[] = Object.keys(sources);

/** Upstream's path where it is not the field's name: of the source's own fields, and of one too many. */
const oddPaths: Record<string, string> = { gcePersistentDisk: 'persistentDisk' };
const oddExtras: Record<string, string> = { cephfs: 'cephFS' };

/** `name` is the volume's, empty for one within another object. */
export function checkSources(errors: FieldError[], field: string, spec: any, name: string): void {
  let found = 0;
  for (const plugin of sourceNames) {
    const source = spec[plugin];
    if (!source) continue;
    // A flexVolume is looked at even where it is one too many.
    if (found > 0 && plugin !== 'flexVolume') {
      const at = `${field}.${oddExtras[plugin] ?? plugin}`;
      errors.push(forbiddenField(at, 'may not specify more than 1 volume type'));
      continue;
    }
    found++;
    sources[plugin]!(errors, `${field}.${oddPaths[plugin] ?? plugin}`, source, name);
    if (plugin === 'local' && !spec.nodeAffinity)
      errors.push(required(`${field}.nodeAffinity`, 'Local volume requires node affinity'));
  }
  if (!found) errors.push(required(field, 'must specify a volume type'));
}
