// What a refused answer means: the server's own Status when it sent one, else the Status that its code stands for.
// Mirrors: client-go rest/request.go (transformResponse) and apimachinery api/errors NewGenericServerResponse.
// Used by: transport.ts. Pure.
import { StatusError } from '../apimachinery/status.ts';
import type { Status } from '../apimachinery/types.ts';

/** Rebuilds the error that the other side threw. `body` is the whole answer, JSON or not. */
export function errorFromAnswer(code: number, body: string, retryAfter?: string): StatusError {
  const headers: Record<string, string> = retryAfter ? { 'retry-after': retryAfter } : {};
  const sent = parseStatus(body);
  if (sent) return new StatusError({ ...sent, code: sent.code ?? code }, headers);
  const [reason, message] = generic[code] ?? (code >= 500 ? generic[500]! : ['Unknown', 'unknown']);
  const text = body.trim().slice(0, 2048);
  const causes = text ? [{ reason: 'UnexpectedServerResponse', message: text }] : [];
  const seconds = Number(retryAfter) || 0;
  return new StatusError(
    {
      code,
      reason,
      message:
        code >= 500 && text
          ? `an error on the server (${JSON.stringify(text)}) has prevented the request from succeeding`
          : message,
      details: { causes, ...(seconds ? { retryAfterSeconds: seconds } : {}) },
    },
    headers,
  );
}

/** The Status in an ERROR watch event, as an error. */
export const errorFromStatus = (status: Status): StatusError =>
  new StatusError({ ...status, code: status.code ?? 500 });

function parseStatus(body: string): Status | undefined {
  if (!body.startsWith('{')) return undefined;
  try {
    const value = JSON.parse(body);
    return value?.kind === 'Status' ? value : undefined;
  } catch {
    return undefined;
  }
}

const generic: Record<number, [reason: string, message: string]> = {
  400: ['BadRequest', 'the server rejected our request for an unknown reason'],
  401: ['Unauthorized', 'the server has asked for the client to provide credentials'],
  403: ['Forbidden', 'unknown'],
  404: ['NotFound', 'the server could not find the requested resource'],
  405: ['MethodNotAllowed', 'the server does not allow this method on the requested resource'],
  406: ['NotAcceptable', 'the server was unable to respond with a content type that the client supports'],
  409: ['Conflict', 'the server reported a conflict'],
  410: ['Gone', 'the requested resource is no longer available at the server'],
  413: ['RequestEntityTooLarge', 'Request entity is too large'],
  415: ['UnsupportedMediaType', 'the body of the request was in an unknown format'],
  422: ['Invalid', 'the server rejected our request due to an error in our request'],
  429: ['TooManyRequests', 'the server has received too many requests and has asked us to try again later'],
  500: ['InternalError', 'an error on the server has prevented the request from succeeding'],
  503: ['ServiceUnavailable', 'the server is currently unable to handle the request'],
  504: [
    'Timeout',
    'the server was unable to return a response in the time allotted, but may still be processing the request',
  ],
};
