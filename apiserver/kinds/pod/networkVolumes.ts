// Rules of the volume plugins of other storage systems, most of them long retired but still accepted.
// Mirrors: validateNFSVolumeSource, validateISCSIVolumeSource and their like in pkg/apis/core/validation/validation.go.
// Called by: volumes.ts.
import { type FieldError, invalidValue, notSupported, required } from '../../../apimachinery/fieldErrors.ts';
import { byteLength, isDNS1123Label } from '../../../apimachinery/names.ts';
import { checkOneOf, checkRange, checkRequired, pushTexts } from '../check.ts';
import type { CheckSource } from './volumes.ts';

/** How the names of iSCSI initiators look, by their first three letters. */
export const initiatorForms: Record<string, RegExp> = {
  iqn: /iqn\.\d{4}-\d{2}\.([a-zA-Z0-9\-.]+)(:[^,;*&$|\s]+)$/,
  eui: /^eui.[a-zA-Z0-9]{16}$/,
  naa: /^naa.[a-zA-Z0-9]{32}$/,
};

function checkInitiator(errors: FieldError[], field: string, name: string): void {
  const form = initiatorForms[name.slice(0, 3)];
  if (!form) errors.push(invalidValue(field, name, 'must be valid format starting with iqn, eui, or naa'));
  else if (!form.test(name)) errors.push(invalidValue(field, name, 'must be valid format'));
}

const checkISCSI: CheckSource = (errors, field, s, { volume }) => {
  checkRequired(errors, `${field}.targetPortal`, s.targetPortal);
  if (checkRequired(errors, `${field}.iqn`, s.iqn)) checkInitiator(errors, `${field}.iqn`, s.iqn);
  checkRange(errors, `${field}.lun`, s.lun, 0, 255);
  if ((s.chapAuthDiscovery || s.chapAuthSession) && !s.secretRef) errors.push(required(`${field}.secretRef`));
  if (s.initiatorName === undefined) return;
  checkInitiator(errors, `${field}.initiatorname`, s.initiatorName);
  if (byteLength(`${volume.name}:${s.targetPortal}`) > 64)
    errors.push(
      invalidValue(
        `${field.slice(0, field.lastIndexOf('.'))}.name`,
        volume.name,
        'Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is specified.',
      ),
    );
};

const checkFC: CheckSource = (errors, field, s) => {
  const names = s.targetWWNs ?? [];
  const ids = s.wwids ?? [];
  const at = `${field}.targetWWNs`;
  if (!names.length && !ids.length) errors.push(required(at, 'must specify either targetWWNs or wwids, but not both'));
  if (names.length && ids.length)
    errors.push(invalidValue(at, names, 'targetWWNs and wwids can not be specified simultaneously'));
  if (!names.length) return;
  if (s.lun === undefined) errors.push(required(`${field}.lun`, 'lun is required if targetWWNs is specified'));
  else checkRange(errors, `${field}.lun`, s.lun, 0, 255);
};

const hostPorts = /^(\[[^\]]*\]|[^:,]*):[^:,]*(,(\[[^\]]*\]|[^:,]*):[^:,]*)*$/;
const checkQuobyte: CheckSource = (errors, field, s) => {
  const text = 'must be a host:port pair or multiple pairs separated by commas';
  if (!s.registry) errors.push(required(`${field}.registry`, text));
  else if ((s.tenant ?? '').length >= 65)
    errors.push(required(`${field}.tenant`, 'must be a UUID and may not exceed a length of 64 characters'));
  else if (!hostPorts.test(s.registry)) errors.push(invalidValue(`${field}.registry`, s.registry, text));
  checkRequired(errors, `${field}.volume`, s.volume);
};

const checkFlocker: CheckSource = (errors, field, s) => {
  if (!s.datasetName && !s.datasetUUID) errors.push(required(field, 'one of datasetName and datasetUUID is required'));
  if (s.datasetName && s.datasetUUID)
    errors.push(invalidValue(field, 'resource', 'datasetName and datasetUUID can not be specified simultaneously'));
  if (s.datasetName?.includes('/'))
    errors.push(invalidValue(`${field}.datasetName`, s.datasetName, "must not contain '/'"));
};

const checkAzureDisk: CheckSource = (errors, field, s) => {
  checkRequired(errors, `${field}.diskName`, s.diskName);
  checkRequired(errors, `${field}.diskURI`, s.diskURI);
  checkOneOf(errors, `${field}.cachingMode`, s.cachingMode, ['None', 'ReadOnly', 'ReadWrite']);
  checkOneOf(errors, `${field}.kind`, s.kind, ['Dedicated', 'Managed', 'Shared']);
  const uri = s.diskURI ?? '';
  const managed = '/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}';
  const blob = 'https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd';
  if (s.kind === 'Managed' && !uri.startsWith('/subscriptions/'))
    errors.push(notSupported(`${field}.diskURI`, uri, [managed]));
  if (s.kind && s.kind !== 'Managed' && !uri.startsWith('https://'))
    errors.push(notSupported(`${field}.diskURI`, uri, [blob]));
};

const checkStorageOS: CheckSource = (errors, field, s) => {
  if (checkRequired(errors, `${field}.volumeName`, s.volumeName))
    pushTexts(errors, `${field}.volumeName`, s.volumeName, isDNS1123Label(s.volumeName));
  if (s.volumeNamespace)
    pushTexts(errors, `${field}.volumeNamespace`, s.volumeNamespace, isDNS1123Label(s.volumeNamespace));
  if (s.secretRef) checkRequired(errors, `${field}.secretRef.name`, s.secretRef.name);
};

const checkFlex: CheckSource = (errors, field, s) => {
  checkRequired(errors, `${field}.driver`, s.driver);
  for (const key in s.options) {
    const domain = `.${(key.includes('/') ? key.slice(0, key.indexOf('/')) : key).toLowerCase()}`;
    if (domain.endsWith('.kubernetes.io') || domain.endsWith('.k8s.io'))
      errors.push(invalidValue(`${field}.options[${key}]`, key, 'kubernetes.io and k8s.io namespaces are reserved'));
  }
};

/** Plugins whose only rule is that these fields are there. */
const need =
  (...fields: string[]): CheckSource =>
  (errors, field, source) => {
    for (const name of fields) checkRequired(errors, `${field}.${name}`, source[name]);
  };
const needList =
  (list: string, ...fields: string[]): CheckSource =>
  (errors, field, source) => {
    if (!source[list]?.length) errors.push(required(`${field}.${list}`));
    for (const name of fields) checkRequired(errors, `${field}.${name}`, source[name]);
  };
const withPartition =
  (id: string): CheckSource =>
  (errors, field, source) => {
    checkRequired(errors, `${field}.${id}`, source[id]);
    checkRange(errors, `${field}.partition`, source.partition, 1, 255);
  };

export const networkVolumes: Record<string, CheckSource> = {
  gcePersistentDisk: partitionFromZero(withPartition('pdName')),
  awsElasticBlockStore: partitionFromZero(withPartition('volumeID')),
  nfs: (errors, field, s) => {
    checkRequired(errors, `${field}.server`, s.server);
    checkRequired(errors, `${field}.path`, s.path);
    if (!s.path?.startsWith('/')) errors.push(invalidValue(`${field}.path`, s.path ?? '', 'must be an absolute path'));
  },
  iscsi: checkISCSI,
  glusterfs: need('endpoints', 'path'),
  flocker: checkFlocker,
  rbd: needList('monitors', 'image'),
  cinder: (errors, field, s) => {
    checkRequired(errors, `${field}.volumeID`, s.volumeID);
    if (s.secretRef) checkRequired(errors, `${field}.secretRef.name`, s.secretRef.name);
  },
  cephfs: needList('monitors'),
  quobyte: checkQuobyte,
  fc: checkFC,
  flexVolume: checkFlex,
  azureFile: need('secretName', 'shareName'),
  vsphereVolume: need('volumePath'),
  photonPersistentDisk: need('pdID'),
  portworxVolume: need('volumeID'),
  azureDisk: checkAzureDisk,
  storageos: checkStorageOS,
  scaleIO: need('gateway', 'system', 'volumeName'),
};

/** Upstream takes partition 0, "the whole disk", though its message names 1 as the least. */
function partitionFromZero(check: CheckSource): CheckSource {
  return (errors, field, source, context) =>
    check(errors, field, source.partition === 0 ? { ...source, partition: undefined } : source, context);
}
