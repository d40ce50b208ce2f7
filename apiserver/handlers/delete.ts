// DELETE of one object. Next along the chain: objects/deleteObject.ts.
// Mirrors: staging/src/k8s.io/apiserver/pkg/endpoints/handlers/delete.go (DeleteResource).
import type { Api } from '../api.ts';
import type { Served } from '../kinds/registry.ts';
import { deleteObject } from '../objects/deleteObject.ts';
import type { Answer, ApiRequest } from '../request.ts';
import { answerOutcome, answerValue, encodingOf, successStatus } from './answers.ts';
import { deleteOptions } from './body.ts';
import { managerOfAgent } from './options.ts';
import { writeContextOf } from './writeContextOf.ts';

export async function deleteOne(api: Api, req: ApiRequest, served: Served): Promise<Answer> {
  encodingOf(req, served);
  const options = deleteOptions(req);
  const w = writeContextOf(api, req, served, {
    dryRun: options.dryRun?.includes('All') ?? false,
    fieldManager: managerOfAgent(req.headers['user-agent']),
  });
  w.options = { ...options };
  for (const text of served.kind.deletionWarnings?.(options) ?? []) w.warn(text);
  const deleted = await deleteObject(w, req.info.name, options);
  if (deleted.gone && !served.kind.deleteReturnsObject) return answerValue(req, successStatus(served, deleted.object));
  const code = !deleted.gone && options.orphanDependents === false ? 202 : 200;
  return answerOutcome(api, req, served, deleted, code);
}
