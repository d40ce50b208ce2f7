// Defaults must be what the schema itself would take: pruned, and valid.
// Reads: a structural schema. Writes: FieldErrors. Mirrors: apiextensions-apiserver/pkg/apiserver/schema/defaulting/validation.go.
// Called by schemaRules.ts once a schema is known to be structural.
import { deepCopy } from '../../../apimachinery/deepCopy.ts';
import { aggregateMessage, type FieldError, invalidValue } from '../../../apimachinery/fieldErrors.ts';
import { ruleErrors } from '../rules/ruleErrors.ts';
import { embeddedErrors } from '../schema/embeddedErrors.ts';
import { isObject, type JSONSchema } from '../schema/jsonSchema.ts';
import { coerceMetadata } from '../schema/objectMeta.ts';
import { pruneDefault } from '../schema/prune.ts';
import { schemaErrors } from '../schema/schemaErrors.ts';
import { type SchemaTree, schemaTree } from '../schema/schemaTree.ts';

export interface DefaultOptions {
  /** False: older definitions may have kept defaults with fields that nobody specified. */
  requirePruned: boolean;
}

const metaFields = new Set(['metadata', 'apiVersion', 'kind']);

/** What a default stands in, from the resource down to it: the default is put there to see whether the whole is right. */
type Surround = (value: unknown) => Record<string, unknown>;
const root = (value: unknown): Record<string, unknown> => ({
  apiVersion: 'validation/v1',
  kind: 'Validation',
  ...(value as object),
});

export function defaultErrors(schema: JSONSchema, path: string, options: DefaultOptions): FieldError[] {
  const errors: FieldError[] = [];
  walk(schemaTree({ ...schema, 'x-kubernetes-embedded-resource': true }), path, root, false, options, errors);
  return errors;
}

function walk(
  tree: SchemaTree,
  path: string,
  surround: Surround,
  insideMeta: boolean,
  options: DefaultOptions,
  errors: FieldError[],
): void {
  const inMeta = insideMeta && !tree.embedded;
  const around = tree.embedded ? root : surround;
  if (tree.hasDefault) {
    const at = `${path}.default`;
    errors.push(...(inMeta ? metaDefaultErrors(tree, at, around) : plainDefaultErrors(tree, at, options)));
  }
  if (tree.items) walk(tree.items, `${path}.items`, (value) => around([value]), inMeta, options, errors);
  for (const [name, property] of tree.properties ?? []) {
    const meta = inMeta || (tree.embedded && metaFields.has(name));
    walk(property, `${path}.properties[${name}]`, (value) => around({ [name]: value }), meta, options, errors);
  }
}

function plainDefaultErrors(tree: SchemaTree, at: string, { requirePruned }: DefaultOptions): FieldError[] {
  const value = tree.raw.default;
  const errors: FieldError[] = [];
  if (requirePruned && pruneDefault(deepCopy(value), tree))
    errors.push(invalidValue(at, value, 'must not have unknown fields'));
  const embedded = embeddedErrors(value, tree, at);
  if (embedded.length) return [...errors, ...embedded];
  const wrong = schemaErrors(value, tree, at);
  if (wrong.length) return [...errors, ...wrong];
  return [...errors, ...ruleErrors(value, undefined, tree, at)];
}

function metaDefaultErrors(tree: SchemaTree, at: string, surround: Surround): FieldError[] {
  const value = tree.raw.default;
  const object = surround(deepCopy(value));
  const resource = schemaTree({ type: 'object', 'x-kubernetes-embedded-resource': true });
  const refused = (why: string) => [invalidValue(at, value, `must result in valid metadata: ${why}`)];
  try {
    coerceMetadata(object, resource);
  } catch (error) {
    return refused((error as Error).message);
  }
  const errors = isObject(object) ? embeddedErrors(object, resource) : [];
  if (errors.length) return refused(aggregateMessage(errors));
  return schemaErrors(value, tree, at);
}
