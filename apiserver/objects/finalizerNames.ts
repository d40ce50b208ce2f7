// What a finalizer without a slash is told: built-in kinds refuse names that are not Kubernetes' own, custom resources warn of them.
// Called by createObject.ts and updateObject.ts. Mirrors: validateKubeFinalizerName in pkg/apis/core/validation and in
// apiextensions-apiserver/pkg/registry/customresource/strategy.go.
import { type FieldError, invalidValue } from '../../apimachinery/fieldErrors.ts';
import { goQuote } from '../../apimachinery/goQuote.ts';
import type { WriteContext } from './writeContext.ts';

const standard = new Set(['kubernetes', 'orphan', 'foregroundDeletion']);
/** Groups whose objects' metadata has the generic rules alone. */
const generic = new Set([
  'admissionregistration.k8s.io',
  'apiextensions.k8s.io',
  'apiregistration.k8s.io',
  'coordination.k8s.io',
]);

const isOdd = (name: string) => !name.includes('/') && !standard.has(name);

export function finalizerErrors(w: WriteContext, metadata: any): FieldError[] {
  if (!metadata.finalizers || !w.served.bareItems || generic.has(w.served.kind.group)) return [];
  return metadata.finalizers.flatMap((name: string, i: number) =>
    isOdd(name)
      ? [
          invalidValue(
            `metadata.finalizers[${i}]`,
            name,
            'name is neither a standard finalizer name nor is it fully qualified',
          ),
        ]
      : [],
  );
}

/** `before`: the finalizers that the object had; only new ones are warned of. */
export function warnOfFinalizers(w: WriteContext, metadata: any, before: readonly string[] = []): void {
  if (!metadata.finalizers || w.served.bareItems) return;
  for (const name of [...new Set<string>(metadata.finalizers)].sort()) {
    if (before.includes(name) || !isOdd(name)) continue;
    w.warn(
      `metadata.finalizers: ${goQuote(name)}: prefer a domain-qualified finalizer name including a path (/) to avoid accidental conflicts with other finalizer writers`,
    );
  }
}
