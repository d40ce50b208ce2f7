// JSON patch, merge patch and strategic merge patch as a change of the live object, with what each says of bodies and results that are wrong.
// Called by patch.ts. Mirrors: jsonPatcher and smpPatcher of apiserver/pkg/endpoints/handlers/patch.go.
import { deepCopy } from '../../apimachinery/deepCopy.ts';
import { invalidValue } from '../../apimachinery/fieldErrors.ts';
import { goValue } from '../../apimachinery/goValue.ts';
import { jsonPatch } from '../../apimachinery/jsonPatch.ts';
import { mergePatch } from '../../apimachinery/mergePatch.ts';
import * as status from '../../apimachinery/status.ts';
import { strategicMergePatch } from '../../apimachinery/strategicMergePatch.ts';
import { isConfidential, redacted } from '../codecs/confidential.ts';
import { jsonMedia } from '../codecs/mediaTypes.ts';
import { decodeValue, type Expected } from '../codecs/readObject.ts';
import { DecodeError } from '../decode.ts';
import { comparePaths } from '../jsonText.ts';
import type { Subresource } from '../kinds/kind.ts';
import type { Change } from '../objects/updateObject.ts';
import type { WriteContext } from '../objects/writeContext.ts';
import type { ApiRequest } from '../request.ts';
import type { WriteParams } from './options.ts';
import { changeByView } from './view.ts';

interface PatchType {
  apply(live: any, patch: any, expected: Expected): any;
  /** What stands before the parser's text in a 400. */
  decoding: string;
  /** Throws where a body that is parsed for its own sake has the wrong shape; gives what is odd about it. */
  check?(patch: unknown): string[];
  /** How duplicate keys of the body are told; absent: as they are. */
  odd?(problem: string): string;
  /** What an error about the result shows: the patched object, or the patch. */
  shown(patch: any, patched: any): string;
  /** Upstream makes the result from values, not from JSON. */
  restores?: true;
}

const json = (value: unknown) => JSON.stringify(value);

const types: Record<string, PatchType> = {
  'application/json-patch+json': {
    apply: (live, patch) => jsonPatch(live, patch),
    decoding: 'error decoding patch: ',
    check: checkOperations,
    odd: (problem) => `json patch ${problem}`,
    shown: (_, patched) => json(patched),
  },
  'application/merge-patch+json': {
    apply: (live, patch) => mergePatch(live, patch),
    decoding: 'error decoding patch: ',
    check: checkMap,
    shown: (_, patched) => json(patched),
  },
  'application/strategic-merge-patch+json': {
    apply: (live, patch, expected) => {
      const { kind, apiVersion } = live;
      return keepType(strategicMergePatch(live, patch ?? {}, expected.node), { kind, apiVersion });
    },
    decoding: '',
    check: checkMap,
    shown: (patch) => goValue(patch),
    restores: true,
  },
};

export const patchTypes = Object.keys(types);

const goTypeOf = (value: unknown) =>
  Array.isArray(value) ? 'array' : typeof value === 'boolean' ? 'bool' : typeof value;

function checkMap(patch: unknown): string[] {
  if (patch === null || (typeof patch === 'object' && !Array.isArray(patch))) return [];
  throw new SyntaxError(`json: cannot unmarshal ${goTypeOf(patch)} into Go value of type map[string]interface {}`);
}

const operationFields = new Set(['op', 'path', 'from', 'value']);

function checkOperations(patch: unknown): string[] {
  const refuse = (value: unknown, type: string) =>
    new SyntaxError(`json: cannot unmarshal ${goTypeOf(value)} into Go value of type ${type}`);
  if (patch === null) return [];
  if (!Array.isArray(patch)) throw refuse(patch, '[]handlers.jsonPatchOp');
  return patch.flatMap((operation, i) => {
    if (operation === null) return [];
    if (typeof operation !== 'object' || Array.isArray(operation)) throw refuse(operation, 'handlers.jsonPatchOp');
    for (const name of ['op', 'path', 'from']) {
      const value = operation[name];
      if (value !== undefined && value !== null && typeof value !== 'string')
        throw new SyntaxError(
          `json: cannot unmarshal ${goTypeOf(value)} into Go struct field jsonPatchOp.${name} of type string`,
        );
    }
    return Object.keys(operation)
      .filter((key) => !operationFields.has(key))
      .map((key) => `unknown field "[${i}].${key}"`);
  });
}

/** Upstream fills the Go type with what a strategic merge makes, whatever it calls itself: a Scale is patched as "kind: Deployment". */
function keepType(patched: any, type: { kind?: string; apiVersion?: string }): any {
  for (const name of ['kind', 'apiVersion'] as const)
    if (typeof patched[name] === 'string' && type[name]) patched[name] = type[name];
  return patched;
}

/** The change that the request's body asks for. Throws 400 for a body that is no patch. */
export function patchChange(
  req: ApiRequest,
  w: WriteContext,
  params: WriteParams,
  expected: Expected,
  type: string,
  sub?: Subresource,
): Change {
  const how = types[type]!;
  const { body, problems } = readPatch(req, how, params);
  return (live) => {
    const target = sub?.view ? sub.view(live) : live;
    const hidden = isConfidential(expected);
    const patched = () => how.apply(target, deepCopy(body), expected);
    const shown = () => (hidden ? redacted : how.shown(body, patched()));
    const object = check(hidden ? withoutValues(patched) : patched(), expected, problems, params, w, how, shown);
    return sub?.view ? changeByView(sub, live, object) : object;
  };
}

/** The one refusal of a patch's algorithm that quotes more than paths: of an unknown directive it shows the whole map. */
function withoutValues(patched: () => any): any {
  try {
    return patched();
  } catch (error) {
    if (!(error instanceof status.StatusError)) throw error;
    const message = error.message.replace(/ in map: .*/s, ` in map: ${redacted}`);
    throw new status.StatusError({ ...error.status, message });
  }
}

function readPatch(req: ApiRequest, how: PatchType, params: WriteParams): { body: any; problems: string[] } {
  const problems: string[] = [];
  try {
    const body = jsonMedia.parse(req.body ?? Buffer.alloc(0), problems);
    if (params.fieldValidation === 'Ignore') return { body, problems: [] };
    const found = [...(how.check?.(body) ?? []), ...problems];
    return { body, problems: how.odd ? found.sort(byOperation).map(how.odd) : found };
  } catch (error) {
    throw status.badRequest(`${how.decoding}${(error as Error).message}`);
  }
}

/** Each names its path in quotes: `unknown field "[3].foo"`. */
const byOperation = (a: string, b: string) => operationOf(a) - operationOf(b);
const operationOf = (problem: string) => Number(/\[(\d+)\]/.exec(problem)?.[1] ?? 0);

/** The patched value as an object of its kind; it is decoded in place, so an error makes it again to show it. Throws 422: the patch is well formed, what comes of it is not. */
function check(
  patched: any,
  expected: Expected,
  problems: string[],
  params: WriteParams,
  w: WriteContext,
  how: PatchType,
  shown: () => string,
): any {
  const invalid = (why: string) => status.invalid({ group: '', kind: '' }, '', [invalidValue('patch', shown(), why)]);
  let decoded: ReturnType<typeof decodeValue>;
  try {
    decoded = decodeValue(patched, expected);
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    throw invalid(how.restores ? error.restore : error.message);
  }
  if (params.fieldValidation === 'Ignore') return decoded.object;
  const unknown = decoded.unknown.sort(comparePaths).map((path) => `unknown field "${path}"`);
  const all = [...problems, ...unknown];
  if (all.length && params.fieldValidation === 'Strict') throw invalid(`strict decoding error: ${all.join(', ')}`);
  for (const text of all) w.warn(text);
  return decoded.object;
}
