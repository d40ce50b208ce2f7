// What the load and the bare server say in JSON or in protobuf: bodies of creates and updates, and how the bare one reads and writes.
// Protobuf is changed in place, by places of fixed length: the load must not cost more than what it measures.
// Used by load.ts and reference.ts.
import { listEnvelope, readProtobuf, writeListItem, writeProtobuf } from '../apiserver/codecs/protobuf.ts';

const json = 'application/json';
const protobuf = 'application/vnd.kubernetes.protobuf';
export const typeOf = (inProtobuf: boolean): string => (inProtobuf ? protobuf : json);

/** Of the objects that a load makes; in protobuf all are of one length. */
export const nameOf = (i: number, inProtobuf: boolean): string =>
  inProtobuf ? `p${String(i).padStart(6, '0')}` : `p${i}`;

/** What a load sends: `template` has NAME for a name, and an annotation `example.com/checksum` of 32 characters. */
export function bodiesOf(template: string, inProtobuf: boolean) {
  const prototype = inProtobuf ? writeProtobuf(JSON.parse(template.replace('NAME', nameOf(0, true)))) : undefined;
  const nameAt = prototype?.indexOf(nameOf(0, true)) ?? 0;
  return {
    create(i: number): string | Buffer {
      if (!prototype) return template.replace('NAME', nameOf(i, false));
      const body = Buffer.from(prototype);
      body.write(nameOf(i, true), nameAt);
      return body;
    },
    /** `stored` as the server has given it, with another checksum. */
    update(stored: Buffer, i: number): string | Buffer {
      if (!inProtobuf)
        return stored.toString().replace(/"example\.com\/checksum":"[^"]*"/, `"example.com/checksum":"${i}"`);
      const body = Buffer.from(stored);
      const key = 'example.com/checksum';
      // Behind the key stand the value's tag and its length, a byte each.
      body.write(String(i).padStart(32, '0'), body.indexOf(key) + key.length + 2);
      return body;
    },
  };
}

/** How the bare server reads a body, and writes an object: alone, and as an item of a list. */
export interface BareCodec {
  read(bytes: Buffer): any;
  write(object: any): Buffer;
  item(object: any, written: Buffer): Buffer;
  /** What stands before, between and behind the items. */
  list(revision: number, items: readonly Buffer[]): { head: Buffer; between: string; tail: Buffer };
}

const bareJson: BareCodec = {
  read: (bytes) => JSON.parse(bytes.toString()),
  write: (object) => Buffer.from(JSON.stringify(object)),
  item: (_object, written) => written,
  list: (revision) => ({
    head: Buffer.from(`{"kind":"List","apiVersion":"v1","metadata":{"resourceVersion":"${revision}"},"items":[`),
    between: ',',
    tail: Buffer.from(']}'),
  }),
};

const bareProtobuf: BareCodec = {
  read: readProtobuf,
  write: writeProtobuf,
  item: (object) => writeListItem(object, object.apiVersion, `${object.kind}List`),
  list(revision, items) {
    const bytes = items.reduce((sum, item) => sum + item.length, 0);
    return { ...listEnvelope({ resourceVersion: String(revision) }, 'v1', 'PodList', bytes), between: '' };
  },
};

export const bareCodec = (inProtobuf: boolean): BareCodec => (inProtobuf ? bareProtobuf : bareJson);
