// PATCH: JSON patch, merge patch, strategic merge patch, or server-side apply, on the live object.
// Next along the chain: objects/updateObject.ts, which tries again on conflict. Mirrors: apiserver/pkg/endpoints/handlers/patch.go.

import { toTime } from '../../apimachinery/clock.ts';
import { deepCopy } from '../../apimachinery/deepCopy.ts';
import { jsonPatch } from '../../apimachinery/jsonPatch.ts';
import { applyPatch } from '../../apimachinery/managedfields/applyPatch.ts';
import { mergePatch } from '../../apimachinery/mergePatch.ts';
import * as status from '../../apimachinery/status.ts';
import { strategicMergePatch } from '../../apimachinery/strategicMergePatch.ts';
import type { Api } from '../api.ts';
import { checkObject, type Expected } from '../codecs/codecs.ts';
import { cborMedia, jsonMedia, yamlMedia } from '../codecs/mediaTypes.ts';
import type { Subresource } from '../kinds/kind.ts';
import type { Served } from '../kinds/registry.ts';
import { resetsOf } from '../objects/managed.ts';
import { updateObject } from '../objects/updateObject.ts';
import type { Outcome, WriteContext } from '../objects/writeContext.ts';
import type { Answer, ApiRequest } from '../request.ts';
import { answerOutcome, answerView, encodingOf } from './answers.ts';
import { expectedBody } from './body.ts';
import { checkPatchOptions, type WriteParams, writeParams } from './options.ts';
import { changeByView } from './view.ts';
import { writeContextOf } from './writeContextOf.ts';

type Patcher = (live: any, patch: any, expected: Expected) => any;

const patchers: Record<string, Patcher> = {
  'application/json-patch+json': (live, patch) => jsonPatch(live, patch),
  'application/merge-patch+json': (live, patch) => mergePatch(live, patch),
  'application/strategic-merge-patch+json': (live, patch, expected) => strategicMergePatch(live, patch, expected.node),
};
const applyType = 'application/apply-patch+yaml';
const applyCborType = 'application/apply-patch+cbor';
const isApply = (type: string) => type === applyType || type === applyCborType;

export async function patch(api: Api, req: ApiRequest, served: Served, sub?: Subresource): Promise<Answer> {
  encodingOf(req, served);
  const type = patchType(req, served);
  checkPatchOptions(req, isApply(type));
  const params = writeParams(req, 'PatchOptions');
  const w = writeContextOf(api, req, served, params);
  const expected = expectedBody(served, sub);
  const change = isApply(type)
    ? applyChange(req, w, params, expected, sub)
    : patchChange(req, w, params, expected, patchers[type]!, sub);
  const outcome = await updateObject(w, req.info.name, change.next, {
    subresource: sub,
    mayCreate: change.mayCreate,
    tracked: isApply(type) && !sub?.view,
  });
  return sub?.view
    ? answerView(api, req, sub.view(outcome.object), outcome.created ? 201 : 200)
    : answerOutcome(api, req, served, outcome as Outcome);
}

function patchType(req: ApiRequest, served: Served): string {
  const type = (req.headers['content-type'] ?? '').split(';', 1)[0]!.trim();
  const offered = [...Object.keys(patchers), applyType, ...(req.cbor ? [applyCborType] : [])];
  const usable = served.bareItems ? offered : offered.filter((t) => t !== 'application/strategic-merge-patch+json');
  if (usable.includes(type)) return type;
  throw status.unsupportedMediaType(
    `the body of the request was in an unknown format - accepted media types include: ${usable.join(', ')}`,
  );
}

interface Change {
  next(live: any | undefined): any;
  mayCreate: boolean;
}

function patchChange(
  req: ApiRequest,
  w: WriteContext,
  params: WriteParams,
  expected: Expected,
  patcher: Patcher,
  sub?: Subresource,
): Change {
  const problems: string[] = [];
  const body = parsePatch(req, problems);
  const validation = params.fieldValidation;
  return {
    mayCreate: false,
    next(live) {
      const target = sub?.view ? sub.view(live) : live;
      const patched = patcher(target, deepCopy(body), expected);
      const checked = checkObject(patched, expected, [...problems], validation, w.warn);
      return sub?.view ? changeByView(sub, live, checked) : checked;
    },
  };
}

function parsePatch(req: ApiRequest, problems: string[]): any {
  try {
    return jsonMedia.parse(req.body ?? Buffer.alloc(0), problems);
  } catch (error) {
    throw status.badRequest(`error decoding patch: ${(error as Error).message}`);
  }
}

function applyChange(
  req: ApiRequest,
  w: WriteContext,
  params: WriteParams,
  expected: Expected,
  sub?: Subresource,
): Change {
  const inCbor = req.headers['content-type']?.startsWith(applyCborType) ?? false;
  const media = inCbor ? cborMedia : yamlMedia;
  const problems: string[] = [];
  let body: any;
  try {
    body = media.parse(req.body ?? Buffer.alloc(0), problems);
  } catch (error) {
    throw status.badRequest(`error decoding ${inCbor ? 'CBOR' : 'YAML'}: ${(error as Error).message}`);
  }
  const applied = checkApplied(req, body, expected, problems, params, w);
  return {
    mayCreate: !sub && w.served.kind.storage !== undefined,
    next: (live) => (sub?.view ? applyView(sub, live, applied) : applyOnce(w, params, live, deepCopy(applied), sub)),
  };
}

function checkApplied(
  req: ApiRequest,
  body: any,
  expected: Expected,
  problems: string[],
  params: WriteParams,
  w: WriteContext,
): any {
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw status.badRequest('error decoding YAML: the body is not an object');
  if (!body.kind || !body.apiVersion) throw status.badRequest("Object 'Kind' is missing in the applied configuration");
  const applied = checkObject(body, expected, problems, params.fieldValidation, w.warn);
  applied.metadata ??= {};
  if (applied.metadata.managedFields?.length) throw status.badRequest('metadata.managedFields must be nil');
  const { name, namespace } = applied.metadata;
  if (name && name !== req.info.name)
    throw status.badRequest(`the name of the object (${name}) does not match the name on the URL (${req.info.name})`);
  applied.metadata.name = req.info.name;
  if (w.served.kind.namespaced) applied.metadata.namespace = namespace ?? req.info.namespace;
  return applied;
}

function applyOnce(w: WriteContext, params: WriteParams, live: any | undefined, applied: any, sub?: Subresource): any {
  const { resourceVersion, uid } = applied.metadata;
  const result = applyPatch({
    live,
    patch: applied,
    node: w.served.node,
    manager: params.fieldManager,
    apiVersion: w.served.apiVersion,
    subresource: w.subresource,
    force: params.force ?? false,
    time: toTime(w.now()),
    resets: resetsOf(w, sub),
  });
  const object = result.object;
  object.kind = w.served.kind.kind;
  object.apiVersion = w.served.apiVersion;
  object.metadata.managedFields = result.managedFields;
  if (resourceVersion) object.metadata.resourceVersion = resourceVersion;
  if (uid) object.metadata.uid = uid;
  return object;
}

/** Applying a view sets what it says; the object's manager of those fields is written by the view itself. */
function applyView(sub: Subresource, live: any, applied: any): any {
  return changeByView(sub, live, mergePatch(sub.view!(live), applied));
}
