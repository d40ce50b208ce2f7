// Refusals that controllers take as "nothing to do": told apart by reason and cause, never by text.
// Mirrors: apimachinery api/errors (HasStatusCause).
import { isReason, StatusError } from '../../apimachinery/status.ts';

/** The namespace is on its way out, so nothing can be made in it any more. */
export const isNamespaceTerminating = (error: unknown): boolean =>
  error instanceof StatusError &&
  Boolean(error.status.details?.causes?.some((c) => c.reason === 'NamespaceTerminating'));

/** Runs a write; an answer with one of these reasons counts as done and gives undefined. */
export async function tolerate<T>(reasons: readonly string[], work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (reasons.some((reason) => isReason(error, reason))) return undefined;
    throw error;
  }
}
