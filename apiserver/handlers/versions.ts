// resourceVersion as a read asks for it: absent (newest), 0 (anything), a number (not older than).
// Mirrors: the table in upstream's "resource versions" concept and apiserver/pkg/storage/cacher.

import { invalidValue } from '../../apimachinery/fieldErrors.ts';
import { badRequest, invalid, tooLargeResourceVersion } from '../../apimachinery/status.ts';
import type { Api } from '../api.ts';
import { FutureRevision } from '../storage/store.ts';

/** How long a read waits for a version that has not come yet. */
const patience = 3000;

/** The number in the text; undefined when absent. Throws 422 (list) or 400 as upstream when it is none. */
export function parseVersion(text: string): number | undefined {
  if (text === '') return undefined;
  if (!/^\d{1,19}$/.test(text)) {
    throw invalid({ group: 'meta.k8s.io', kind: 'ListOptions' }, '', [
      invalidValue('resourceVersion', text, `strconv.ParseUint: parsing ${JSON.stringify(text)}: invalid syntax`),
    ]);
  }
  return Number(text);
}

/** Resolves when the cache is as new as this read wants it. */
export async function awaitVersion(api: Api, text: string): Promise<void> {
  const version = readVersion(text);
  if (version === undefined) await api.cache.fresh();
  else if (version > 0) await reach(api, version);
}

function readVersion(text: string): number | undefined {
  if (text === '') return undefined;
  if (!/^\d{1,19}$/.test(text)) throw badRequest(`invalid resource version: ${text}`);
  return Number(text);
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
