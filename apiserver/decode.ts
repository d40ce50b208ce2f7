// Turns parsed JSON into an object of its kind: types checked, unknown fields dropped and named, scalars in canonical form.
// Reads: the kind's SchemaNode. Mirrors: what Go's typed decoding does (sigs.k8s.io/json), with its error texts.
// Called by codecs/readObject.ts for every body; next: handlers/, which default and validate the result.
import { canonicalQuantity } from '../apimachinery/quantity.ts';
import type { ListNode, MapNode, ScalarNode, SchemaNode, StructNode } from '../apimachinery/schema.ts';
import { restoreText } from './restoreText.ts';

export interface Decoded {
  object: any;
  /** Paths of fields that the kind does not have, as upstream prints them: `spec.containers[0].foo`. */
  unknown: string[];
}

/** The body does not fit the kind's types; the text is what upstream's decoder says. */
export class DecodeError extends Error {
  override name = 'DecodeError';
  /** What upstream says where the value does not come from JSON: a strategic merge patch's result. */
  readonly restore: string;
  constructor(message: string, restore = message) {
    super(message);
    this.restore = restore;
  }
}

interface Walk {
  path: (string | number)[];
  /** The path without indexes and keys of maps, as Go's errors have it. */
  fields: string[];
  structs: string[];
  unknown: string[];
}

/** `value` is changed in place where it can be. Throws DecodeError. */
export function decode(value: unknown, node: StructNode): Decoded {
  const walk: Walk = { path: [], fields: [], structs: [node.name], unknown: [] };
  const object = decodeNode(value, node, walk);
  return { object: object ?? {}, unknown: walk.unknown };
}

function decodeNode(value: unknown, node: SchemaNode, walk: Walk): unknown {
  if (value === null) return undefined;
  switch (node.type) {
    case 'struct':
      return decodeStruct(value, node, walk);
    case 'scalar':
      return decodeScalar(value, node, walk);
    case 'list':
      return decodeList(value, node, walk);
    case 'map':
      return decodeMap(value, node, walk);
    case 'any':
      return value;
  }
}

function decodeStruct(value: unknown, node: StructNode, walk: Walk): unknown {
  if (typeof value !== 'object' || Array.isArray(value)) throw mismatch(value, goName(node), walk);
  const object = value as Record<string, unknown>;
  walk.structs.push(node.name);
  for (const key in object) {
    const field = node.fields.get(key);
    if (!field) {
      if (node.preserveUnknown) continue;
      walk.unknown.push(printPath([...walk.path, key]));
      delete object[key];
      continue;
    }
    const before = object[key];
    walk.path.push(key);
    walk.fields.push(key);
    const after = decodeNode(before, field.node, walk);
    walk.path.pop();
    walk.fields.pop();
    if (after === undefined || (after === '' && node.native && isBytes(field.node))) delete object[key];
    else if (after !== before) object[key] = after;
  }
  walk.structs.pop();
  return object;
}

/** Go leaves them out when they are empty, as it does lists. */
const isBytes = (node: SchemaNode) => node.type === 'scalar' && node.scalar === 'bytes';

/**
 * An empty list or map is dropped: Go's omitempty leaves it out when the object is written again. An empty list of managedFields asks
 * for their reset, so it stays until they are set.
 */
function decodeList(value: unknown, node: ListNode, walk: Walk): unknown {
  if (!Array.isArray(value)) throw mismatch(value, `[]${goName(node.items)}`, walk);
  if (value.length === 0)
    return node.items.type === 'struct' && node.items.name === 'ManagedFieldsEntry' ? value : undefined;
  for (let i = 0; i < value.length; i++) {
    walk.path.push(i);
    const after = decodeNode(value[i], node.items, walk);
    value[i] = after === undefined ? zeroOf(node.items) : after;
    walk.path.pop();
  }
  return value;
}

function decodeMap(value: unknown, node: MapNode, walk: Walk): unknown {
  if (typeof value !== 'object' || Array.isArray(value))
    throw mismatch(value, `map[string]${goName(node.values)}`, walk);
  const object = value as Record<string, unknown>;
  let empty = true;
  for (const key in object) {
    empty = false;
    walk.path.push(key);
    const after = decodeNode(object[key], node.values, walk);
    object[key] = after === undefined ? zeroOf(node.values) : after;
    walk.path.pop();
  }
  return empty ? undefined : object;
}

function zeroOf(node: SchemaNode): unknown {
  if (node.type === 'struct' || node.type === 'map') return {};
  if (node.type === 'list') return [];
  if (node.type === 'any') return null;
  // Go's zero Quantity is written so.
  if (node.scalar === 'quantity') return '0';
  return node.scalar === 'integer' || node.scalar === 'number' || node.scalar === 'intOrString'
    ? 0
    : node.scalar === 'boolean'
      ? false
      : '';
}

function decodeScalar(value: unknown, node: ScalarNode, walk: Walk): unknown {
  switch (node.scalar) {
    case 'string':
      if (typeof value !== 'string') throw mismatch(value, 'string', walk);
      return value;
    case 'integer':
      return decodeInteger(value, node.format === 'int64' ? 'int64' : 'int32', walk);
    case 'boolean':
      if (typeof value !== 'boolean') throw mismatch(value, 'bool', walk);
      return value;
    case 'number':
      if (typeof value === 'bigint') return Number(value);
      if (typeof value !== 'number') throw mismatch(value, 'float64', walk);
      return value;
    case 'intOrString':
      if (typeof value === 'string') return value;
      if (typeof value === 'number') return decodeInteger(value, 'int32', walk);
      throw mismatch(value, 'intstr.IntOrString', walk);
    case 'quantity':
      return decodeQuantity(value);
    case 'time':
      return decodeTime(value, walk, false);
    case 'microTime':
      return decodeTime(value, walk, true);
    case 'bytes':
      return decodeBytes(value, walk);
  }
}

/** An int64 past 2^53 stays the BigInt that the parser made of it: rounded it could leave the range, and no Go client could read it. */
function decodeInteger(value: unknown, type: 'int32' | 'int64', walk: Walk): number | bigint {
  if (typeof value === 'bigint' && type === 'int64') return value;
  if (typeof value !== 'number') throw mismatch(value, type, walk);
  const fits = type === 'int32' ? value >= -2147483648 && value <= 2147483647 : value >= -(2 ** 63) && value < 2 ** 63;
  if (!Number.isInteger(value) || !fits) throw mismatch(value, type, walk, String(value));
  return value;
}

function decodeQuantity(value: unknown): string {
  if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'bigint')
    throw new DecodeError(quantityText);
  try {
    return canonicalQuantity(String(value));
  } catch (error) {
    throw new DecodeError((error as Error).message || quantityText);
  }
}
const quantityText = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";

const canonicalTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;
const canonicalMicroTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/;
const anyTime = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/;

function decodeTime(value: unknown, walk: Walk, micro: boolean): string | undefined {
  if (typeof value !== 'string') throw mismatch(value, 'string', walk, undefined, 'time');
  if ((micro ? canonicalMicroTime : canonicalTime).test(value)) return value;
  const ms = anyTime.test(value) ? Date.parse(value) : Number.NaN;
  if (Number.isNaN(ms)) {
    const layout = micro ? '2006-01-02T15:04:05.000000Z07:00' : '2006-01-02T15:04:05Z07:00';
    throw new DecodeError(
      `parsing time ${JSON.stringify(value)} as "${layout}": cannot parse ${JSON.stringify(value)} as "2006"`,
    );
  }
  const iso = new Date(ms).toISOString();
  if (!micro) return `${iso.slice(0, 19)}Z`;
  const fraction = (/\.(\d+)/.exec(value)?.[1] ?? '').padEnd(6, '0').slice(0, 6);
  return `${iso.slice(0, 19)}.${fraction}Z`;
}

const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

function decodeBytes(value: unknown, walk: Walk): string {
  if (typeof value !== 'string') throw mismatch(value, '[]uint8', walk);
  const text = /[\r\n]/.test(value) ? value.replace(/[\r\n]/g, '') : value;
  if (!base64.test(text)) throw new DecodeError(`illegal base64 data at input byte ${firstIllegalByte(text)}`);
  return text;
}

function firstIllegalByte(text: string): number {
  const at = text.search(/[^A-Za-z0-9+/]/);
  return at < 0 ? text.length - (text.length % 4) : at;
}

const kindsOfGo: Record<string, string> = { boolean: 'bool', bigint: 'number' };

function mismatch(value: unknown, goType: string, walk: Walk, literal?: string, restored = goType): DecodeError {
  const found = Array.isArray(value) ? 'array' : (kindsOfGo[typeof value] ?? (typeof value as string));
  const fields = walk.fields.join('.');
  const where = fields ? `Go struct field ${walk.structs.at(-1)}.${fields}` : 'Go value';
  return new DecodeError(
    `json: cannot unmarshal ${found}${literal ? ` ${literal}` : ''} into ${where} of type ${goType}`,
    restoreText(value, restored),
  );
}

function goName(node: SchemaNode): string {
  if (node.type === 'struct') return `v1.${node.name}`;
  if (node.type === 'list') return `[]${goName(node.items)}`;
  if (node.type === 'map') return `map[string]${goName(node.values)}`;
  if (node.type === 'any') return 'interface {}';
  return node.scalar === 'integer' ? node.format || 'int32' : node.scalar === 'boolean' ? 'bool' : 'string';
}

/** `spec.containers[0].image`. */
export function printPath(path: readonly (string | number)[]): string {
  let text = '';
  for (const p of path) text += typeof p === 'number' ? `[${p}]` : text ? `.${p}` : p;
  return text;
}
