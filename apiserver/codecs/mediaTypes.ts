// The media types of bodies and answers, one row each.
// Called by codecs.ts alone: handlers never parse or write text themselves.
import { createRequire } from 'node:module';
import type * as Yaml from 'yaml';
import { hasBigIntegers, smallIntegers } from '../../apimachinery/bigIntegers.ts';
import { duplicateKeys, parseJson, refuseProto } from '../jsonText.ts';
import { frameCbor, readCbor, writeCbor } from './cbor.ts';
import { frameProtobuf, readProtobuf, writeProtobuf } from './protobuf.ts';
import { checkYamlDepth, tooDeep } from './yamlDepth.ts';

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

const json: MediaType = {
  name: 'application/json',
  parse(body, problems) {
    const text = body.toString('utf8');
    const value = parseJson(text);
    for (const path of duplicateKeys(text, value)) problems.push(`duplicate field "${path}"`);
    return value;
  },
  write: (value) => Buffer.from(JSON.stringify(value)),
  sendsJson: true,
  watch: { type: 'application/json', frame: (event, object) => Buffer.concat([opening(event), object, close]) },
};

const load = createRequire(import.meta.url);
/** Loaded with the first YAML: it takes 3 MB, and most clients speak JSON. */
const yamlLibrary = (): typeof Yaml => load('yaml');

/** go-yaml knows neither dates nor numbers to the base of 60 unless they are tagged. */
const plainTags = (tags: readonly unknown[]) =>
  tags.filter((t: any) => t.tag !== 'tag:yaml.org,2002:timestamp' && t.format !== 'TIME') as any;

/** YAML 1.1, as kubectl and upstream read it; one document. */
const yaml: MediaType = {
  name: 'application/yaml',
  parse(body, problems) {
    const text = body.toString('utf8');
    const asJson = fromJson(text);
    if (asJson !== undefined) return asJson;
    checkYaml(text);
    const docs = yamlLibrary().parseAllDocuments(text, {
      version: '1.1',
      intAsBigInt: hasBigIntegers(text),
      uniqueKeys: false,
      merge: true,
      customTags: plainTags,
      logLevel: 'silent',
    });
    const doc = Array.isArray(docs) ? docs[0] : undefined;
    if (!doc) return null;
    if (doc.errors.length) throw notYaml(doc.errors[0]!.message);
    for (const problem of duplicateYamlKeys(doc.contents, text)) problems.push(problem);
    const value = doc.toJS({ maxAliasCount: 1000, reviver: (_, v) => smallIntegers(v) });
    refuseProto(text, value);
    return value;
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

/**
 * Clients that apply say YAML and send JSON, and JSON is read a hundred times as fast. Undefined for a text that is no JSON, and for one with a
 * key twice, which has to be told with its line.
 */
function fromJson(text: string): unknown {
  if (!/^\s*\{/.test(text)) return undefined;
  try {
    const value = parseJson(text);
    return duplicateKeys(text, value).length ? undefined : value;
  } catch {
    return undefined;
  }
}

const notYaml = (why: string): SyntaxError => {
  const line = why.includes('call stack') ? tooDeep : why.split('\n')[0];
  return new SyntaxError(`error converting YAML to JSON: yaml: ${line}`);
};

function checkYaml(text: string): void {
  try {
    checkYamlDepth(text);
  } catch (error) {
    throw notYaml((error as Error).message);
  }
}

/** yaml.v2's words: `line 7: key "name" already set in map`. */
function duplicateYamlKeys(node: any, text: string): string[] {
  const found: string[] = [];
  const visit = (n: any): void => {
    if (!n?.items) return;
    const seen = new Set<string>();
    for (const item of n.items) {
      const key = item?.key?.value;
      if (key !== undefined) {
        if (seen.has(String(key))) {
          const line = text.slice(0, item.key.range?.[0] ?? 0).split('\n').length;
          found.push(`line ${line}: key ${JSON.stringify(String(key))} already set in map`);
        }
        seen.add(String(key));
      }
      visit(item?.value ?? item);
    }
  };
  visit(node);
  return found;
}

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
