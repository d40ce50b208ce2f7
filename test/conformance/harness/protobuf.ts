// Typed clients speak protobuf: requests written here, answers and watch frames read. The envelope is `k8s\0` and an Unknown.
// Written apart from the server's codec, over the same facts (v1.35.proto.json), so that an error in one shows beside the other.
// Mirrors: apimachinery/pkg/runtime/serializer/protobuf, seen from the client. Used by resource.ts and watch.ts.
import { readFileSync } from 'node:fs';
import protobuf from 'protobufjs';
import { readProtobuf } from '../../../apiserver/codecs/protobuf.ts';
import type { Stream } from './connection.ts';
import type { Event } from './watch.ts';

export const protobufType = 'application/vnd.kubernetes.protobuf';

let loaded: protobuf.Root | undefined;
function root(): protobuf.Root {
  const facts = new URL('../../../apiserver/codecs/v1.35.proto.json', import.meta.url);
  loaded ??= protobuf.Root.fromJSON(JSON.parse(readFileSync(facts, 'utf8')));
  return loaded;
}

const homes: Record<string, string> = {
  '': 'k8s.io.api.core',
  'apiextensions.k8s.io': 'k8s.io.apiextensions_apiserver.pkg.apis.apiextensions',
  'apiregistration.k8s.io': 'k8s.io.kube_aggregator.pkg.apis.apiregistration',
};
const metaHome = 'k8s.io.apimachinery.pkg.apis.meta.v1';

function messageOf(apiVersion: string, kind: string): protobuf.Type {
  const [version = '', group = ''] = apiVersion.split('/').reverse();
  const home = homes[group] ?? `k8s.io.api.${group.split('.')[0]}`;
  const found = root().lookup(`${home}.${version}.${kind}`) ?? root().lookup(`${metaHome}.${kind}`);
  return found as protobuf.Type;
}

/** An object with apiVersion and kind as a request's body. */
export function writeProtobuf(object: any): Buffer {
  const { apiVersion, kind } = object;
  const type = messageOf(apiVersion, kind);
  const raw = type.encode(type.create(fields(object, type))).finish();
  const unknown = root().lookupType('k8s.io.apimachinery.pkg.runtime.Unknown');
  const envelope = unknown
    .encode({ typeMeta: { apiVersion, kind }, raw, contentEncoding: '', contentType: '' })
    .finish();
  return Buffer.concat([Buffer.from('k8s\0'), envelope]);
}

export { readProtobuf };

/** Go's types that look otherwise in JSON than in protobuf. */
const special: Record<string, (value: any) => object> = {
  Quantity: (v) => ({ string: String(v) }),
  Time: (v) => timestamp(v),
  MicroTime: (v) => timestamp(v),
  IntOrString: (v) => (typeof v === 'number' ? { type: 0, intVal: v } : { type: 1, strVal: v }),
  RawExtension: (v) => ({ raw: bytes(v) }),
  FieldsV1: (v) => ({ Raw: bytes(v) }),
  JSON: (v) => ({ raw: bytes(v) }),
  JSONSchemaPropsOrBool: (v) => (typeof v === 'boolean' ? { allows: v } : { allows: true, schema: schemaProps(v) }),
  JSONSchemaPropsOrArray: (v) => (Array.isArray(v) ? { jSONSchemas: v.map(schemaProps) } : { schema: schemaProps(v) }),
};

const bytes = (value: unknown) => Buffer.from(JSON.stringify(value));
const schemaProps = (value: any) => fields(value, messageOf('apiextensions.k8s.io/v1', 'JSONSchemaProps'));

function timestamp(text: string): object {
  const ms = Date.parse(text);
  const fraction = /\.(\d+)/.exec(text)?.[1] ?? '';
  return { seconds: Math.floor(ms / 1000), nanos: Number(fraction.padEnd(9, '0').slice(0, 9)) };
}

const key = (name: string) => name.toLowerCase().replaceAll(/[^a-z0-9]/g, '');

function fields(object: any, type: protobuf.Type): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  const given = new Map(Object.entries(object).map(([name, value]) => [key(name), value]));
  for (const field of type.fieldsArray) {
    field.resolve();
    const value = given.get(key(field.name));
    if (value !== undefined && value !== null) out[field.name] = fieldValue(value, field);
    // A struct that Go embeds has no name in JSON: its fields stand in the outer object.
    else if (isMessage(field.resolvedType) && /(Source|Handler|Common)$/.test(field.name)) {
      const inner = fields(object, field.resolvedType);
      if (Object.keys(inner).length) out[field.name] = inner;
    }
  }
  return out;
}

const isMessage = (type: unknown): type is protobuf.Type => type instanceof protobuf.Type;

function fieldValue(value: any, field: protobuf.Field): unknown {
  const type = isMessage(field.resolvedType) ? field.resolvedType : undefined;
  const one = (v: any) => (type ? message(v, type) : field.type === 'bytes' ? Buffer.from(v, 'base64') : v);
  if (field.map) return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, one(v)]));
  return field.repeated ? value.map(one) : one(value);
}

function message(value: any, type: protobuf.Type): object {
  const convert = special[type.name];
  if (convert) return convert(value);
  // A Go list type of its own is a message around its items.
  return Array.isArray(value) ? { items: value } : fields(value, type);
}

/** Frames of a protobuf watch: a 4-byte length, then a WatchEvent whose object is an envelope of its own. */
export function readProtobufFrames(stream: Stream['stream'], take: (event: Event) => void): void {
  let rest: Buffer = Buffer.alloc(0);
  stream.on('data', (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk]);
    while (rest.length >= 4 && rest.length >= 4 + rest.readUInt32BE(0)) {
      const frame = rest.subarray(4, 4 + rest.readUInt32BE(0));
      rest = rest.subarray(4 + frame.length);
      const event = root().lookupType(`${metaHome}.WatchEvent`).decode(frame) as any;
      take({ type: event.type, object: readProtobuf(Buffer.from(event.object.raw)), frame });
    }
  });
}
