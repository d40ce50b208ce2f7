// The media types of bodies and answers, one row each.
// Called by readObject.ts and codecs.ts alone: handlers never parse or write text themselves.
import { duplicateKeys, parseJson } from '../jsonText.ts';
import { frameCbor, readCbor, writeCbor } from './cbor.ts';
import { frameProtobuf, readProtobuf, writeProtobuf } from './protobuf.ts';
import { readYaml, yamlLibrary } from './readYaml.ts';
import { readAside } from './yamlAside.ts';

export interface MediaType {
  /** As in Content-Type and Accept. */
  name: string;
  /** Any JSON-like value out of a body. `problems` gets duplicate keys in upstream's words. Throws a SyntaxError with upstream's text. */
  parse(body: Buffer, problems: string[]): unknown;
  /** Throws NotWritable for a value that has no form in this type. */
  write(value: any): Buffer;
  /** True: objects' cached JSON bytes may be sent as they are. */
  sendsJson: boolean;
  /** True: only kinds whose types are known to Go can be written. */
  needsMessage?: boolean;
  /** Content-Type of a watch, and one event around an object's written bytes; absent: no watch in this type. */
  watch?: { type: string; frame(event: string, object: Buffer): Buffer };
  /** True: one value is written in another way each time, so watchers get bytes of their own. */
  varies?: boolean;
}

const close = Buffer.from('}\n');
const openings = new Map<string, Buffer>();
function opening(event: string): Buffer {
  let bytes = openings.get(event);
  if (!bytes) {
    bytes = Buffer.from(`{"type":"${event}","object":`);
    openings.set(event, bytes);
  }
  return bytes;
}

/** JSON's `parse`, of text. */
export function parseJsonText(text: string, problems: string[]): unknown {
  const value = parseJson(text);
  for (const path of duplicateKeys(text, value)) problems.push(`duplicate field "${path}"`);
  return value;
}

const json: MediaType = {
  name: 'application/json',
  parse: (body, problems) => parseJsonText(body.toString('utf8'), problems),
  write: (value) => Buffer.from(JSON.stringify(value)),
  sendsJson: true,
  watch: { type: 'application/json', frame: (event, object) => Buffer.concat([opening(event), object, close]) },
};

/** YAML 1.1, as kubectl and upstream read it; one document. */
const yaml: MediaType = {
  name: 'application/yaml',
  parse(body, problems) {
    const read = readAside(body) ?? readYaml(body.toString('utf8'));
    problems.push(...read.problems);
    return read.value;
  },
  write: (value) =>
    Buffer.from(
      yamlLibrary().stringify(value, {
        version: '1.1',
        aliasDuplicateObjects: false,
        lineWidth: 0,
        sortMapEntries: true,
        indentSeq: false,
      }),
    ),
  sendsJson: false,
};

/** What typed clients send and ask for by default. */
const protobuf: MediaType = {
  name: 'application/vnd.kubernetes.protobuf',
  parse: (body) => readProtobuf(body),
  write: writeProtobuf,
  sendsJson: false,
  needsMessage: true,
  watch: { type: 'application/vnd.kubernetes.protobuf;stream=watch', frame: frameProtobuf },
};

const cbor: MediaType = {
  name: 'application/cbor',
  parse: (body) => readCbor(body),
  write: writeCbor,
  sendsJson: false,
  watch: { type: 'application/cbor-seq', frame: frameCbor },
  varies: true,
};

/** In the order in which a 415 or 406 names them. */
export const mediaTypes: readonly MediaType[] = [json, yaml, protobuf];
const withCbor: readonly MediaType[] = [...mediaTypes, cbor];
export const jsonMedia = json;
export const yamlMedia = yaml;
export const cborMedia = cbor;

/** What a server speaks; `gate` is CBORServingAndStorage. */
export const mediaTypesWith = (gate: boolean): readonly MediaType[] => (gate ? withCbor : mediaTypes);

/** The row for a Content-Type; parameters such as charset do not matter. */
export function mediaTypeOf(contentType: string, gate = false): MediaType | undefined {
  const name = contentType.split(';', 1)[0]!.trim().toLowerCase();
  return mediaTypesWith(gate).find((m) => m.name === name);
}
