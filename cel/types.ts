// The types of CEL as values: what variables are declared with, what the checker gives each expression, what sizes the cost estimate reads.
// Reads and writes: nothing but itself. Mirrors: cel-go's common/types/types.go and apiserver/pkg/cel/types.go (DeclType).
// Next: schemaType.ts makes one from an OpenAPI schema; check/ compares them; cost/ reads `maxSize`.

export type ScalarKind =
  | 'dyn'
  | 'error'
  | 'null'
  | 'bool'
  | 'int'
  | 'uint'
  | 'double'
  | 'string'
  | 'bytes'
  | 'timestamp'
  | 'duration';

/** `maxSize` counts characters, bytes, items or entries, whichever the kind has; absent means unbounded. */
export type CelType =
  | { kind: ScalarKind; maxSize?: number }
  | { kind: 'list'; elem: CelType; maxSize?: number; listType?: 'set' | 'map'; mapKeys?: readonly string[] }
  /** `namedEntries`: entries selected by name (`m.name`) have the declared size of the values. */
  | { kind: 'map'; key: CelType; value: CelType; maxSize?: number; namedEntries?: true }
  | ObjectType
  | { kind: 'opaque'; name: string; params: readonly CelType[] }
  | { kind: 'type'; of: CelType }
  | { kind: 'param'; name: string };

/** A struct of declared fields, by CEL name. `name` says which struct in error texts and in `Name{field: …}` literals. */
export interface ObjectType {
  kind: 'object';
  name: string;
  fields: ReadonlyMap<string, CelField>;
}
/** `property` is the name in the JSON object where that differs from the CEL name (`__namespace__` reads `namespace`). */
export interface CelField {
  type: CelType;
  property?: string;
}

const scalar = (kind: ScalarKind) => ({ kind });
export const dynType: CelType = scalar('dyn');
export const errorType: CelType = scalar('error');
export const nullType: CelType = scalar('null');
export const boolType: CelType = scalar('bool');
export const intType: CelType = scalar('int');
export const uintType: CelType = scalar('uint');
export const doubleType: CelType = scalar('double');
export const stringType: CelType = scalar('string');
export const bytesType: CelType = scalar('bytes');
export const timestampType: CelType = scalar('timestamp');
export const durationType: CelType = scalar('duration');

export const listType = (elem: CelType, maxSize?: number): CelType => ({ kind: 'list', elem, maxSize });
export const mapType = (key: CelType, value: CelType, maxSize?: number): CelType => ({
  kind: 'map',
  key,
  value,
  maxSize,
});
export const typeType = (of: CelType): CelType => ({ kind: 'type', of });
export const opaqueType = (name: string, ...params: CelType[]): CelType => ({ kind: 'opaque', name, params });
export const optionalType = (of: CelType): CelType => opaqueType('optional_type', of);
export const quantityType = opaqueType('kubernetes.Quantity');
export const urlType = opaqueType('kubernetes.URL');
export const ipType = opaqueType('net.IP');
export const cidrType = opaqueType('net.CIDR');
export const semverType = opaqueType('kubernetes.Semver');
export const formatType = opaqueType('kubernetes.NamedFormat');
export const authorizerType = opaqueType('kubernetes.authorization.Authorizer');

/** An object whose fields are called in CEL as in JSON: `objectType('kubernetes.UserInfo', { username: stringType })`. */
export const objectType = (name: string, fields: Record<string, CelType>): ObjectType => ({
  kind: 'object',
  name,
  fields: new Map(Object.entries(fields).map(([field, type]) => [field, { type }])),
});

/** A type as error texts write it: `list(int)`, `map(string, dyn)`, `optional_type(string)`. */
export function typeName(type: CelType): string {
  switch (type.kind) {
    case 'list':
      return `list(${typeName(type.elem)})`;
    case 'map':
      return `map(${typeName(type.key)}, ${typeName(type.value)})`;
    case 'type':
      return `type(${typeName(type.of)})`;
    case 'object':
    case 'param':
      return type.name;
    case 'opaque':
      return type.params.length > 0 ? `${type.name}(${type.params.map(typeName).join(', ')})` : type.name;
    case 'error':
      return '!error!';
    default:
      return type.kind;
  }
}
