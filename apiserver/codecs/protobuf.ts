// Kubernetes' protobuf bodies into JSON-like values: the envelope, the message by its kind, and Go's special types.
// Reads: v1.35.proto.json (field numbers), loaded with the first such body. Mirrors: apimachinery/pkg/runtime/serializer/protobuf.
// A row of mediaTypes.ts; the result goes through ../decode.ts like any JSON.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type protobuf from 'protobufjs';
import type { SchemaNode, StructNode } from '../../apimachinery/schema.ts';
import { builtinSchemas } from '../openapi/definitions.ts';
import { keptEmptyStrings, omittedZeros } from './protobufZeros.ts';

const magic = Buffer.from('k8s\0');
let loaded: protobuf.Root | undefined;

/** The library and the facts cost memory, and many clusters never see a protobuf body. */
function root(): protobuf.Root {
  if (!loaded) {
    const library = createRequire(import.meta.url)('protobufjs') as typeof protobuf;
    loaded = library.Root.fromJSON(JSON.parse(readFileSync(new URL('./v1.35.proto.json', import.meta.url), 'utf8')));
  }
  return loaded;
}

const isMessage = (found: unknown): found is protobuf.Type =>
  typeof (found as protobuf.Type | null)?.fieldsArray === 'object';

/** Throws a SyntaxError when the body is no message of a kind that is known. */
export function readProtobuf(body: Buffer): unknown {
  if (body.length < 4 || !body.subarray(0, 4).equals(magic))
    throw new SyntaxError('provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]');
  try {
    const unknown = root().lookupType('k8s.io.apimachinery.pkg.runtime.Unknown').decode(body.subarray(4)) as any;
    const { apiVersion = '', kind = '' } = unknown.typeMeta ?? {};
    if (unknown.contentType === 'application/json') return JSON.parse(Buffer.from(unknown.raw).toString('utf8'));
    const type = messageOf(apiVersion, kind);
    const message = type.decode(unknown.raw ?? Buffer.alloc(0));
    return { kind, apiVersion, ...(toJson(message, type, nodeOf(type)) as object) };
  } catch (error) {
    throw new SyntaxError((error as Error).message);
  }
}

const packages: Record<string, string> = {
  'apiextensions.k8s.io': 'k8s.io.apiextensions_apiserver.pkg.apis.apiextensions',
  'apiregistration.k8s.io': 'k8s.io.kube_aggregator.pkg.apis.apiregistration',
};
const metaPackage = 'k8s.io.apimachinery.pkg.apis.meta.v1';

/** Options of requests are registered in every group, under the group's version. */
function messageOf(apiVersion: string, kind: string): protobuf.Type {
  const slash = apiVersion.indexOf('/');
  const group = slash < 0 ? '' : apiVersion.slice(0, slash);
  const version = apiVersion.slice(slash + 1);
  const home = packages[group] ?? `k8s.io.api.${group.split('.', 1)[0] || 'core'}`;
  for (const name of [`${home}.${version}.${kind}`, `${metaPackage}.${kind}`]) {
    const found = root().lookup(name);
    if (isMessage(found)) return found;
  }
  throw new Error(`no kind "${kind}" is registered for version "${apiVersion}"`);
}

/** `.k8s.io.api.core.v1.Pod` → `io.k8s.api.core.v1.Pod`. */
const definitionName = (type: protobuf.Type) =>
  type.fullName
    .slice(1)
    .replace(/^k8s\.io\./, 'io.k8s.')
    .replaceAll('_', '-');
/** `core.v1.Pod`: as the tables of zeros name it. */
const shortName = (type: protobuf.Type) => type.fullName.split('.').slice(-3).join('.');

function nodeOf(type: protobuf.Type): SchemaNode | undefined {
  try {
    return builtinSchemas.node(definitionName(type));
  } catch {
    return undefined;
  }
}

const special: Record<string, (message: any) => unknown> = {
  Quantity: (m) => m.string ?? '0',
  Time: (m) => time(m, false),
  MicroTime: (m) => time(m, true),
  IntOrString: (m) => (Number(m.type ?? 0) === 1 ? (m.strVal ?? '') : (m.intVal ?? 0)),
  RawExtension: (m) => rawJson(m.raw),
  FieldsV1: (m) => rawJson(m.Raw),
  JSON: (m) => rawJson(m.raw),
  Duration: (m) => `${Number(m.duration ?? 0) / 1e9}s`,
};

const rawJson = (bytes: Uint8Array | undefined) =>
  bytes?.length ? JSON.parse(Buffer.from(bytes).toString('utf8')) : undefined;

function time(m: { seconds?: unknown; nanos?: number }, micro: boolean): string | undefined {
  const seconds = Number(m.seconds ?? 0);
  const nanos = m.nanos ?? 0;
  if (seconds === 0 && nanos === 0) return undefined;
  const whole = new Date(seconds * 1000).toISOString().slice(0, 19);
  return micro ? `${whole}.${String(Math.floor(nanos / 1000)).padStart(6, '0')}Z` : `${whole}Z`;
}

function toJson(message: any, type: protobuf.Type, node: SchemaNode | undefined): unknown {
  const convert = special[type.name];
  if (convert) return convert(message);
  // A Go slice type of its own (ExtraValue, Verbs) is a message around its items.
  if (node?.type === 'list' || (type.fieldsArray.length === 1 && type.fields['items']?.repeated && !node))
    return message.items ?? [];
  const out: Record<string, unknown> = {};
  const struct = node?.type === 'struct' ? node : undefined;
  for (const field of type.fieldsArray) {
    if (!Object.hasOwn(message, field.name)) continue;
    field.resolve();
    const name = struct ? jsonName(field.name, struct) : field.name;
    const value = fieldValue(message[field.name], field, name ? struct?.fields.get(name)?.node : undefined, type);
    if (value === undefined) continue;
    if (name) out[name] = value;
    // A struct that Go embeds has no name in JSON: its fields stand in the outer one.
    else if (isMessage(field.resolvedType)) Object.assign(out, value);
  }
  return out;
}

/** The message's fields are named by Go (`uID`), JSON's by tags (`uid`); undefined: an embedded struct. */
function jsonName(name: string, struct: StructNode): string | undefined {
  if (struct.fields.has(name)) return name;
  const lower = name.toLowerCase();
  for (const key of struct.fields.keys()) if (key.toLowerCase() === lower) return key;
  return undefined;
}

function fieldValue(value: any, field: protobuf.Field, node: SchemaNode | undefined, parent: protobuf.Type): unknown {
  const message = isMessage(field.resolvedType) ? field.resolvedType : undefined;
  const inner = node?.type === 'list' ? node.items : node?.type === 'map' ? node.values : node;
  const one = (v: any) => (message ? toJson(v, message, inner ?? nodeOf(message)) : scalar(v, field.type));
  if (field.map)
    return Object.fromEntries(
      Object.entries(value).map(([k, v]) => [k, message ? toJson(v, message, inner) : scalar(v, field.type)]),
    );
  if (field.repeated) return value.map(one);
  if (message) return toJson(value, message, node ?? nodeOf(message));
  return isUnset(value, field.name, shortName(parent)) ? undefined : scalar(value, field.type);
}

function isUnset(value: unknown, field: string, message: string): boolean {
  if (value === '') return !keptEmptyStrings[message]?.includes(field);
  if (value === false || value === 0 || (typeof value === 'object' && Number(value) === 0))
    return omittedZeros[message]?.includes(field) ?? false;
  return false;
}

function scalar(value: any, type: string): unknown {
  if (type === 'bytes') return Buffer.from(value).toString('base64');
  if (type === 'int64' || type === 'uint64') return Number(value);
  return value;
}
