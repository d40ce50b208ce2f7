// The media types of bodies and answers, one row each.
// Called by codecs.ts alone: handlers never parse or write text themselves.
import { createRequire } from 'node:module';
import type * as Yaml from 'yaml';
import { duplicateKeys, parseJson, refuseProto } from '../jsonText.ts';
import { readProtobuf } from './protobuf.ts';

export interface MediaType {
  /** As in Content-Type and Accept. */
  name: string;
  /** Any JSON-like value out of a body. `problems` gets duplicate keys in upstream's words. Throws a SyntaxError with upstream's text. */
  parse(body: Buffer, problems: string[]): unknown;
  /** Absent: only read, never offered for answers. */
  write?(value: unknown): Buffer;
  /** True: objects' cached JSON bytes may be sent as they are. */
  sendsJson: boolean;
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
    const docs = yamlLibrary().parseAllDocuments(body.toString('utf8'), {
      version: '1.1',
      uniqueKeys: false,
      merge: true,
      customTags: plainTags,
      logLevel: 'silent',
    });
    const doc = Array.isArray(docs) ? docs[0] : undefined;
    if (!doc) return null;
    if (doc.errors.length)
      throw new SyntaxError(`error converting YAML to JSON: yaml: ${doc.errors[0]!.message.split('\n')[0]}`);
    for (const text of duplicateYamlKeys(doc.contents, body.toString('utf8'))) problems.push(text);
    const value = doc.toJS({ maxAliasCount: 1000 });
    refuseProto(body.toString('utf8'), value);
    return value;
  },
  write: (value) =>
    Buffer.from(yamlLibrary().stringify(value, { version: '1.1', aliasDuplicateObjects: false, lineWidth: 0 })),
  sendsJson: false,
};

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

/** What typed clients send by default; answers go to them as JSON, which they take as well. */
const protobuf: MediaType = {
  name: 'application/vnd.kubernetes.protobuf',
  parse: (body) => readProtobuf(body),
  sendsJson: false,
};

/** A row that answers can be written in. */
export type WritingMedia = MediaType & Required<Pick<MediaType, 'write'>>;

/** In the order in which a 415 names them. */
export const mediaTypes: readonly MediaType[] = [json, yaml, protobuf];
/** In the order in which a 406 names them. */
export const writingMediaTypes = mediaTypes.filter((m): m is WritingMedia => m.write !== undefined);
export const jsonMedia = json as WritingMedia;

/** The row for a Content-Type; parameters such as charset do not matter. */
export function mediaTypeOf(contentType: string): MediaType | undefined {
  const name = contentType.split(';', 1)[0]!.trim().toLowerCase();
  return mediaTypes.find((m) => m.name === name);
}
