// All rules of one custom resource: its schema's, its lists', its embedded resources', its scale's and its CEL rules.
// Reads: the object, and the old one of an update, which may go on breaking what it broke already. Writes: FieldErrors.
// Mirrors: Validate and ValidateUpdate in apiextensions-apiserver/pkg/registry/customresource/{strategy,status_strategy,validator}.go.
// Called by customResource.ts; the rules of metadata are the writers' own.
import { type FieldError, invalidValue } from '../../../apimachinery/fieldErrors.ts';
import { ruleErrors } from '../rules/ruleErrors.ts';
import { embeddedErrors } from '../schema/embeddedErrors.ts';
import { listErrors } from '../schema/listErrors.ts';
import { schemaErrors, schemaUpdateErrors } from '../schema/schemaErrors.ts';
import type { SchemaTree } from '../schema/schemaTree.ts';
import type { DefinedVersion } from './definition.ts';
import { scaleErrors } from './scale.ts';

export function customErrors(version: DefinedVersion, object: any): FieldError[] {
  const { tree, spec } = version;
  const scale = spec.subresources?.scale;
  const errors = [
    ...schemaErrors(object, tree),
    ...(scale ? scaleErrors(object, scale, 'both') : []),
    ...embeddedErrors(object, tree),
    ...listErrors(object, tree),
  ];
  return withRules(errors, tree, object, undefined);
}

/** `sound`: the object by itself is known to keep all rules; those about the change are left. */
export function customUpdateErrors(version: DefinedVersion, object: any, old: any, sound = false): FieldError[] {
  const { tree, spec } = version;
  if (sound) return withRules([], tree, object, old);
  const scale = spec.subresources?.scale;
  const errors = [
    ...schemaUpdateErrors(object, old, tree),
    ...(scale ? scaleErrors(object, scale, 'both') : []),
    ...embeddedErrors(object, tree),
    ...newListErrors(object, old, tree),
  ];
  return withRules(errors, tree, object, old);
}

/** A write of `/status`: the schema of the status alone, and the rules of the whole. */
export function customStatusErrors(version: DefinedVersion, object: any, old: any): FieldError[] {
  const { tree, spec } = version;
  const scale = spec.subresources?.scale;
  const status = tree.properties?.get('status');
  const errors = [
    ...(status && object.status !== undefined ? schemaUpdateErrors(object.status, old.status, status, 'status') : []),
    ...(scale ? scaleErrors(object, scale, 'status') : []),
    ...embeddedErrors(object, tree),
    ...newListErrors(object, old, tree),
  ];
  return withRules(errors, tree, object, old);
}

const newListErrors = (object: any, old: any, tree: SchemaTree): FieldError[] => {
  const errors = listErrors(object, tree);
  return errors.length && listErrors(old, tree).length ? [] : errors;
};

/** After these, a rule could see values that it was not compiled for. */
const blocking = new Set(['FieldValueRequired', 'FieldValueTooLong', 'FieldValueTooMany', 'FieldValueTypeInvalid']);
const unchecked =
  'some validation rules were not checked because the object was invalid; correct the existing errors to complete validation';

function withRules(errors: FieldError[], tree: SchemaTree, object: any, old: any): FieldError[] {
  if (!tree.below.rules) return errors;
  if (errors.some((error) => blocking.has(error.type))) return [...errors, invalidValue('<nil>', null, unchecked)];
  return [...errors, ...ruleErrors(object, old, tree)];
}
