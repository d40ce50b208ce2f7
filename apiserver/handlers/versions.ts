// resourceVersion as a read asks for it: absent (newest), 0 (anything), a number (not older than).
// Mirrors: the table in upstream's "resource versions" concept, apiserver/pkg/storage (ValidateListOptions) and storage/cacher.

import { errorBody, invalidValue } from '../../apimachinery/fieldErrors.ts';
import { badRequest, tooLargeResourceVersion } from '../../apimachinery/status.ts';
import type { Api } from '../api.ts';
import { parseFailure } from '../query.ts';
import { FutureRevision } from '../storage/store.ts';

/** How long a read waits for a version that has not come yet. */
const patience = 3000;

/** The number in the text; undefined when absent. Throws 400 when it is none. */
export function parseVersion(text: string): number | undefined {
  if (text === '') return undefined;
  const failure = parseFailure(text, 'ParseUint', /^\d+$/, 0n, 2n ** 64n - 1n);
  if (failure) {
    const error = invalidValue('resourceVersion', text, failure);
    throw badRequest(`invalid resource version: ${error.field}: ${errorBody(error)}`);
  }
  return Number(text);
}

/** Resolves when the cache is as new as this read wants it. */
export async function awaitVersion(api: Api, text: string): Promise<void> {
  const version = parseVersion(text);
  if (version === undefined) await api.cache.fresh();
  else if (version > 0) await reach(api, version);
}

/** Throws 504 with cause ResourceVersionTooLarge when the version does not come in time. */
export async function reach(api: Api, version: number): Promise<void> {
  try {
    await api.cache.reached(version, patience);
  } catch (error) {
    if (error instanceof FutureRevision) throw tooLargeResourceVersion(version, api.cache.revision);
    throw error;
  }
}
