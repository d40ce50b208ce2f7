// POST: a new object, a review's answer, or a deed under an object.
// Next along the chain: objects/createObject.ts. Mirrors: staging/src/k8s.io/apiserver/pkg/endpoints/handlers/create.go.
import * as status from '../../apimachinery/status.ts';
import type { Api } from '../api.ts';
import type { Subresource } from '../kinds/kind.ts';
import type { Served } from '../kinds/registry.ts';
import { admitChanges, admitValidations, attributes } from '../objects/admit.ts';
import { createObject } from '../objects/createObject.ts';
import type { Answer, ApiRequest } from '../request.ts';
import { answerOutcome, answerValue, encodingOf } from './answers.ts';
import { expectedBody, readBody } from './body.ts';
import { writeParams } from './options.ts';
import { writeContextOf } from './writeContextOf.ts';

export async function create(api: Api, req: ApiRequest, served: Served, sub?: Subresource): Promise<Answer> {
  encodingOf(req, served);
  const params = writeParams(req, 'CreateOptions');
  const w = writeContextOf(api, req, served, params);
  const object = readBody(req, expectedBody(served, sub), params.fieldValidation, w.warn);
  if (sub) {
    const parent = { name: req.info.name, namespace: req.info.namespace };
    const admission = attributes(w, 'CREATE', parent.name, object);
    await admitChanges(w, admission);
    await admitValidations(w, admission);
    return answerValue(req, await sub.create!(object, parent, w), 201);
  }
  if (served.kind.answer) return answerReview(req, served, object, w);
  if (req.info.name) throw status.methodNotSupported(served.kind, 'create');
  return answerOutcome(api, req, served, await createObject(w, object));
}

/** Reviews are created and answered, never stored. */
async function answerReview(
  req: ApiRequest,
  served: Served,
  object: any,
  w: ReturnType<typeof writeContextOf>,
): Promise<Answer> {
  object.metadata ??= {};
  if (served.kind.namespaced) object.metadata.namespace ??= w.namespace;
  served.kind.defaults?.(object);
  const errors = served.kind.validate?.(object) ?? [];
  if (errors.length) throw status.invalid(served.kind, object.metadata.name ?? '', errors);
  return answerValue(req, await served.kind.answer!(object, w), 201);
}
