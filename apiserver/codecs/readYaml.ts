// YAML bodies as go-yaml reads them: version 1.1, one document, duplicate keys told with their lines.
// Called by mediaTypes.ts, and for long texts by yamlWorker.ts. Mirrors: what sigs.k8s.io/yaml makes of a body before it is JSON.
import { createRequire } from 'node:module';
import type * as Yaml from 'yaml';
import { hasBigIntegers, smallIntegers } from '../../apimachinery/bigIntegers.ts';
import { duplicateKeys, parseJson, refuseProto } from '../jsonText.ts';
import { checkYamlDepth, tooDeep } from './yamlDepth.ts';

/** `problems`: keys that come twice, in upstream's words. */
export interface ReadYaml {
  value: unknown;
  problems: string[];
}

const load = createRequire(import.meta.url);
/** Loaded with the first YAML: it takes 3 MB, and most clients speak JSON. */
export const yamlLibrary = (): typeof Yaml => load('yaml');

/** go-yaml knows neither dates nor numbers to the base of 60 unless they are tagged. */
const plainTags = (tags: readonly unknown[]) =>
  tags.filter((t: any) => t.tag !== 'tag:yaml.org,2002:timestamp' && t.format !== 'TIME') as any;

/** Throws a SyntaxError with upstream's text. */
export function readYaml(text: string): ReadYaml {
  const asJson = fromJson(text);
  if (asJson !== undefined) return { value: asJson, problems: [] };
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
  if (!doc) return { value: null, problems: [] };
  if (doc.errors.length) throw notYaml(doc.errors[0]!.message);
  const value = doc.toJS({ maxAliasCount: 1000, reviver: (_, v) => smallIntegers(v) });
  refuseProto(text, value);
  return { value, problems: duplicateYamlKeys(doc.contents, text) };
}

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
