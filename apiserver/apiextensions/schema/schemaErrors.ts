// What in an object breaks its schema, in upstream's words; nothing of what an update left as it was.
// Reads: a SchemaTree, the object and, on updates, the old one. Writes: FieldErrors.
// Mirrors: kube-openapi's pkg/validation/validate (schema.go, type.go, schema_props.go, object_validator.go, slice_validator.go), and
// apiextensions-apiserver/pkg/apiserver/validation (validation.go, ratcheting.go).
// Called by ../serving/validateCustom.ts; next: embeddedErrors.ts and listErrors.ts.
import { type FieldError, invalidValue, required, typeInvalid } from '../../../apimachinery/fieldErrors.ts';
import { correlatedEntry, isUnchanged, itemIndex } from './correlate.ts';
import { isObject } from './jsonSchema.ts';
import type { SchemaTree } from './schemaTree.ts';
import { type ValueChecks, valueChecks } from './valueChecks.ts';

/** Where the walk stands, and what it found. */
interface Walk {
  path: (string | number)[];
  /** `path` as errors print it. */
  at(): string;
  errors: FieldError[];
}

function newWalk(path: (string | number)[]): Walk {
  return { path, at: () => printed(path), errors: [] };
}

/** Marks a value that has no old one to be compared with. */
const nothing = Symbol('no old value');

/** `at` is where the value stands: empty for an object, `status` for its status. */
export function schemaErrors(value: unknown, tree: SchemaTree, at = ''): FieldError[] {
  const walk = newWalk(at ? [at] : []);
  check(value, tree, walk, nothing);
  return walk.errors;
}

/** The same for an update: what stayed as it was may break the rules. */
export function schemaUpdateErrors(value: unknown, old: unknown, tree: SchemaTree, at = ''): FieldError[] {
  const plain = schemaErrors(value, tree, at);
  // Most objects are right: only then is it worth comparing.
  if (!plain.length || old === undefined) return plain;
  const walk = newWalk(at ? [at] : []);
  check(value, tree, walk, old);
  return walk.errors;
}

const printed = (path: readonly (string | number)[]): string => {
  let text = '';
  for (const p of path) text += typeof p === 'number' ? `[${p}]` : text ? `.${p}` : p;
  return text;
};

function check(value: unknown, tree: SchemaTree, walk: Walk, old: unknown): void {
  if (old !== nothing && isUnchanged(value, old, tree)) return;
  tree.checks ??= valueChecks(tree.raw);
  const { checks } = tree;
  checkType(value, tree, walk);
  if (value !== null) checkJunctors(value, tree, walk, old);
  if (typeof value === 'string') run(checks.strings, value, walk);
  else if (typeof value === 'number' || typeof value === 'bigint') run(checks.numbers, value, walk);
  else if (Array.isArray(value)) checkList(value, tree, checks, walk, old);
  run(checks.any, value, walk);
  if (isObject(value)) checkMap(value, tree, checks, walk, old);
}

function run<T>(
  checks: readonly ((value: T, path: () => string, errors: FieldError[]) => void)[],
  value: T,
  walk: Walk,
): void {
  for (let i = 0; i < checks.length; i++) checks[i]!(value, walk.at, walk.errors);
}

/** A value's type as JSON schemas name it. */
function typeOf(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return 'string';
    case 'boolean':
      return 'boolean';
    case 'bigint':
      return 'integer';
    case 'number':
      return Number.isInteger(value) ? 'integer' : 'number';
    default:
      return value === null ? 'null' : Array.isArray(value) ? 'array' : 'object';
  }
}

/** The format that Go's decoder gives a number. */
const formatOf = (type: string): string => (type === 'integer' ? 'int64' : type === 'number' ? 'double' : '');

function checkType(value: unknown, tree: SchemaTree, walk: Walk): void {
  const { type, intOrString } = tree;
  if (!type && !intOrString) return;
  const found = typeOf(value);
  const fits = intOrString
    ? found === 'integer' || found === 'string'
    : found === type || (type === 'number' && found === 'integer');
  if (fits || (value === null && tree.nullable)) return;
  const wanted = tree.raw.format ?? '';
  const numeric = type === 'number' || type === 'integer' || intOrString;
  // A format stands for the type where the value is neither text nor list.
  if (value !== null && wanted && found !== 'string' && found !== 'array') {
    const format = formatOf(found);
    if (format === wanted) return;
    return void walk.errors.push(mismatch(walk, wanted, format));
  }
  if (value !== null && wanted && !numeric && (found === 'string' || found === 'array')) return;
  walk.errors.push(mismatch(walk, intOrString ? 'integer,string' : type, found));
}

function mismatch(walk: Walk, wanted: string, found: string): FieldError {
  const path = printed(walk.path);
  return typeInvalid(path || '<nil>', found, `${path} in body must be of type ${wanted}: ${JSON.stringify(found)}`);
}

function checkList(list: unknown[], tree: SchemaTree, checks: ValueChecks, walk: Walk, old: unknown): void {
  if (tree.items) {
    const oldItems = old === nothing ? undefined : itemIndex(old, tree);
    for (let i = 0; i < list.length; i++) {
      walk.path.push(i);
      check(list[i], tree.items, walk, oldItems ? (oldItems(list[i]) ?? nothing) : nothing);
      walk.path.pop();
    }
  }
  run(checks.lists, list, walk);
}

function checkMap(map: Record<string, unknown>, tree: SchemaTree, checks: ValueChecks, walk: Walk, old: unknown): void {
  run(checks.maps, map, walk);
  checkRequired(map, tree, walk);
  for (const key in map) {
    const inner = tree.properties?.get(key) ?? tree.values;
    if (!inner) {
      if (tree.additional === false && !tree.properties?.has(key)) refuseName(key, walk);
      continue;
    }
    walk.path.push(key);
    check(map[key], inner, walk, old === nothing ? nothing : (correlatedEntry(old, key, tree) ?? nothing));
    walk.path.pop();
  }
}

function refuseName(key: string, walk: Walk): void {
  const path = printed(walk.path);
  walk.errors.push(invalidValue(path || '<nil>', '', `${path}.${key} in body is a forbidden property`));
}

function checkRequired(map: Record<string, unknown>, tree: SchemaTree, walk: Walk): void {
  for (const name of tree.required)
    if (!Object.hasOwn(map, name) || map[name] === undefined) walk.errors.push(required(printed([...walk.path, name])));
}

// ---- allOf, anyOf, oneOf, not ----

function attempt(value: unknown, tree: SchemaTree, walk: Walk, old: unknown): FieldError[] {
  const inner = newWalk(walk.path);
  check(value, tree, inner, old);
  return inner.errors;
}

/** Upstream knows no field of these: they stand at <nil>. */
const junctorError = (walk: Walk, text: string): FieldError =>
  invalidValue('<nil>', '', `${JSON.stringify(printed(walk.path))} ${text}`);

function checkJunctors(value: unknown, tree: SchemaTree, walk: Walk, old: unknown): void {
  if (tree.anyOf.length) checkAnyOf(value, tree, walk, old);
  if (tree.oneOf.length) checkOneOf(value, tree, walk, old);
  if (tree.allOf.length) checkAllOf(value, tree, walk, old);
  if (tree.not && attempt(value, tree.not, walk, nothing).length === 0)
    walk.errors.push(junctorError(walk, 'must not validate the schema (not)'));
}

function fewest(results: readonly FieldError[][]): FieldError[] {
  return results.reduce((best, errors) => (errors.length < best.length ? errors : best));
}

function checkAnyOf(value: unknown, tree: SchemaTree, walk: Walk, old: unknown): void {
  const results: FieldError[][] = [];
  for (const schema of tree.anyOf) {
    const errors = attempt(value, schema, walk, old);
    if (!errors.length) return;
    results.push(errors);
  }
  walk.errors.push(junctorError(walk, 'must validate at least one schema (anyOf)'), ...fewest(results));
}

function checkOneOf(value: unknown, tree: SchemaTree, walk: Walk, old: unknown): void {
  const results = tree.oneOf.map((schema) => attempt(value, schema, walk, old));
  const valid = results.filter((errors) => !errors.length).length;
  if (valid === 1) return;
  const why = valid ? `Found ${valid} valid alternatives` : 'Found none valid';
  walk.errors.push(junctorError(walk, `must validate one and only one schema (oneOf). ${why}`));
  if (!valid) walk.errors.push(...fewest(results));
}

function checkAllOf(value: unknown, tree: SchemaTree, walk: Walk, old: unknown): void {
  const results = tree.allOf.map((schema) => attempt(value, schema, walk, old));
  const valid = results.filter((errors) => !errors.length).length;
  if (valid === results.length) return;
  for (const errors of results) walk.errors.push(...errors);
  walk.errors.push(junctorError(walk, `must validate all the schemas (allOf)${valid ? '' : '. None validated'}`));
}
