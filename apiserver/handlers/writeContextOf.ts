// A request's WriteContext: what objects/ needs to know of who writes and why.
import type { Api } from '../api.ts';
import type { Served } from '../kinds/registry.ts';
import { partsOf, type WriteContext } from '../objects/writeContext.ts';
import type { ApiRequest } from '../request.ts';
import type { WriteParams } from './options.ts';

export function writeContextOf(
  api: Api,
  req: ApiRequest,
  served: Served,
  params: Pick<WriteParams, 'dryRun' | 'fieldManager'>,
): WriteContext {
  return {
    ...partsOf(api),
    served,
    user: req.user,
    namespace: req.info.namespace,
    subresource: req.info.subresource,
    fieldManager: params.fieldManager,
    dryRun: params.dryRun,
    verb: req.info.verb,
    component: req.headers['user-agent'] ?? '',
    causes: req.causes,
    traceparent: req.traceparent,
    options: params as Record<string, unknown>,
    warn: (text) => {
      if (!req.warnings.includes(text)) req.warnings.push(text);
    },
  };
}
