// All rules of a CustomResourceDefinition, of a new one and of an update.
// Reads: the definition, and the old one, whose older mistakes it may keep. Writes: FieldErrors with upstream's paths: what all versions
// say alike stands at the top (`spec.validation`), as in upstream's internal type.
// Mirrors: validateCustomResourceDefinitionSpec and …Update (apiextensions-apiserver/pkg/apis/apiextensions/validation/validation.go).
// Called by ../../kinds/customResourceDefinition.ts. Next: schemaRules.ts.
import { isConditionTrue } from '../../../apimachinery/conditions.ts';
import { deepEqual } from '../../../apimachinery/deepEqual.ts';
import { type FieldError, immutable, invalidValue, notSupported, required } from '../../../apimachinery/fieldErrors.ts';
import { isDNS1035Label, isDNS1123Subdomain } from '../../../apimachinery/names.ts';
import { someSchema } from '../schema/jsonSchema.ts';
import { approvalAnnotation, approvalOf, isProtectedGroup } from '../status/apiApproval.ts';
import { columnErrors, subresourceErrors } from './columnRules.ts';
import { conversionErrors } from './conversionRules.ts';
import { type Leniency, leniencyOf, strict } from './leniency.ts';
import { schemaRuleErrors } from './schemaRules.ts';
import { selectableErrors } from './selectableRules.ts';
import { checkDefinitionStatus, checkStoredVersions, namesErrors } from './statusRules.ts';

export function validateDefinition(object: any): FieldError[] {
  return [
    ...specErrors(object.spec ?? {}, strict),
    ...checkDefinitionStatus(object.status ?? {}),
    ...checkStoredVersions(object),
    ...approvalErrors(object, undefined),
    ...preserveErrors(object, undefined),
  ];
}

export function validateDefinitionUpdate(object: any, before: any): FieldError[] {
  const spec = object.spec ?? {};
  const old = { ...before, spec: { names: {}, ...before.spec } };
  return [
    ...specErrors(spec, leniencyOf(object, old)),
    ...immutableErrors(spec, old),
    ...checkDefinitionStatus(object.status ?? {}),
    ...checkStoredVersions(object),
    ...approvalErrors(object, old),
    ...preserveErrors(object, old),
  ];
}

function immutableErrors(spec: any, old: any): FieldError[] {
  const errors: FieldError[] = [];
  const keep = (field: string, now: unknown, before: unknown) => {
    if (now !== before) errors.push(immutable(`spec.${field}`, now ?? ''));
  };
  if (isConditionTrue(old.status?.conditions, 'Established')) {
    keep('scope', spec.scope, old.spec.scope);
    keep('names.kind', spec.names?.kind, old.spec.names.kind);
  }
  keep('group', spec.group, old.spec.group);
  keep('names.plural', spec.names?.plural, old.spec.names.plural);
  return errors;
}

function specErrors(spec: any, leniency: Leniency): FieldError[] {
  const versions: any[] = spec.versions ?? [];
  const preserves = spec.preserveUnknownFields === true;
  const errors: FieldError[] = [...groupErrors(spec.group), ...scopeErrors(spec.scope)];
  if (leniency.requireSchema)
    for (const [i, v] of versions.entries())
      if (!v.schema?.openAPIV3Schema)
        errors.push(required(`spec.versions[${i}].schema.openAPIV3Schema`, 'schemas are required'));
  if (preserves && hasDefaults(versions))
    errors.push(
      invalidValue('spec.preserveUnknownFields', true, 'must be false in order to use defaults in the schema'),
    );
  errors.push(...versionErrors(versions, { ...leniency, requireStructural: leniency.requireStructural || !preserves }));
  errors.push(...namesOfSpecErrors(spec.names ?? {}));
  if (preserves && spec.conversion && spec.conversion.strategy !== 'None')
    errors.push(
      invalidValue(
        'spec.conversion.strategy',
        spec.conversion.strategy ?? '',
        'must be None if spec.preserveUnknownFields is true',
      ),
    );
  return [...errors, ...conversionErrors(spec.conversion, leniency)];
}

function groupErrors(group: string | undefined): FieldError[] {
  if (!group) return [required('spec.group')];
  const texts = isDNS1123Subdomain(group);
  if (texts.length) return [invalidValue('spec.group', group, texts.join(','))];
  return group.includes('.') ? [] : [invalidValue('spec.group', group, 'should be a domain with at least one dot')];
}

function scopeErrors(scope: string | undefined): FieldError[] {
  if (!scope) return [required('spec.scope')];
  const valid = ['Cluster', 'Namespaced'];
  return valid.includes(scope) ? [] : [notSupported('spec.scope', scope, valid)];
}

const hasDefaults = (versions: any[]) =>
  versions.some((v) => someSchema(v.schema?.openAPIV3Schema, (s) => s.default !== undefined && s.default !== null));

/** A member that every version has alike: it is checked once, at the top. */
const shared = (versions: any[], member: string): boolean =>
  versions.length > 0 && versions.every((v) => deepEqual(v[member], versions[0][member]));

function versionErrors(versions: any[], leniency: Leniency): FieldError[] {
  const errors: FieldError[] = [];
  const once = (member: string) => shared(versions, member);
  for (const [i, version] of versions.entries()) {
    const at = `spec.versions[${i}]`;
    const texts = isDNS1035Label(version.name ?? '');
    if (texts.length) errors.push(invalidValue(`${at}.name`, version.name ?? '', texts.join(',')));
    for (const text of deprecationTexts(version))
      errors.push(invalidValue(`${at}.deprecationWarning`, version.deprecationWarning, text));
    for (const member of members)
      if (!once(member)) errors.push(...memberErrors(member, version, `${at}.${member}`, leniency, [version]));
  }
  const names = versions.map((v) => v.name);
  if (new Set(names).size < names.length)
    errors.push(invalidValue('spec.versions', versions, 'must contain unique version names'));
  if (versions.filter((v) => v.storage).length !== 1)
    errors.push(invalidValue('spec.versions', versions, 'must have exactly one version marked as storage version'));
  for (const member of members)
    if (once(member)) {
      const at = member === 'schema' ? 'spec.validation' : `spec.${member}`;
      errors.push(...memberErrors(member, versions[0], at, leniency, versions));
    }
  return errors;
}

const members = ['schema', 'subresources', 'additionalPrinterColumns', 'selectableFields'] as const;

/** `having`: the versions that this member stands in for. */
function memberErrors(
  member: (typeof members)[number],
  version: any,
  at: string,
  leniency: Leniency,
  having: any[],
): FieldError[] {
  const value = version[member];
  if (!value) return [];
  switch (member) {
    case 'schema': {
      if (!value.openAPIV3Schema) return [];
      const hasStatus = having.some((v) => v.subresources?.status);
      const unchanged = having.every((v) => leniency.unchangedSchemas.has(v.name));
      return schemaRuleErrors(value.openAPIV3Schema, hasStatus, at, { ...leniency, unchanged });
    }
    case 'subresources':
      return subresourceErrors(value, at);
    case 'additionalPrinterColumns':
      return value.flatMap((column: any, i: number) => columnErrors(column, `${at}[${i}]`));
    case 'selectableFields': {
      const mayBeMany = having.every((v) => leniency.tooManySelectable.has(v.name));
      return selectableErrors(value, version.schema?.openAPIV3Schema, at, mayBeMany);
    }
  }
}

function deprecationTexts({ deprecated, deprecationWarning: text }: any): string[] {
  if (text === undefined) return [];
  if (!deprecated) return ['can only be set for deprecated versions'];
  const texts: string[] = [];
  if (Buffer.byteLength(text) > 256) texts.push('must be <= 256 characters long');
  if (text.length === 0) texts.push('must not be an empty string');
  const bad = /[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/u.exec(text);
  if (bad) {
    const at = Buffer.byteLength(text.slice(0, bad.index));
    texts.push(`must only contain printable UTF-8 characters; non-printable character found at index ${at}`);
  }
  return texts;
}

function namesOfSpecErrors(names: any): FieldError[] {
  const errors: FieldError[] = [];
  for (const field of ['plural', 'singular', 'kind', 'listKind'])
    if (!names[field]) errors.push(required(`spec.names.${field}`));
  return [...errors, ...namesErrors(names, 'spec.names')];
}

function approvalErrors(object: any, old: any | undefined): FieldError[] {
  if (!isProtectedGroup(object.spec?.group ?? '')) return [];
  const { state, reason } = approvalOf(object.metadata.annotations);
  if (old && approvalOf(old.metadata.annotations).state === state) return [];
  const at = `metadata.annotations[${approvalAnnotation}]`;
  if (state === 'missing') return [required(at, reason)];
  return state === 'invalid' ? [invalidValue(at, object.metadata.annotations[approvalAnnotation], reason)] : [];
}

function preserveErrors(object: any, old: any | undefined): FieldError[] {
  if (old?.spec.preserveUnknownFields === true || object.spec?.preserveUnknownFields !== true) return [];
  const text =
    'cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead';
  return [invalidValue('spec.preserveUnknownFields', true, text)];
}
