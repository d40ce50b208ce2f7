// PATCH: JSON patch, merge patch, strategic merge patch, or server-side apply, on the live object.
// Next along the chain: patchChange.ts and applyChange.ts make the new object, objects/updateObject.ts stores it and tries again on conflict.
// Mirrors: apiserver/pkg/endpoints/handlers/patch.go.
import * as status from '../../apimachinery/status.ts';
import type { Api } from '../api.ts';
import type { Subresource } from '../kinds/kind.ts';
import type { Served } from '../kinds/registry.ts';
import { updateObject } from '../objects/updateObject.ts';
import type { Outcome } from '../objects/writeContext.ts';
import type { Answer, ApiRequest } from '../request.ts';
import { answerOutcome, answerView, encodingOf } from './answers.ts';
import { applyChange } from './applyChange.ts';
import { expectedBody } from './body.ts';
import { writeParams } from './options.ts';
import { patchChange, patchTypes } from './patchChange.ts';
import { writeContextOf } from './writeContextOf.ts';

const applyYaml = 'application/apply-patch+yaml';
const applyCbor = 'application/apply-patch+cbor';

export async function patch(api: Api, req: ApiRequest, served: Served, sub?: Subresource): Promise<Answer> {
  const type = patchType(req, served);
  const applies = type === applyYaml || type === applyCbor;
  encodingOf(req, served);
  const params = writeParams(req, 'PatchOptions', applies);
  const w = writeContextOf(api, req, served, params);
  const expected = expectedBody(served, sub);
  const change = applies
    ? applyChange(req, w, params, sub, type === applyCbor)
    : patchChange(req, w, params, expected, type, sub);
  const outcome = await updateObject(w, req.info.name, change, {
    subresource: sub,
    mayCreate: applies && !sub && served.kind.storage !== undefined,
    tracked: applies,
  });
  return sub?.view
    ? answerView(api, req, sub.view(outcome.object), outcome.created ? 201 : 200)
    : answerOutcome(api, req, served, outcome as Outcome);
}

function patchType(req: ApiRequest, served: Served): string {
  const type = (req.headers['content-type'] ?? '').split(';', 1)[0]!.trim();
  const offered = [...patchTypes, applyYaml, ...(req.cbor ? [applyCbor] : [])];
  const usable = served.bareItems ? offered : offered.filter((t) => t !== 'application/strategic-merge-patch+json');
  if (usable.includes(type)) return type;
  throw status.unsupportedMediaType(
    `the body of the request was in an unknown format - accepted media types include: ${usable.join(', ')}`,
  );
}
