// Objects of wardle.example.com on the wire: JSON, and protobuf as Kubernetes frames it.
// Reads: the message numbers of the metadata from apiserver/codecs/v1.35.proto.json, by protobufjs: no code of the API server's.
// Used by: main.ts, resources.ts.
import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import protobuf from 'protobufjs';

export const protobufType = 'application/vnd.kubernetes.protobuf';
const magic = Buffer.from('k8s\0');

const root = protobuf.Root.fromJSON(
  JSON.parse(readFileSync(new URL('../../../apiserver/codecs/v1.35.proto.json', import.meta.url), 'utf8')),
);
const meta = 'k8s.io.apimachinery.pkg.apis.meta.v1';
root.define('wardle', {
  FlunderSpec: { fields: { reference: { id: 1, type: 'string' }, referenceType: { id: 2, type: 'string' } } },
  FlunderStatus: { fields: {} },
  Flunder: {
    fields: {
      metadata: { id: 1, type: `.${meta}.ObjectMeta` },
      spec: { id: 2, type: 'FlunderSpec' },
      status: { id: 3, type: 'FlunderStatus' },
    },
  },
  FlunderList: {
    fields: { metadata: { id: 1, type: `.${meta}.ListMeta` }, items: { id: 2, type: 'Flunder', rule: 'repeated' } },
  },
});
const unknown = root.lookupType('k8s.io.apimachinery.pkg.runtime.Unknown');

/** The body as an object; undefined when there is none. */
export function readValue(type: string, body: Buffer): any {
  if (!body.length) return undefined;
  if (!type.startsWith(protobufType)) return JSON.parse(body.toString());
  if (!body.subarray(0, 4).equals(magic)) throw new Error('no protobuf of Kubernetes');
  const envelope: any = unknown.decode(body.subarray(4));
  const { apiVersion, kind } = envelope.typeMeta ?? {};
  if (kind !== 'Flunder') return { apiVersion, kind };
  const message = root.lookupType('wardle.Flunder');
  const value: any = message.toObject(message.decode(envelope.raw), { longs: Number, bytes: String });
  const { creationTimestamp: _t, ...metadata } = value.metadata ?? {};
  return { apiVersion, kind, ...value, metadata };
}

/** What a client asked for, as far as there is a message for it. */
export function encode(accept: string, value: any): { type: string; body: Buffer } {
  const message = ['Flunder', 'FlunderList'].includes(value.kind) && root.lookupType(`wardle.${value.kind}`);
  const wanted = accept.split(',').map((part) => part.split(';', 1)[0]!.trim());
  const first = wanted.find((type) => type === protobufType || type === 'application/json' || type === '*/*');
  if (!message || first !== protobufType) return { type: 'application/json', body: Buffer.from(JSON.stringify(value)) };
  const { apiVersion, kind, ...content } = value;
  const timed = value.kind === 'Flunder' ? withTime(content) : { ...content, items: content.items.map(withTime) };
  const raw = message.encode(message.fromObject(timed)).finish();
  const envelope = unknown.encode(unknown.create({ typeMeta: { apiVersion, kind }, raw })).finish();
  return { type: protobufType, body: Buffer.concat([magic, envelope]) };
}

function withTime({ metadata, ...object }: any): object {
  const { creationTimestamp } = metadata;
  if (!creationTimestamp) return { ...object, metadata };
  const seconds = Date.parse(creationTimestamp) / 1000;
  return { ...object, metadata: { ...metadata, creationTimestamp: { seconds, nanos: 0 } } };
}

export function sendValue(req: IncomingMessage, res: ServerResponse, code: number, value: any): void {
  const { type, body } = encode(req.headers.accept ?? '', value);
  res.writeHead(code, { 'content-type': type, 'content-length': body.length }).end(body);
}
