// What an expression may name: variables, types and functions.
// Mirrors: cel-go's checker/env.go. Next: environments/base.ts makes the functions; checker.ts asks.
import type { FunctionTable } from '../libraries/declare.ts';
import {
  boolType,
  bytesType,
  type CelType,
  cidrType,
  doubleType,
  durationType,
  dynType,
  formatType,
  intType,
  ipType,
  listType,
  mapType,
  nullType,
  optionalType,
  quantityType,
  semverType,
  stringType,
  timestampType,
  typeType,
  uintType,
  urlType,
} from '../types.ts';

export interface Names {
  variable(name: string): CelType | undefined;
  type(name: string): CelType | undefined;
  functions: FunctionTable;
}

const builtIn = new Map<string, CelType>([
  ['bool', boolType],
  ['bytes', bytesType],
  ['double', doubleType],
  ['int', intType],
  ['uint', uintType],
  ['string', stringType],
  ['list', listType(dynType)],
  ['map', mapType(dynType, dynType)],
  ['null_type', nullType],
  ['type', typeType(dynType)],
  ['google.protobuf.Timestamp', timestampType],
  ['google.protobuf.Duration', durationType],
  ['optional_type', optionalType(dynType)],
  ['net.IP', ipType],
  ['net.CIDR', cidrType],
  ['kubernetes.Quantity', quantityType],
  ['kubernetes.URL', urlType],
  ['kubernetes.Semver', semverType],
  ['kubernetes.NamedFormat', formatType],
]);

export const namesOf = (
  variables: Readonly<Record<string, CelType>>,
  types: (name: string) => CelType | undefined,
  functions: FunctionTable,
): Names => ({
  variable: (name) => (Object.hasOwn(variables, name) ? variables[name] : undefined),
  type: (name) => types(name) ?? builtIn.get(name),
  functions,
});

/** The name that a type has as a value. */
export function nameOfType(type: CelType): string {
  if (type.kind === 'object' || type.kind === 'opaque') return type.name;
  if (type.kind === 'null') return 'null_type';
  if (type.kind === 'timestamp') return 'google.protobuf.Timestamp';
  return type.kind === 'duration' ? 'google.protobuf.Duration' : type.kind;
}
