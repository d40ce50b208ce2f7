// Bodies whose spec has come before, in the very same text, are read without it: pods of one template differ in their metadata alone.
// Reads: JSON text. Keeps: the decoded specs in which there was nothing to complain of. Called by readObject.ts for every JSON body.
// Mirrors nothing of upstream; what comes out is what reading the whole text gives.
import { randomUUID } from 'node:crypto';
import { deepCopy } from '../../apimachinery/deepCopy.ts';
import { rememberedBy } from '../../apimachinery/remembered.ts';
import type { SchemaNode } from '../../apimachinery/schema.ts';

/** Shorter ones are read as quickly, longer ones are rarely the same. */
const leastText = 200;
const mostText = 50_000;
/** Characters, of each kind. */
const mostKept = 500_000;

/** Stands for the spec in a text: no client can know it. */
const mark = `spec-${randomUUID()}`;

/** Most texts come once, so that one time tells nothing; `unfit`: it is no spec, or not the whole of it. */
type Known = { spec: unknown } | 'once' | 'unfit';
const specsOf = rememberedBy<SchemaNode, Known>(mostKept);

export interface Split {
  spec: string;
  /** The body with the mark in the place of its spec. */
  rest: string;
}

/** Where the spec seems to stand: it is so when `rest` is JSON in which the mark is the spec. Undefined: there is none to speak of. */
export function splitSpec(text: string): Split | undefined {
  const name = text.indexOf('"spec":');
  if (name < 0) return undefined;
  let from = name + 7;
  while (text.charCodeAt(from) === space) from++;
  const to = endOfSpec(text, from);
  if (text.charCodeAt(from) !== openBrace || to - from < leastText || to - from > mostText) return undefined;
  return { spec: text.slice(from, to), rest: `${text.slice(0, from)}"${mark}"${text.slice(to)}` };
}

const space = 0x20;
const comma = 0x2c;
const openBrace = 0x7b;
const closeBrace = 0x7d;

/** It comes last, or the status comes behind it. */
function endOfSpec(text: string, from: number): number {
  const status = text.lastIndexOf('"status":');
  let to = back(text, status > from ? status : text.length);
  if (text.charCodeAt(to - 1) === (status > from ? comma : closeBrace)) to = back(text, to - 1);
  return to;
}

function back(text: string, to: number): number {
  let at = to;
  while (text.charCodeAt(at - 1) <= space) at--;
  return at;
}

/** The spec that this text was decoded to, a copy; undefined when it is new. */
export function knownSpec(node: SchemaNode, split: Split): unknown {
  const found = specsOf(node).get(split.spec);
  return typeof found === 'object' ? deepCopy(found.spec) : undefined;
}

/** Is `value` what `rest` parses to, and its spec what was taken out? */
export const isSplit = (value: any): boolean => value?.spec === mark;

/** In its usual place, before the status. */
export function putSpec(object: any, spec: unknown): void {
  const { status } = object;
  delete object.status;
  object.spec = spec;
  if (status !== undefined) object.status = status;
}

/** `object` came of a text with this spec, and there was nothing to complain of. */
export function rememberSpec(node: SchemaNode, split: Split, object: any): void {
  const specs = specsOf(node);
  const before = specs.get(split.spec);
  if (before === undefined) specs.set(split.spec, 'once');
  else if (before === 'once') specs.set(split.spec, isWhole(split) ? { spec: deepCopy(object.spec) } : 'unfit');
}

/** A field behind the spec would seem to be a part of it. */
function isWhole({ spec, rest }: Split): boolean {
  try {
    return typeof JSON.parse(spec) === 'object' && isSplit(JSON.parse(rest));
  } catch {
    return false;
  }
}
