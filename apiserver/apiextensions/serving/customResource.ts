// A version of a CustomResourceDefinition as the same value that a built-in kind is.
// Reads: a Definition. Mirrors: customResourceStrategy and statusStrategy (apiextensions-apiserver/pkg/registry/customresource), and
// getOrCreateServingInfoFor in pkg/apiserver/customresource_handler.go.
// Next: customResources.ts puts it into the live registry; from there on all mechanisms treat it as any kind.

import { isConditionTrue } from '../../../apimachinery/conditions.ts';
import { deepEqual } from '../../../apimachinery/deepEqual.ts';
import { StatusError } from '../../../apimachinery/status.ts';
import type { Kind, Subresource, Verb } from '../../kinds/kind.ts';
import type { ResourceCache } from '../../storage/cached.ts';
import { applyDefaults } from '../schema/defaulting.ts';
import { coerceMetadata } from '../schema/objectMeta.ts';
import { prune } from '../schema/prune.ts';
import type { SchemaTree } from '../schema/schemaTree.ts';
import { customColumns } from './columns.ts';
import type { DefinedVersion, Definition } from './definition.ts';
import { customScale } from './scale.ts';
import { selectableFieldsOf } from './selectableFields.ts';
import { customErrors, customStatusErrors, customUpdateErrors } from './validateCustom.ts';
import type { VersionForms } from './versionForms.ts';

export interface Shown {
  forms: VersionForms;
  view(cache: ResourceCache): ResourceCache;
}

/** `com.example.stable.v1.CronTab`: the group turned round, as OpenAPI names definitions. */
export const schemaName = (group: string, version: string, kind: string): string =>
  [...group.split('.').reverse(), version, kind].join('.');

export function kindOf(definition: Definition, version: DefinedVersion, { forms, view }: Shown): Kind {
  const { crd, group, plural, kind, namespaced } = definition;
  const names = crd.status?.acceptedNames ?? crd.spec.names;
  const status = version.spec.subresources?.status;
  return {
    group,
    version: version.name,
    kind,
    listKind: names.listKind || `${kind}List`,
    plural,
    singular: names.singular || kind.toLowerCase(),
    shortNames: names.shortNames,
    categories: names.categories,
    namespaced,
    schema: schemaName(group, version.name, kind),
    custom: {
      schema: version.schema,
      selectableFields: version.spec.selectableFields,
      preservesAll: definition.preservesAll,
      verbs: isTerminating(crd) ? verbsOfTerminating : verbs,
    },
    storage: `${group}/${plural}`,
    stored: { view, write: forms.write, back: forms.back, inVersion: forms.inVersion, stale: forms.stale },
    deprecation: deprecationOf(definition, version),
    decode: (object) => decode(definition, version, object),
    defaults: (object) => void applyDefaults(object, version.tree),
    prepareCreate(object) {
      refuseWhileTerminating(crd, group, plural);
      if (!status || object.status === undefined) return;
      delete object.status;
      // Where the status has defaults, those are what a read of it would show.
      applyDefaults(object, version.tree);
    },
    validateCreate: (object) => customErrors(version, object),
    judgedBy: looksAtMetadata(version.tree) ? undefined : () => '',
    validateUpdate: (object, old, sound) => customUpdateErrors(version, object, old, sound),
    generation: changesContent,
    statusOnCreate: !status,
    unconditionalUpdate: false,
    subresources: subresourcesOf(version),
    columns: customColumns(version.spec.additionalPrinterColumns),
    selectableFields: selectableFieldsOf(version.spec.selectableFields),
  };
}

const verbs: readonly Verb[] = ['delete', 'deletecollection', 'get', 'list', 'patch', 'create', 'update', 'watch'];
const verbsOfTerminating: readonly Verb[] = ['delete', 'deletecollection', 'get', 'list', 'watch'];

const isTerminating = (crd: any): boolean => isConditionTrue(crd.status?.conditions, 'Terminating');

function deprecationOf({ group, kind }: Definition, { name, spec }: DefinedVersion): string | undefined {
  if (!spec.deprecated) return undefined;
  return spec.deprecationWarning ?? `${group}/${name} ${kind} is deprecated`;
}

function decode(definition: Definition, version: DefinedVersion, object: any): { object: any; unknown: string[] } {
  const unknown: string[] = [];
  if (!definition.preservesAll) prune(object, version.tree, unknown);
  coerceMetadata(object, version.tree, unknown);
  return { object, unknown };
}

/** Everything but metadata counts; the status is the old one here, where it has a subresource of its own. */
function changesContent(object: any, old: any): boolean {
  const { metadata: _a, ...now } = object;
  const { metadata: _b, ...before } = old;
  return !deepEqual(now, before);
}

/** Rules below the root see no metadata. */
const looksAtMetadata = ({ rules, properties }: SchemaTree): boolean =>
  rules.length > 0 || properties?.has('metadata') === true;

function refuseWhileTerminating(crd: any, group: string, plural: string): void {
  if (!isTerminating(crd)) return;
  throw new StatusError({
    code: 405,
    reason: 'MethodNotAllowed',
    message: 'create not allowed while custom resource definition is terminating',
    details: { group, kind: plural },
  });
}

function subresourcesOf(version: DefinedVersion): Subresource[] {
  const { status, scale } = version.spec.subresources ?? {};
  const out: Subresource[] = [];
  if (status) out.push(statusOf(version));
  if (scale) out.push(customScale(scale));
  return out;
}

const statusOf = (version: DefinedVersion): Subresource => ({
  name: 'status',
  verbs: ['get', 'patch', 'update'],
  keep: keepAllButStatus,
  validateUpdate: (object, old) => customStatusErrors(version, object, old),
  resets: ['metadata', 'spec'],
});

/** A write of `/status` changes nothing else, however much it brings along. */
function keepAllButStatus(object: any, old: any): void {
  const { status, metadata } = object;
  for (const key in object) if (!(key in old)) delete object[key];
  Object.assign(object, old);
  object.metadata = { ...old.metadata, resourceVersion: metadata.resourceVersion };
  if (metadata.managedFields) object.metadata.managedFields = metadata.managedFields;
  else delete object.metadata.managedFields;
  if (status === undefined) delete object.status;
  else object.status = status;
}
