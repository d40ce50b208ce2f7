// Owner references that stand twice are taken out, with a warning.
// Mirrors: dedupOwnerReferencesAndAddWarning of apiserver/pkg/endpoints/handlers/rest.go. Called by createObject.ts and updateObject.ts.
import { deepEqual } from '../../apimachinery/deepEqual.ts';
import type { OwnerReference } from '../../apimachinery/types.ts';
import type { WriteContext } from './writeContext.ts';

/** Keeps the first of equal references, in place; `admitted`: admission has been over the object. */
export function dedupOwners(w: WriteContext, object: any, admitted: boolean): void {
  const owners: OwnerReference[] | undefined = object.metadata.ownerReferences;
  if (!owners || owners.length < 2) return;
  const kept: OwnerReference[] = [];
  const twice: string[] = [];
  for (const owner of owners) {
    if (kept.some((other) => deepEqual(other, owner))) twice.push(owner.uid);
    else kept.push(owner);
  }
  if (!twice.length) return;
  object.metadata.ownerReferences = kept;
  const when = admitted ? ' after mutating admission happens' : '';
  w.warn(
    `.metadata.ownerReferences contains duplicate entries${when}; API server dedups owner references in 1.20+, and may reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed: ${twice.join(', ')}`,
  );
}
