// A body as an object of its kind: the type that it names, its fields, and what there is to complain of, in upstream's words.
// Handlers call readObject; none of them touches JSON itself. Answers are codecs.ts's matter.
// Reads: mediaTypes.ts, expectedType.ts, knownSpecs.ts. Next: ../decode.ts.
import type { StructNode } from '../../apimachinery/schema.ts';
import { badRequest, unsupportedMediaType } from '../../apimachinery/status.ts';
import { type Decoded, DecodeError, decode } from '../decode.ts';
import { comparePaths, keyProblems } from '../jsonText.ts';
import type { Kind } from '../kinds/kind.ts';
import { isConfidential, redacted } from './confidential.ts';
import { checkKind, checkTexts, isCustom, missingKind, otherVersion, splitVersion } from './expectedType.ts';
import { isSplit, knownSpec, putSpec, rememberSpec, type Split, splitSpec } from './knownSpecs.ts';
import { jsonMedia, type MediaType, mediaTypeOf, mediaTypesWith, parseJsonText } from './mediaTypes.ts';

export type FieldValidation = 'Ignore' | 'Warn' | 'Strict';

/** What a body must be: the kind that is expected at its path; an empty apiVersion takes any. */
export interface Expected {
  kind: string;
  apiVersion: string;
  /** Other versions that may be given: their fields are the same. */
  also?: readonly string[];
  node: StructNode;
  /** Instead of decoding by `node`: the kind's own. */
  decode?: Kind['decode'];
}

/** The media type of a body; a missing Content-Type is JSON. `cbor` is the gate CBORServingAndStorage. Throws 415. */
export function bodyMedia(contentType: string | undefined, cbor = false): MediaType {
  const media = contentType ? mediaTypeOf(contentType, cbor) : jsonMedia;
  if (media) return media;
  const names = mediaTypesWith(cbor).map((m) => m.name);
  throw unsupportedMediaType(
    `the body of the request was in an unknown format - accepted media types include: ${names.join(', ')}`,
  );
}

/**
 * A body as an object of the expected kind: types checked, unknown and duplicate fields refused, warned of or passed over.
 * A body without kind and apiVersion is taken for the expected one.
 */
export function readObject(
  body: Buffer | undefined,
  media: MediaType,
  expected: Expected,
  validation: FieldValidation,
  warn: (text: string) => void,
): any {
  const text = media === jsonMedia ? (body?.toString('utf8') ?? '') : undefined;
  const split = text === undefined ? undefined : splitSpec(text);
  const spec = split && knownSpec(expected.node, split);
  if (spec) {
    const object = readWithSpec(split, spec, expected);
    if (object) return object;
  }
  const problems: string[] = [];
  let value: any;
  try {
    value = text === undefined ? media.parse(body ?? Buffer.alloc(0), problems) : parseJsonText(text, problems);
  } catch (error) {
    throw unrecognized(expected, body, typeUnread(media, (error as Error).message));
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw unrecognized(expected, body, notAnObject(value));
  if (isCustom(expected)) checkNamesType(value, expected, body ?? Buffer.alloc(0), validation);
  const decoded = decodeBody(value, expected);
  if (split && !problems.length && !decoded.unknown.length) rememberSpec(expected.node, split, decoded.object);
  if (validation === 'Ignore') return decoded.object;
  const all = oddities(body, media, expected, problems, decoded.unknown);
  if (all.length && validation === 'Strict')
    throw cannotBeHandled(expected, `strict decoding error: ${strictText(all)}`);
  for (const text of all) warn(text);
  return decoded.object;
}

/** A body whose spec is known, when the rest of it is right; undefined: it is read as a whole, which says what is wrong. */
function readWithSpec({ rest }: Split, spec: unknown, expected: Expected): any {
  try {
    const problems: string[] = [];
    const value = parseJsonText(rest, problems) as any;
    if (problems.length || !isSplit(value) || (isCustom(expected) && !(value.kind && value.apiVersion)))
      return undefined;
    delete value.spec;
    const { object, unknown } = decodeValue(value, expected);
    if (unknown.length) return undefined;
    putSpec(object, spec);
    return object;
  } catch {
    return undefined;
  }
}

function checkNamesType(value: any, expected: Expected, body: Buffer, validation: FieldValidation): void {
  checkTexts(value);
  if (!value.kind && validation === 'Ignore') throw cannotBeHandled(expected, missingKind(JSON.stringify(value)));
  if (!value.kind) throw unrecognized(expected, body, missingKind(body.toString()));
  if (!value.apiVersion) throw otherVersion('', expected);
}

/** The type is read before the rest: what keeps it from being read is said of that. */
const typeUnread = (media: MediaType, why: string) =>
  media === jsonMedia ? `couldn't get version/kind; json parse error: ${why}` : why;

function notAnObject(value: unknown): string {
  const found = Array.isArray(value) ? 'array' : typeof value === 'boolean' ? 'bool' : typeof value;
  const type =
    'struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }';
  return value === null
    ? "Object 'Kind' is missing in 'null'"
    : `couldn't get version/kind; json parse error: json: cannot unmarshal ${found} into Go value of type ${type}`;
}

/** As much of a body as an error shows: its text where it begins like an object, else its bytes. */
const shownBytes = 30;

function unrecognized(expected: Expected, body: Buffer | undefined, why: string) {
  const { kind } = expected;
  if (isConfidential(expected))
    return badRequest(`the object provided is unrecognized (must be of type ${kind}): ${why} (${redacted})`);
  const head = body?.subarray(0, shownBytes) ?? Buffer.alloc(0);
  const text = head.length === 0 ? '<empty>' : head.toString(head[0] === 0x7b ? 'utf8' : 'hex');
  const more = (body?.length ?? 0) > shownBytes ? ' ...' : '';
  return badRequest(`the object provided is unrecognized (must be of type ${kind}): ${why} (${text}${more})`);
}

/** What Go's typed decoder tells of JSON as it reads it; of YAML and of custom resources the duplicates come first. */
function oddities(
  body: Buffer | undefined,
  media: MediaType,
  expected: Expected,
  duplicates: string[],
  unknown: string[],
): string[] {
  if (media === jsonMedia && duplicates.length && expected.node.native)
    return keyProblems(body!.toString('utf8'), unknown);
  const inOrder = media === jsonMedia && expected.node.native ? unknown : unknown.toSorted(comparePaths);
  return [...duplicates, ...inOrder.map((path) => `unknown field "${path}"`)];
}

/** The lines of a YAML error stand in one text, as its parser gives them. */
function strictText(problems: readonly string[]): string {
  const lines = problems.filter((p) => p.startsWith('line '));
  const others = problems.slice(lines.length);
  return [...(lines.length ? [yamlErrorText(lines)] : []), ...others].join(', ');
}

/** `lines` as `line 7: key "name" already set in map`. */
export const yamlErrorText = (lines: readonly string[]): string =>
  `yaml: unmarshal errors:\n${lines.map((line) => `  ${line}`).join('\n')}`;

function decodeBody(value: any, expected: Expected): Decoded {
  try {
    return decodeValue(value, expected);
  } catch (error) {
    if (error instanceof DecodeError) throw cannotBeHandled(expected, error.message);
    throw error;
  }
}

/** The same for a value that is parsed already, such as a patched object. Throws DecodeError, or 400 for another kind or version. */
export function decodeValue(value: any, expected: Expected): Decoded {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    const found = Array.isArray(value) ? 'array' : typeof value === 'boolean' ? 'bool' : typeof value;
    const why =
      value === null
        ? 'unexpected end of JSON input'
        : `json: cannot unmarshal ${found} into Go value of type v1.${expected.kind}`;
    throw new DecodeError(why);
  }
  if (isCustom(expected) && !value.kind) throw new DecodeError(missingKind(JSON.stringify(value)));
  checkKind(value, expected);
  value.kind = expected.kind;
  value.apiVersion = expected.apiVersion;
  return expected.decode?.(value) ?? decode(value, expected.node);
}

const cannotBeHandled = (e: Expected, why: string) =>
  badRequest(`${e.kind} in version "${splitVersion(e.apiVersion)[1]}" cannot be handled as a ${e.kind}: ${why}`);
