// Which rules an update of a CustomResourceDefinition may go on breaking: those that its old self broke already.
// Mirrors: validationOptions and the require… functions of apiextensions-apiserver's validation.go. Pure.
// Used by: validateDefinition.ts.
import { isConditionTrue } from '../../../apimachinery/conditions.ts';
import { deepEqual } from '../../../apimachinery/deepEqual.ts';
import { itemsOf, type JSONSchema, someSchema } from '../schema/jsonSchema.ts';
import { type ConversionOptions, caBundleErrors } from './conversionRules.ts';
import { defaultErrors } from './defaultRules.ts';
import { mapKeyErrors } from './listRules.ts';
import type { SchemaOptions } from './schemaRules.ts';
import { structuralErrors } from './structuralRules.ts';

export interface Leniency extends ConversionOptions, Omit<SchemaOptions, 'unchanged'> {
  requireSchema: boolean;
  /** Names of versions whose schema is what it was. */
  unchangedSchemas: ReadonlySet<string>;
  tooManySelectable: ReadonlySet<string>;
}

export const strict: Leniency = {
  requireSchema: true,
  requireStructural: true,
  requirePrunedDefaults: true,
  requireValidTypes: true,
  requireAtomicSets: true,
  requireMapKeys: true,
  requireReviewVersion: true,
  // Nobody asks a webhook for the objects of a definition that is new.
  allowInvalidCABundle: true,
  unchangedSchemas: new Set(),
  tooManySelectable: new Set(),
};

export function leniencyOf(object: any, old: any): Leniency {
  const schemas: (JSONSchema | undefined)[] = (old.spec.versions ?? []).map((v: any) => v.schema?.openAPIV3Schema);
  const has = (wrong: (s: JSONSchema) => boolean) => schemas.some((s) => someSchema(s, wrong));
  const reviews: string[] = old.spec.conversion?.webhook?.conversionReviewVersions ?? [];
  return {
    requireSchema: schemas.every((s) => s !== undefined),
    requireStructural: !schemas.some((s) => s && structuralErrors(s, '').length > 0),
    requirePrunedDefaults: !schemas.some((s) => s && hasUnprunedDefaults(s)),
    requireValidTypes: !has((s) => Boolean(s.type) && !types.has(s.type!)),
    requireAtomicSets: !has(hasGranularSet),
    requireMapKeys: !has((s) => mapKeyErrors(s, '').length > 0),
    requireReviewVersion: !reviews.length || reviews.some((v) => v === 'v1' || v === 'v1beta1'),
    allowInvalidCABundle: mayHaveInvalidCABundle(old),
    unchangedSchemas: sameVersions(object, old, (v) => v.schema),
    tooManySelectable: sameVersions(object, old, (v) =>
      v.selectableFields?.length > 8 ? v.selectableFields : undefined,
    ),
  };
}

const types = new Set(['string', 'number', 'integer', 'boolean', 'array', 'object']);

const hasUnprunedDefaults = (schema: JSONSchema): boolean =>
  someSchema(schema, (s) => s.default !== undefined) &&
  structuralErrors(schema, '').length === 0 &&
  defaultErrors(schema, '', { requirePruned: true }).some((e) => e.detail === 'must not have unknown fields');

function hasGranularSet(s: JSONSchema): boolean {
  const items = itemsOf(s);
  if (s['x-kubernetes-list-type'] !== 'set' || !items) return false;
  if (items.type === 'array') return (items['x-kubernetes-list-type'] ?? 'atomic') !== 'atomic';
  return items.type === 'object' && items['x-kubernetes-map-type'] !== 'atomic';
}

function mayHaveInvalidCABundle(old: any): boolean {
  if (!isConditionTrue(old.status?.conditions, 'Established')) return true;
  const caBundle = old.spec.conversion?.webhook?.clientConfig?.caBundle;
  return Boolean(caBundle) && caBundleErrors(caBundle).length > 0;
}

function sameVersions(object: any, old: any, part: (version: any) => unknown): Set<string> {
  const same = new Set<string>();
  for (const version of object.spec?.versions ?? []) {
    const before = old.spec.versions?.find((v: any) => v.name === version.name);
    const now = part(version);
    if (before && now !== undefined && deepEqual(now, part(before))) same.add(version.name);
  }
  return same;
}
