// VolumeAttachment: that a volume shall be attached to a node, and whether it is.
// Read by the API server's mechanisms. Mirrors: pkg/registry/storage/volumeattachment, pkg/apis/storage/validation, pkg/printers.
// Next: a driver's attacher acts on it; persistentVolume/spec.ts has the rules of volumes within it.
import {
  type FieldError,
  forbiddenField,
  immutable,
  invalidValue,
  required,
  tooLong,
} from '../../apimachinery/fieldErrors.ts';
import { byteLength, inclusiveRangeError, nameIsDNSSubdomain } from '../../apimachinery/names.ts';
import { maxInt32, pushTexts } from './check.ts';
import { ageColumn, booleanColumn, column, nameColumn } from './columns.ts';
import { semanticEqual } from './equal.ts';
import { keepMetadata } from './keepMetadata.ts';
import { defineKind } from './kind.ts';
import { checkInlineVolume } from './persistentVolume/spec.ts';
import { checkDriverName } from './pod/volumes.ts';
import { statusSubresource } from './statusSubresource.ts';

const maxMetadata = 256 * 1024;
const maxMessage = 1024;
const oneSource = 'must specify exactly one of inlineVolumeSpec and persistentVolumeName';

function checkSource(errors: FieldError[], field: string, source: any): void {
  const { persistentVolumeName: name, inlineVolumeSpec: inline } = source;
  if (!inline && name === undefined) errors.push(required(field, oneSource));
  else if (inline && name !== undefined) errors.push(forbiddenField(field, oneSource));
  else if (inline) checkInlineVolume(errors, `${field}.inlineVolumeSpec`, inline);
  else if (name === '')
    errors.push(required(`${field}.persistentVolumeName`, 'must specify non empty persistentVolumeName'));
}

function checkError(errors: FieldError[], field: string, error: any): void {
  if (!error) return;
  if (byteLength(error.message ?? '') > maxMessage) errors.push(tooLong(`${field}.message`, maxMetadata));
  if (error.errorCode < 0)
    errors.push(invalidValue(`${field}.errorCode`, error.errorCode, inclusiveRangeError(0, maxInt32)));
}

function validate({ spec, status = {} }: any): FieldError[] {
  const errors: FieldError[] = [];
  if (!spec.attacher) errors.push(required('spec.attacher'));
  checkSource(errors, 'spec.source', spec.source ?? {});
  const node = spec.nodeName ?? '';
  pushTexts(errors, 'spec.nodeName', node, nameIsDNSSubdomain(node, false));
  const size = Object.entries<string>(status.attachmentMetadata ?? {}).reduce(
    (sum, [key, value]) => sum + byteLength(key) + byteLength(value),
    0,
  );
  if (size > maxMetadata) errors.push(tooLong('status.attachmentMetadata', maxMetadata));
  checkError(errors, 'status.attachError', status.attachError);
  checkError(errors, 'status.detachError', status.detachError);
  return errors;
}

function validateCreate({ spec }: any): FieldError[] {
  const errors: FieldError[] = [];
  checkDriverName(errors, 'spec.attacher', spec.attacher);
  const name = spec.source?.persistentVolumeName;
  if (name !== undefined) pushTexts(errors, 'spec.source.persistentVolumeName', name, nameIsDNSSubdomain(name, false));
  return errors;
}

function validateUpdate({ spec }: any, old: any): FieldError[] {
  if (semanticEqual(spec, old.spec)) return [];
  const { persistentVolumeName: name, inlineVolumeSpec: inline } = spec.source ?? {};
  // Upstream shows the struct, with the names of its Go fields.
  const source = { PersistentVolumeName: name ?? null, InlineVolumeSpec: inline ?? null };
  return [immutable('spec', { Attacher: spec.attacher ?? '', Source: source, NodeName: spec.nodeName ?? '' })];
}

export const volumeAttachment = defineKind({
  group: 'storage.k8s.io',
  version: 'v1',
  kind: 'VolumeAttachment',
  plural: 'volumeattachments',
  namespaced: false,
  schema: 'io.k8s.api.storage.v1.VolumeAttachment',
  storage: 'volumeattachments',
  defaults: (object) => {
    object.spec ??= {};
    if (object.status) object.status.attached ??= false;
  },
  prepareCreate: (object) => {
    object.status = { attached: false };
  },
  validate,
  validateCreate,
  validateUpdate,
  unconditionalUpdate: false,
  deleteReturnsObject: true,
  subresources: [statusSubresource(validate, { keep: keepMetadata, resets: ['metadata'] })],
  columns: [
    nameColumn,
    { ...column('Attacher', 'Which driver attaches it.', (o) => o.spec?.attacher ?? ''), format: 'name' },
    column('PV', 'The volume.', (o) => o.spec?.source?.persistentVolumeName ?? ''),
    column('Node', 'The node that it is for.', (o) => o.spec?.nodeName ?? ''),
    booleanColumn('Attached', 'Whether it is attached.', (o) => o.status?.attached ?? false),
    ageColumn,
  ],
});
