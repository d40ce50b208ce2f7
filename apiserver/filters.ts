// The order in which a request meets them, and nothing else.
// Each filter may refuse by throwing a StatusError; what it learns it writes on the request. Next: dispatch.ts.
import type { Api } from './api.ts';
import { auditId } from './filters/auditId.ts';
import { authenticate } from './filters/authenticate.ts';
import { authorize } from './filters/authorize.ts';
import { cause } from './filters/cause.ts';
import { classify } from './filters/classify.ts';
import { deadline } from './filters/deadline.ts';
import { impersonate } from './filters/impersonate.ts';
import { info } from './filters/info.ts';
import { limitInFlight } from './filters/limitInFlight.ts';
import type { ApiRequest } from './request.ts';

/** Returns a promise only when it must wait: most requests pass all filters in one turn. */
export type Filter = (api: Api, req: ApiRequest) => void | Promise<void>;

export const filters: readonly Filter[] = [
  auditId,
  info,
  deadline,
  cause,
  authenticate,
  // An audit log comes here.
  impersonate,
  classify,
  limitInFlight,
  authorize,
];
