// How a library says what functions it has: one line each, the types written as cel-go prints them.
// Reads: `string.(int) -> string`. Writes: Overloads. Mirrors: cel-go's common/decls.
// Next: the other files of this folder declare with it; check/ resolves calls to overloads; eval/ runs them.
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
  opaqueType,
  optionalType,
  quantityType,
  semverType,
  stringType,
  timestampType,
  typeType,
  uintType,
  urlType,
} from '../types.ts';

/** Up to four arguments, the receiver first. Throws EvalFailure. */
export type Implementation = (a: any, b: any, c: any, d: any) => unknown;

export interface Overload {
  fn: string;
  /** cel-go's name of it: costs and error texts go by it. */
  id: string;
  member: boolean;
  params: readonly CelType[];
  result: CelType;
  typeParams: readonly string[];
  run: Implementation;
}

const named: Record<string, CelType> = {
  bool: boolType,
  int: intType,
  uint: uintType,
  double: doubleType,
  string: stringType,
  bytes: bytesType,
  dyn: dynType,
  null: nullType,
  timestamp: timestampType,
  duration: durationType,
  quantity: quantityType,
  ip: ipType,
  cidr: cidrType,
  url: urlType,
  semver: semverType,
  format: formatType,
};

/** The parts between commas that no parenthesis encloses. */
function split(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let from = 0;
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '(') depth++;
    if (text[i] === ')') depth--;
    if (text[i] === ',' && depth === 0) {
      parts.push(text.slice(from, i));
      from = i + 1;
    }
  }
  return [...parts, text.slice(from)].map((p) => p.trim()).filter((p) => p !== '');
}

function parseType(text: string): CelType {
  const generic = /^(\w+)\((.*)\)$/.exec(text);
  if (generic) {
    const params = split(generic[2]!).map(parseType);
    if (generic[1] === 'list') return listType(params[0]!);
    if (generic[1] === 'map') return mapType(params[0]!, params[1]!);
    if (generic[1] === 'type') return typeType(params[0]!);
    return optionalType(params[0]!);
  }
  if (/^[A-Z]$/.test(text)) return { kind: 'param', name: text };
  return named[text] ?? opaqueType(text);
}

const paramsOf = (text: string): string[] => [...new Set(text.match(/\b[A-Z]\b/g) ?? [])];

/** `overload('charAt', 'string_char_at_int', 'string.(int) -> string', (s, i) => …)`. */
export function overload(fn: string, id: string, signature: string, run: Implementation): Overload {
  const parts = /^(?:(.+)\.)?\((.*)\) -> (.+)$/.exec(signature)!;
  const [, receiver, args, result] = parts;
  const params = [...(receiver ? [receiver] : []), ...split(args!)].map(parseType);
  return {
    ...{ fn, id, member: receiver !== undefined, params },
    ...{ result: parseType(result!), typeParams: paramsOf(signature), run },
  };
}

export type FunctionTable = ReadonlyMap<string, readonly Overload[]>;
export function functionTable(...libraries: readonly (readonly Overload[])[]): FunctionTable {
  const table = new Map<string, Overload[]>();
  for (const o of libraries.flat()) table.set(o.fn, [...(table.get(o.fn) ?? []), o]);
  return table;
}
