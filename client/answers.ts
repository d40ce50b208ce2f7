// What a refused answer means: the server's own Status when it sent one, else the Status that its code stands for.
// Mirrors: client-go rest/request.go (transformResponse) and apimachinery api/errors NewGenericServerResponse.
// Used by: transport.ts. Pure.
import { genericResponses as generic } from '../apimachinery/genericResponses.ts';
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
