// x-kubernetes-validations of a custom resource, evaluated over an object and, where a rule speaks of oldSelf, over the old one.
import type { FieldError } from '../../../apimachinery/fieldErrors.ts';
import type { SchemaTree } from '../schema/schemaTree.ts';

export function ruleErrors(_object: any, _old: any, _tree: SchemaTree): FieldError[] {
  return [];
}
