// Server-side apply as a change of the live object: the configuration merged into it, with its owners and conflicts.
// Called by patch.ts; the algebra is apimachinery/managedfields/applyPatch.ts. Mirrors: applyPatcher of apiserver/pkg/endpoints/handlers/patch.go.
import { deepCopy } from '../../apimachinery/deepCopy.ts';
import { applyPatch, checkShape } from '../../apimachinery/managedfields/applyPatch.ts';
import { mergePatch } from '../../apimachinery/mergePatch.ts';
import * as status from '../../apimachinery/status.ts';
import { cborMedia, yamlMedia } from '../codecs/mediaTypes.ts';
import { decodeValue, yamlErrorText } from '../codecs/readObject.ts';
import { DecodeError } from '../decode.ts';
import type { Subresource } from '../kinds/kind.ts';
import type { Served } from '../kinds/registry.ts';
import { resetsOf, timeOf } from '../objects/managed.ts';
import type { Change } from '../objects/updateObject.ts';
import { convertOf } from '../objects/versionsOf.ts';
import type { WriteContext } from '../objects/writeContext.ts';
import type { ApiRequest } from '../request.ts';
import { expectedBody } from './body.ts';
import type { WriteParams } from './options.ts';

/** The change that the request's configuration asks for. Throws 400 for a body that is none. */
export function applyChange(
  req: ApiRequest,
  w: WriteContext,
  params: WriteParams,
  sub: Subresource | undefined,
  inCbor: boolean,
): Change {
  const problems: string[] = [];
  const body = parse(req, inCbor, problems);
  checkType(body, w.served, sub);
  return (live) => {
    const applied = deepCopy(body);
    if (live && sub?.view) return applyView(w, params, sub, live, applied);
    const object = applyOnce(w, params, live, applied, sub);
    tell(problems, params, w);
    checkName(object, req.info.name);
    return object;
  };
}

function parse(req: ApiRequest, inCbor: boolean, problems: string[]): any {
  const words = `error decoding ${inCbor ? 'CBOR' : 'YAML'}: `;
  let body: unknown;
  try {
    body = (inCbor ? cborMedia : yamlMedia).parse(req.body ?? Buffer.alloc(0), problems);
  } catch (error) {
    throw status.badRequest(`${words}${(error as Error).message}`);
  }
  if (typeof body === 'object' && body !== null && !Array.isArray(body)) return body;
  if (body === null || body === undefined) return {};
  const found = Array.isArray(body) ? 'array' : typeof body === 'boolean' ? 'bool' : typeof body;
  throw status.badRequest(
    `${words}error unmarshaling JSON: while decoding JSON: json: cannot unmarshal ${found} into Go value of type map[string]interface {}`,
  );
}

/** Anything may stand where text belongs. */
const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

/** The configuration must name the very type of its path. */
function checkType(body: any, served: Served, sub: Subresource | undefined): void {
  const { kind, apiVersion } = expectedBody(served, sub);
  if (body.kind === kind && body.apiVersion === apiVersion) return;
  const given = textOf(body.apiVersion);
  const slash = given.indexOf('/');
  const groupVersion = slash < 0 ? `/${given}` : given;
  throw status.badRequest(`invalid object type: ${groupVersion}, Kind=${textOf(body.kind)}`);
}

function applyOnce(w: WriteContext, params: WriteParams, live: any | undefined, applied: any, sub?: Subresource): any {
  const { resourceVersion, uid } = applied.metadata ?? {};
  const { kind, apiVersion, node } = w.served;
  const result = applyPatch({
    live,
    patch: applied,
    node,
    manager: params.fieldManager,
    apiVersion,
    subresource: w.subresource,
    force: params.force ?? false,
    time: timeOf(w, sub),
    resets: resetsOf(w, sub),
    convert: convertOf(w.api.registry, w.served),
  });
  const object = canonical(result.object, w.served);
  object.kind = kind.kind;
  object.apiVersion = apiVersion;
  // What stands for metadata that is null is shared.
  object.metadata = { ...object.metadata };
  if (result.managedFields.length) object.metadata.managedFields = result.managedFields;
  else delete object.metadata.managedFields;
  if (resourceVersion) object.metadata.resourceVersion = resourceVersion;
  if (uid) object.metadata.uid = uid;
  return object;
}

/** Merged as the client wrote it; from here on as Go's types have it. */
function canonical(merged: any, served: Served): any {
  try {
    return decodeValue(merged, expectedBody(served, undefined)).object;
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    const { namespace = '', name = '' } = merged.metadata ?? {};
    const { group, version, kind } = served.kind;
    throw status.unknown(
      `failed to convert new object (${namespace}/${name}; ${group}/${version}, Kind=${kind}) to proper version: ${error.message}`,
    );
  }
}

/** Duplicate keys; unknown ones do not come so far. */
function tell(problems: readonly string[], params: WriteParams, w: WriteContext): void {
  if (!problems.length || params.fieldValidation === 'Ignore') return;
  if (params.fieldValidation === 'Strict')
    throw status.badRequest(`error strict decoding YAML: error converting YAML to JSON: ${yamlErrorText(problems)}`);
  for (const text of problems) w.warn(text);
}

function checkName(object: any, name: string): void {
  if (!object.metadata.name)
    throw status.badRequest(`the name of the object (${name} based on URL) was undeterminable: name must be provided`);
}

/** A view that is applied is what it says of its object; whoever applies it owns that. */
function applyView(w: WriteContext, params: WriteParams, sub: Subresource, live: any, applied: any): any {
  checkShape(applied, expectedBody(w.served, sub).node!);
  const view = mergePatch(sub.view!(live), applied);
  const errors = sub.validateView?.(view) ?? [];
  if (errors.length) throw status.invalid(sub.body!, view.metadata?.name ?? '', errors);
  const { kind, apiVersion } = w.served;
  const part: any = { spec: {} };
  if (applied.spec) sub.writeView!(applied, part);
  const { resourceVersion, uid } = applied.metadata ?? {};
  const metadata = { name: live.metadata.name, namespace: live.metadata.namespace, resourceVersion, uid };
  return applyOnce(w, params, live, { kind: kind.kind, apiVersion, metadata, ...part }, sub);
}
