// A schema must be structural: every field has its type outside of anyOf and its like, so that objects can be pruned and defaulted by it.
// Reads: openAPIV3Schema. Writes: FieldErrors, sorted by their texts. Mirrors: apiextensions-apiserver/pkg/apiserver/schema/validation.go and complete.go.
// Called by schemaRules.ts and by ../status/statusOf.ts for definitions that are older than this rule.
import { deepEqual } from '../../../apimachinery/deepEqual.ts';
import {
  errorBody,
  type FieldError,
  forbiddenField,
  invalidValue,
  required,
} from '../../../apimachinery/fieldErrors.ts';
import { checkPattern } from '../../../cel/re2.ts';
import { itemsOf, type JSONSchema, valuesOf } from '../schema/jsonSchema.ts';

type Level = 'root' | 'item' | 'field';

const emptyTexts: Record<Level, string> = {
  root: 'must not be empty at the root',
  item: 'must not be empty for specified array items',
  field: 'must not be empty for specified object fields',
};

export function structuralErrors(schema: JSONSchema, path: string): FieldError[] {
  const errors: FieldError[] = [];
  checkInvariants(schema, 'root', path, errors);
  checkCompleteness(schema, path, errors);
  const text = (e: FieldError) => `${e.field}: ${errorBody(e)}`;
  return errors.sort((a, b) => (text(a) < text(b) ? -1 : 1));
}

/** The texts of what is not structural in a stored definition. */
export function structuralErrorsOf(crd: any): string[] {
  return (crd.spec.versions ?? []).flatMap((version: any, i: number) => {
    const schema = version.schema?.openAPIV3Schema;
    const found = schema ? structuralErrors(schema, `spec.versions[${i}].schema.openAPIV3Schema`) : [];
    return found.map((e: FieldError) => `${e.field}: ${errorBody(e)}`);
  });
}

const preserves = (s: JSONSchema) => s['x-kubernetes-preserve-unknown-fields'] === true;
const embedded = (s: JSONSchema) => s['x-kubernetes-embedded-resource'] === true;
const intOrString = (s: JSONSchema) => s['x-kubernetes-int-or-string'] === true;

const eitherType = [{ type: 'integer' }, { type: 'string' }];

function checkInvariants(s: JSONSchema, level: Level, path: string, errors: FieldError[]): void {
  const items = itemsOf(s);
  if (s.type === 'array' && !s.items) errors.push(required(`${path}.items`, 'must be specified'));
  if (items) checkInvariants(items, 'item', `${path}.items`, errors);
  for (const [key, property] of Object.entries(s.properties ?? {}))
    checkInvariants(property, 'field', `${path}.properties[${key}]`, errors);
  if (s.additionalProperties !== undefined) {
    if (level === 'root') errors.push(forbiddenField(`${path}.additionalProperties`, 'must not be used at the root'));
    const values = valuesOf(s);
    if (values) checkInvariants(values, 'field', `${path}.additionalProperties`, errors);
  }
  checkExtensions(s, path, errors);
  const either = deepEqual(s.anyOf, eitherType);
  const eitherFirst = deepEqual(s.allOf?.[0]?.anyOf, eitherType);
  checkValues(s, either, eitherFirst, path, errors);
  checkType(s, level, path, errors);
  checkResource(s, level, path, errors);
}

function checkExtensions(s: JSONSchema, path: string, errors: FieldError[]): void {
  if (!intOrString(s)) return;
  const text = 'must be false if x-kubernetes-int-or-string is true';
  if (preserves(s)) errors.push(invalidValue(`${path}.x-kubernetes-preserve-unknown-fields`, true, text));
  if (embedded(s)) errors.push(invalidValue(`${path}.x-kubernetes-embedded-resource`, true, text));
}

function checkType(s: JSONSchema, level: Level, path: string, errors: FieldError[]): void {
  if (embedded(s) && s.type !== 'object') {
    const text = 'must be object if x-kubernetes-embedded-resource is true';
    errors.push(s.type ? invalidValue(`${path}.type`, s.type, text) : required(`${path}.type`, text));
  } else if (!s.type && !intOrString(s) && !preserves(s)) errors.push(required(`${path}.type`, emptyTexts[level]));
  if (embedded(s) && s.additionalProperties !== undefined)
    errors.push(
      forbiddenField(`${path}.additionalProperties`, 'must not be used if x-kubernetes-embedded-resource is set'),
    );
  if (level === 'root' && s.type && s.type !== 'object')
    errors.push(invalidValue(`${path}.type`, s.type, 'must be object at the root'));
}

/** Of apiVersion, kind and metadata little may be said: they are what they are. */
function checkResource(s: JSONSchema, level: Level, path: string, errors: FieldError[]): void {
  const resource = level === 'root' || embedded(s);
  for (const name of ['kind', 'apiVersion']) {
    const property = s.properties?.[name];
    if (resource && property && property.type !== 'string')
      errors.push(invalidValue(`${path}.properties[${name}].type`, property.type ?? '', 'must be string'));
  }
  const metadata = s.properties?.['metadata'];
  const at = `${path}.properties[metadata]`;
  if (metadata && resource && metadata.type !== 'object')
    errors.push(invalidValue(`${at}.type`, metadata.type ?? '', 'must be object'));
  if (metadata && level === 'root' && !restrictsNamesOnly(metadata))
    errors.push(
      forbiddenField(
        at,
        'must not specify anything other than name and generateName, but metadata is implicitly specified',
      ),
    );
  if (embedded(s) && !preserves(s) && !Object.keys(s.properties ?? {}).length)
    errors.push(
      required(
        `${path}.properties`,
        'must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields',
      ),
    );
}

function restrictsNamesOnly(metadata: JSONSchema): boolean {
  const names = Object.keys(metadata.properties ?? {});
  if (names.some((name) => name !== 'name' && name !== 'generateName')) return false;
  const { type: _t, properties: _p, default: _d, ...rest } = metadata;
  return Object.keys(rest).length === 0;
}

function checkValues(
  s: JSONSchema,
  skipAnyOf: boolean,
  skipFirstAllOf: boolean,
  path: string,
  errors: FieldError[],
): void {
  if (!skipAnyOf) s.anyOf?.forEach((inner, i) => void checkNested(inner, false, `${path}.anyOf[${i}]`, errors));
  s.allOf?.forEach((inner, i) => void checkNested(inner, skipFirstAllOf && i === 0, `${path}.allOf[${i}]`, errors));
  s.oneOf?.forEach((inner, i) => void checkNested(inner, false, `${path}.oneOf[${i}]`, errors));
  if (s.not) checkNested(s.not, false, `${path}.not`, errors);
  if (!s.pattern) return;
  try {
    checkPattern(s.pattern);
  } catch (error) {
    const text = `must be a valid regular expression, but isn't: ${(error as Error).message}`;
    errors.push(invalidValue(`${path}.pattern`, s.pattern, text));
  }
}

/** What must not stand inside of a junctor, where fields are only restricted: text of the rule by member. */
const outsideOnly: [name: keyof JSONSchema, text: string][] = [
  ['type', 'must be empty to be structural'],
  ['additionalProperties', 'must be undefined to be structural'],
  ['default', 'must be undefined to be structural'],
  ['title', 'must be empty to be structural'],
  ['description', 'must be empty to be structural'],
  ['nullable', 'must be false to be structural'],
  ['x-kubernetes-preserve-unknown-fields', 'must be false to be structural'],
  ['x-kubernetes-embedded-resource', 'must be false to be structural'],
  ['x-kubernetes-int-or-string', 'must be false to be structural'],
  ['x-kubernetes-list-map-keys', 'must be empty to be structural'],
  ['x-kubernetes-list-type', 'must be undefined to be structural'],
  ['x-kubernetes-map-type', 'must be undefined to be structural'],
  ['x-kubernetes-validations', 'must be empty to be structural'],
];

function checkNested(s: JSONSchema, skipAnyOf: boolean, path: string, errors: FieldError[]): void {
  checkValues(s, skipAnyOf, false, path, errors);
  const items = itemsOf(s);
  if (items) checkNested(items, false, `${path}.items`, errors);
  for (const [key, property] of Object.entries(s.properties ?? {}))
    checkNested(property, false, `${path}.properties[${key}]`, errors);
  for (const [name, text] of outsideOnly) {
    const value = s[name];
    if (value !== undefined && value !== null && value !== false && value !== '')
      errors.push(forbiddenField(`${path}.${name}`, text));
  }
  if (s.properties && Object.hasOwn(s.properties, 'metadata'))
    errors.push(forbiddenField(`${path}.properties[metadata]`, 'must not be specified in a nested context'));
}

// ---- completeness: what a junctor restricts must be specified outside of it ----

function checkCompleteness(s: JSONSchema, path: string, errors: FieldError[]): void {
  for (const [inner, at] of junctors(s, path)) checkSpecified(inner, s, at, path, errors);
  const items = itemsOf(s);
  if (items) checkCompleteness(items, `${path}.items`, errors);
  for (const [key, property] of Object.entries(s.properties ?? {}))
    checkCompleteness(property, `${path}.properties[${key}]`, errors);
  const values = valuesOf(s);
  if (values) checkCompleteness(values, `${path}.additionalProperties`, errors);
}

const junctors = (s: JSONSchema, path: string): [schema: JSONSchema, path: string][] => [
  ...(['allOf', 'anyOf', 'oneOf'] as const).flatMap((name) =>
    (s[name] ?? []).map((inner, i): [JSONSchema, string] => [inner, `${path}.${name}[${i}]`]),
  ),
  ...(s.not ? [[s.not, `${path}.not`] as [JSONSchema, string]] : []),
];

const specifyText = (at: string) => `because it is defined in ${at}`;

function checkSpecified(
  nested: JSONSchema,
  outer: JSONSchema | undefined,
  at: string,
  outerPath: string,
  errors: FieldError[],
): void {
  for (const [inner, innerPath] of junctors(nested, at)) checkSpecified(inner, outer, innerPath, outerPath, errors);
  const items = itemsOf(nested);
  if (items) {
    const outerItems = outer && itemsOf(outer);
    if (!outerItems) errors.push(required(`${outerPath}.items`, specifyText(`${at}.items`)));
    else checkSpecified(items, outerItems, `${at}.items`, `${outerPath}.items`, errors);
  }
  for (const [key, property] of Object.entries(nested.properties ?? {})) {
    const outerProperty = outer?.properties?.[key];
    const innerPath = `${at}.properties[${key}]`;
    if (!outerProperty) errors.push(required(`${outerPath}.properties[${key}]`, specifyText(innerPath)));
    else checkSpecified(property, outerProperty, innerPath, `${outerPath}.properties[${key}]`, errors);
  }
}
