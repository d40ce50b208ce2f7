// From what a request asks for to the handler that answers it.
// Reads: the live registry of kinds. Next: handlers/, one verb a file; routes.ts for paths that are no resources.
import * as status from '../apimachinery/status.ts';
import type { Api } from './api.ts';
import { connect } from './handlers/connect.ts';
import { create } from './handlers/create.ts';
import { deleteOne } from './handlers/delete.ts';
import { deleteCollection } from './handlers/deleteCollection.ts';
import { get } from './handlers/get.ts';
import { list } from './handlers/list.ts';
import { observed } from './handlers/observed.ts';
import { patch } from './handlers/patch.ts';
import { update } from './handlers/update.ts';
import { watch } from './handlers/watch.ts';
import { allVerbs, type Kind, type Subresource, type Verb } from './kinds/kind.ts';
import { PageNotFound, type Served } from './kinds/registry.ts';
import type { Answer, ApiRequest } from './request.ts';
import { route } from './routes.ts';

type Handler = (api: Api, req: ApiRequest, served: Served, sub?: Subresource) => Promise<Answer>;

const handlers: Record<Verb, Handler> = {
  create,
  get,
  list,
  watch,
  update,
  patch,
  delete: deleteOne,
  deletecollection: deleteCollection,
};

export function dispatch(api: Api, req: ApiRequest): Promise<Answer> {
  const extension = extensionOf(api, req);
  if (extension) return api.aggregator.proxy(req, extension);
  if (!req.info.isResource) return route(api, req);
  const { group, version, resource } = req.info;
  return api.registry.find(group, version, resource) ? toHandler(api, req) : maybeJustDefined(api, req);
}

/** Another server may have told of a definition that has not come here yet: what is unknown is looked for in the newest state. */
async function maybeJustDefined(api: Api, req: ApiRequest): Promise<Answer> {
  await api.cache.fresh();
  return toHandler(api, req);
}

function toHandler(api: Api, req: ApiRequest): Promise<Answer> {
  const served = servedFor(api, req);
  if (served.kind.deprecation) req.warnings.push(served.kind.deprecation);
  if (!req.info.subresource) return handlerFor(served, req)(api, req, served);
  return underObject(api, req, served);
}

/** True where the handler takes the body from the connection as it comes: what is passed on to another server. */
export function streamsBody(api: Api, req: ApiRequest): boolean {
  if (extensionOf(api, req)) return true;
  const { isResource, group, version, resource, subresource } = req.info;
  if (!isResource || !subresource) return false;
  const subresources = api.registry.find(group, version, resource)?.kind.subresources;
  return subresources?.find((s) => s.name === subresource)?.connect !== undefined;
}

/** The other server that this group version belongs to. */
const extensionOf = (api: Api, { info }: ApiRequest) =>
  info.version ? api.aggregator.extension(info.group, info.version) : undefined;

function servedFor(api: Api, req: ApiRequest): Served {
  const { group, version, resource, namespace } = req.info;
  const served = api.registry.find(group, version, resource);
  if (!served) throw new PageNotFound();
  if (namespace && !served.kind.namespaced && served.kind.plural !== 'namespaces') throw new PageNotFound();
  // Only collections may be asked across namespaces.
  if (
    served.kind.namespaced &&
    !namespace &&
    (req.info.subresource || !['list', 'watch', 'create'].includes(req.info.verb) || isObjectPath(req))
  ) {
    throw new PageNotFound();
  }
  return served;
}

/** A name in the path, not one that a field selector put there. */
const isObjectPath = (req: ApiRequest) =>
  req.info.verb === 'get' || (req.info.verb === 'create' && req.info.name !== '');

export const verbsOf = (kind: Kind): readonly Verb[] => kind.verbs ?? allVerbs;

function handlerFor(served: Served, req: ApiRequest): Handler {
  const verb = req.info.verb as Verb;
  // Upstream's routes of resources know no HEAD.
  if (req.method === 'HEAD') throw notAllowed();
  if (served.kind.namespaced && verb === 'create' && !req.info.namespace && !served.kind.answer)
    throw served.kind.custom ? new PageNotFound() : notAllowed();
  const needsName = verb === 'update' || verb === 'patch';
  if (!verbsOf(served.kind).includes(verb) || (verb === 'create' && req.info.name) || (needsName && !req.info.name))
    throw notAllowed();
  return served.kind.observe ? observed : handlers[verb];
}

function underObject(api: Api, req: ApiRequest, served: Served): Promise<Answer> {
  const sub = served.kind.subresources?.find((s) => s.name === req.info.subresource);
  if (!sub || (req.info.rest && !sub.passesPath)) throw new PageNotFound();
  if (sub.passesPath && req.method === 'OPTIONS') return connect(api, req, served, sub);
  const verb = req.info.verb as 'get' | 'create' | 'update' | 'patch' | 'delete';
  if (!sub.verbs.includes(verb) || (req.method === 'HEAD' && !sub.passesPath)) throw notAllowed();
  return sub.connect ? connect(api, req, served, sub) : handlers[verb](api, req, served, sub);
}

/** What upstream's router says of a method that a path does not have. */
function notAllowed(): status.StatusError {
  return new status.StatusError({
    code: 405,
    reason: 'MethodNotAllowed',
    message: 'the server does not allow this method on the requested resource',
    details: {},
  });
}
