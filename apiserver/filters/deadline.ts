// How long the request may take: ?timeout=, at most --request-timeout. Watches have their own.
// Mirrors: staging/src/k8s.io/apiserver/pkg/endpoints/filters/request_deadline.go.
import { badRequest } from '../../apimachinery/status.ts';
import { parseDuration } from '../../component-base/flags.ts';
import type { Filter } from '../filters.ts';
import { isLongRunning } from '../requestInfo.ts';

export const deadline: Filter = (api, req) => {
  req.timeout = api.config.requestTimeout;
  const text = req.query.get('timeout');
  if (text === null || text === '' || isLongRunning(req.info)) return;
  const asked = parseDuration(text);
  if (asked === undefined)
    throw badRequest(`invalid timeout specified in the request URL - time: invalid duration ${JSON.stringify(text)}`);
  if (asked > 0) req.timeout = Math.min(asked, api.config.requestTimeout);
};
