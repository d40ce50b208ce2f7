// GET of one object, or of a view of it.
// Reads: the watch cache. Mirrors: staging/src/k8s.io/apiserver/pkg/endpoints/handlers/get.go (GetResource).
import { notFound } from '../../apimachinery/status.ts';
import { type Api, cacheOf } from '../api.ts';
import { encodeCached, servedObject } from '../codecs/codecs.ts';
import type { Subresource } from '../kinds/kind.ts';
import { keyOf, type Served } from '../kinds/registry.ts';
import type { Answer, ApiRequest } from '../request.ts';
import { answerView, encodingOf, includeObject } from './answers.ts';
import { awaitVersion } from './versions.ts';

export async function get(api: Api, req: ApiRequest, served: Served, sub?: Subresource): Promise<Answer> {
  const e = encodingOf(req, served);
  const cache = await cacheOf(api, served);
  await awaitVersion(api, req.query.get('resourceVersion') ?? '');
  const key = keyOf(served, req.info.namespace, req.info.name);
  await cache.load?.([key]);
  const found = cache.get(key);
  if (!found) throw notFound(served.kind, req.info.name);
  if (sub?.view) return answerView(api, req, sub.view(servedObject(served, found)));
  return {
    code: 200,
    type: e.media.name,
    body: encodeCached(found, served, e, { include: includeObject(req), now: api.clock.now() }),
  };
}
