// CustomResourceDefinition: a kind that a user adds to the API.
// Read by the API server's mechanisms. Mirrors: apiextensions-apiserver/pkg/registry/customresourcedefinition and apis/apiextensions/v1/defaults.go.
// Next: ../apiextensions/validation/ for its rules; ../apiextensions/crds.ts, which serves what it defines.
import { withCondition } from '../../apimachinery/conditions.ts';
import { deepEqual } from '../../apimachinery/deepEqual.ts';
import type { FieldError } from '../../apimachinery/fieldErrors.ts';
import { nameIsDNSSubdomain } from '../../apimachinery/names.ts';
import { deletionPending } from '../apiextensions/status/terminating.ts';
import { decodeDefinition } from '../apiextensions/validation/decodeDefinition.ts';
import { formatWarnings } from '../apiextensions/validation/formatWarnings.ts';
import { checkDefinitionStatus } from '../apiextensions/validation/statusRules.ts';
import { validateDefinition, validateDefinitionUpdate } from '../apiextensions/validation/validateDefinition.ts';
import { cleanupFinalizer } from './crdFinalizer.ts';
import { defineKind } from './kind.ts';

function defaults({ spec, status }: any): void {
  if (!spec) return;
  const names = spec.names;
  if (names) {
    if (!names.singular) names.singular = (names.kind ?? '').toLowerCase();
    if (!names.singular) delete names.singular;
    if (!names.listKind && names.kind) names.listKind = `${names.kind}List`;
  }
  spec.conversion ??= { strategy: 'None' };
  const service = spec.conversion.webhook?.clientConfig?.service;
  if (service) service.port ??= 443;
  if (status && !status.storedVersions?.length) keepStorageVersion(spec, status);
}

/** The version that objects are written in counts as stored from the moment it is named. */
function keepStorageVersion(spec: any, status: any): void {
  const storage = spec.versions?.find((v: any) => v.storage)?.name;
  if (storage && !status.storedVersions?.includes(storage))
    status.storedVersions = [...(status.storedVersions ?? []), storage];
}

function prepareCreate(object: any): void {
  object.status = { conditions: [], acceptedNames: { plural: '', kind: '' }, storedVersions: [] };
  keepStorageVersion(object.spec ?? {}, object.status);
}

function prepareUpdate(object: any): void {
  object.status ??= {};
  keepStorageVersion(object.spec ?? {}, object.status);
  dropDisabled(object);
}

/** Fields of the gate CRDObservedGenerationTracking, which is off. */
function dropDisabled({ status }: any): void {
  delete status.observedGeneration;
  for (const condition of status.conditions ?? []) delete condition.observedGeneration;
}

/** From here on its objects are deleted; it goes when they are gone. */
function markDeleted(object: any): void {
  const { metadata, status } = object;
  if (!metadata.finalizers?.includes(cleanupFinalizer))
    metadata.finalizers = [...(metadata.finalizers ?? []), cleanupFinalizer];
  object.status = {
    ...status,
    conditions: withCondition(status?.conditions, deletionPending, metadata.deletionTimestamp),
  };
}

/** Besides being a name: which definition it is must show in it. */
const nameErrors = (object: any): FieldError[] => {
  const name = object.metadata.name ?? '';
  const texts = nameIsDNSSubdomain(name, false);
  if (name !== `${object.spec?.names?.plural ?? ''}.${object.spec?.group ?? ''}`)
    texts.push('must be spec.names.plural+"."+spec.group');
  return texts.map((detail) => ({ type: 'FieldValueInvalid', field: 'metadata.name', value: name, detail }));
};

export const customResourceDefinition = defineKind({
  group: 'apiextensions.k8s.io',
  version: 'v1',
  kind: 'CustomResourceDefinition',
  plural: 'customresourcedefinitions',
  shortNames: ['crd', 'crds'],
  categories: ['api-extensions'],
  namespaced: false,
  schema: 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinition',
  storage: 'apiextensions.k8s.io/customresourcedefinitions',
  decode: decodeDefinition,
  defaults,
  prepareCreate,
  prepareUpdate,
  validateName: () => [],
  validateCreate: (object) => [...nameErrors(object), ...validateDefinition(object)],
  validateUpdate: validateDefinitionUpdate,
  warnings: formatWarnings,
  generation: (object, old) => !deepEqual(object.spec, old.spec),
  unconditionalUpdate: false,
  markDeleted,
  heldByFinalizers: (object) => !object.metadata.deletionTimestamp,
  deleteReturnsObject: false,
  subresources: [
    {
      name: 'status',
      verbs: ['get', 'patch', 'update'],
      keep(object, old) {
        const { managedFields } = object.metadata;
        object.metadata = { ...old.metadata, resourceVersion: object.metadata.resourceVersion };
        if (managedFields) object.metadata.managedFields = managedFields;
        else delete object.metadata.managedFields;
        object.spec = old.spec;
        object.status ??= {};
        dropDisabled(object);
      },
      validateUpdate: (object) => checkDefinitionStatus(object.status ?? {}),
      resets: ['metadata', 'spec'],
    },
  ],
  columns: [
    {
      name: 'Name',
      type: 'string',
      format: 'name',
      description: 'Name of the object: the plural of its kind and its group.',
      value: (o) => o.metadata.name,
    },
    {
      name: 'Created At',
      type: 'date',
      description: 'When it was made, in the time of the server.',
      value: (o) => o.metadata.creationTimestamp,
    },
  ],
});
