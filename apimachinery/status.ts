// Every refusal the API knows, as a Status that is thrown: reason, HTTP code, message, details and causes.
// Mirrors: staging/src/k8s.io/apimachinery/pkg/api/errors/errors.go and pkg/apis/meta/v1/types.go.
// Used by: the API server to answer, client/ to rebuild the same error on the other side.
import { aggregateMessage, type FieldError, toCause } from './fieldErrors.ts';
import type { Status, StatusCause } from './types.ts';

type Details = NonNullable<Status['details']>;

/** A group and resource as messages name them: `pods "x"`, `deployments.apps "x"`. */
export interface GroupResource {
  group: string;
  plural: string;
}

/** A refused request. `status` is the body that the client gets, `code` its HTTP status. */
export class StatusError extends Error {
  readonly status: Status;
  /** Answer headers that belong to this refusal, such as Retry-After. */
  readonly headers: Record<string, string>;

  constructor(
    status: Omit<Status, 'kind' | 'apiVersion' | 'metadata' | 'status'>,
    headers: Record<string, string> = {},
  ) {
    super(status.message);
    this.name = 'StatusError';
    // In the order of Go's type, without what is empty: the answer's bytes.
    const { message, reason, details, code } = status;
    this.status = {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message,
      ...(reason && { reason }),
      ...(details && { details }),
      code,
    };
    const wait = details?.retryAfterSeconds ?? 0;
    this.headers = wait > 0 ? { 'retry-after': String(wait), ...headers } : headers;
  }

  get code(): number {
    return this.status.code ?? 500;
  }

  get reason(): string {
    return this.status.reason ?? '';
  }
}

/** Does `error` carry this reason? The way callers branch: `isReason(e, 'NotFound')`. */
export const isReason = (error: unknown, reason: string): error is StatusError =>
  error instanceof StatusError && error.reason === reason;

const named = (r: GroupResource, name: string) => `${r.group ? `${r.plural}.${r.group}` : r.plural} "${name}"`;
const about = (r: GroupResource, name?: string): Details => ({
  ...(name ? { name } : {}),
  ...(r.group ? { group: r.group } : {}),
  kind: r.plural,
});
/** Refusals are answers, not accidents: no stack is taken, which would cost more than the rest of a 409. */
function make(
  code: number,
  reason: string,
  message: string,
  details?: Details,
  headers?: Record<string, string>,
): StatusError {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 0;
  const error = new StatusError({ message, reason, ...(details ? { details } : {}), code }, headers);
  Error.stackTraceLimit = limit;
  return error;
}

export const notFound = (r: GroupResource, name: string) =>
  make(404, 'NotFound', `${named(r, name)} not found`, about(r, name));
export const alreadyExists = (r: GroupResource, name: string) =>
  make(409, 'AlreadyExists', `${named(r, name)} already exists`, about(r, name));
export const generateNameConflict = (r: GroupResource, name: string) =>
  make(
    409,
    'AlreadyExists',
    `${named(r, name)} already exists, the server was not able to generate a unique name for the object`,
    { ...about(r, name), retryAfterSeconds: 1 },
  );
export const conflict = (r: GroupResource, name: string, why: string) =>
  make(409, 'Conflict', `Operation cannot be fulfilled on ${named(r, name)}: ${why}`, about(r, name));
/** A write by uid that finds another object, or none: the store's own words. */
export const uidConflict = (r: GroupResource, name: string, key: string, wanted: string, found: string) =>
  conflict(
    r,
    name,
    `StorageError: invalid object, Code: 4, Key: ${key}, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: ${wanted}, UID in object meta: ${found}`,
  );
/** What upstream has no reason for: 500 and the bare text. */
export const unknown = (message: string) => make(500, '', message);
/** The text that two editors of one object meet. */
export const modified = 'the object has been modified; please apply your changes to the latest version and try again';
export const applyConflict = (causes: StatusCause[], message: string) => make(409, 'Conflict', message, { causes });
export const unauthorized = (message = 'Unauthorized') => make(401, 'Unauthorized', message);
/** Upstream names no object when the request names none: `pods is forbidden: …`. */
export const forbidden = (r: GroupResource, name: string, why: string) => {
  const what = name ? named(r, name) : r.group ? `${r.plural}.${r.group}` : r.plural;
  if (!r.plural) return make(403, 'Forbidden', `forbidden: ${why}`, {});
  return make(403, 'Forbidden', `${what} is forbidden: ${why}`, about(r, name));
};
export const badRequest = (message: string) => make(400, 'BadRequest', message);
export const methodNotSupported = (r: GroupResource, action: string) =>
  make(
    405,
    'MethodNotAllowed',
    `${action} is not supported on resources of kind "${r.group ? `${r.plural}.${r.group}` : r.plural}"`,
    about(r),
  );
export const resourceExpired = (message: string) => make(410, 'Expired', message);
export const gone = (message: string) => make(410, 'Gone', message);
export const tooLargeResourceVersion = (wanted: number, current: number) =>
  make(504, 'Timeout', `Timeout: Too large resource version: ${wanted}, current: ${current}`, {
    causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
    retryAfterSeconds: 1,
  });
export const requestEntityTooLarge = (message: string) =>
  make(413, 'RequestEntityTooLarge', `Request entity too large: ${message}`);
export const unsupportedMediaType = (message: string) => make(415, 'UnsupportedMediaType', message);
export const notAcceptable = (message: string) => make(406, 'NotAcceptable', message);
export const tooManyRequests = (message: string, seconds = 1) =>
  make(429, 'TooManyRequests', message, { retryAfterSeconds: seconds });
export const timeout = (message: string, seconds = 0) =>
  make(504, 'Timeout', `Timeout: ${message}`, seconds ? { retryAfterSeconds: seconds } : undefined);
export const serverTimeout = (r: GroupResource, action: string, seconds = 1) =>
  make(
    500,
    'ServerTimeout',
    `The ${action} operation against ${r.plural} could not be completed at this time, please try again.`,
    {
      ...about(r),
      retryAfterSeconds: seconds,
    },
  );
export const serviceUnavailable = (message: string) => make(503, 'ServiceUnavailable', message);
export const internalError = (message: string) =>
  make(500, 'InternalError', `Internal error occurred: ${message}`, { causes: [{ message }] });

/** 422 without a word about why: what a patch that does not apply is answered with. */
export const unprocessable = () =>
  make(422, 'Invalid', 'the server rejected our request due to an error in our request', {});

/** 422: the object is well formed but breaks its kind's rules; one cause for each broken rule. */
export const invalid = (kind: { group: string; kind: string }, name: string, errors: FieldError[]) =>
  make(
    422,
    'Invalid',
    `${kind.group ? `${kind.kind}.${kind.group}` : kind.kind} "${name}" is invalid: ${aggregateMessage(errors)}`,
    {
      ...(name ? { name } : {}),
      ...(kind.group ? { group: kind.group } : {}),
      ...(kind.kind ? { kind: kind.kind } : {}),
      causes: errors.map(toCause),
    },
  );
