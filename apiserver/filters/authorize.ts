// May this user do this? Mirrors: apiserver/pkg/endpoints/filters/authorization.go. Next: dispatch.ts.

import type { Api } from '../api.ts';
import { type Attributes, mayDoEverything } from '../authorization/authorizer.ts';
import { forbiddenRequest } from '../authorization/forbiddenMessage.ts';
import type { Filter } from '../filters.ts';
import type { ApiRequest } from '../request.ts';

export const authorize: Filter = (api, req) => {
  if (!mayDoEverything(req.user)) return ask(api, req);
};

async function ask(api: Api, req: ApiRequest): Promise<void> {
  const attributes = attributesOf(req);
  const decision = await api.authorizer.authorize(attributes);
  if (!decision.allowed) throw forbiddenRequest(attributes, decision.reason);
}

export function attributesOf(req: ApiRequest): Attributes {
  const { info, user } = req;
  if (!info.isResource) return { user, verb: info.verb, path: req.path };
  return {
    user,
    verb: info.verb,
    resource: {
      group: info.group,
      version: info.version,
      plural: info.resource,
      subresource: info.subresource,
      namespace: info.namespace,
      name: info.name,
    },
    fieldSelector: req.query.get('fieldSelector') ?? undefined,
    labelSelector: req.query.get('labelSelector') ?? undefined,
  };
}
