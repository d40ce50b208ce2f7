// What a write of a part of an object, its status as a rule, leaves alone of metadata.
// Mirrors: ResetObjectMetaForStatus of staging/src/k8s.io/apimachinery/pkg/apis/meta/v1/helpers.go. Used by: subresources' `keep`.

const kept = ['labels', 'annotations', 'finalizers', 'ownerReferences'];

/** Puts back, in place, what people and owners say of the object. */
export function keepMetadata(object: any, old: any): void {
  for (const key of kept)
    if (old.metadata[key] === undefined) delete object.metadata[key];
    else object.metadata[key] = old.metadata[key];
}
