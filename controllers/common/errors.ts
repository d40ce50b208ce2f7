// Refusals that controllers take as "nothing to do": told apart by reason and cause, never by text.
// Mirrors: apimachinery api/errors (HasStatusCause).
import { isReason, StatusError } from '../../apimachinery/status.ts';
import { ConnectionError } from '../../client/client.ts';

/** The namespace is on its way out, so nothing can be made in it any more. */
export const isNamespaceTerminating = (error: unknown): boolean =>
  error instanceof StatusError &&
  Boolean(error.status.details?.causes?.some((c) => c.reason === 'NamespaceTerminating'));

/** Whether the write was stored is not known: no answer came, or the server failed while it was at it. */
export const isUncertain = (error: unknown): boolean =>
  error instanceof ConnectionError || (error instanceof StatusError && error.code >= 500);

/** Runs a write; an answer with one of these reasons counts as done and gives undefined. */
export async function tolerate<T>(reasons: readonly string[], work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (reasons.some((reason) => isReason(error, reason))) return undefined;
    throw error;
  }
}
