// The class of its kind that is marked as the default: the newest, when several are.
// Mirrors: pkg/volume/util/storageclass.go and getDefaultClass of plugin/pkg/admission/network/defaultingressclass.
// Used by: defaultStorageClass.ts, defaultIngressClass.ts.
import type { KubeObject } from '../../apimachinery/types.ts';

/** `annotations`: any of them, when it says `true`, marks a default. */
export function defaultClass(classes: readonly KubeObject[], annotations: readonly string[]): KubeObject | undefined {
  const marked = classes.filter((c) => annotations.some((name) => c.metadata.annotations?.[name] === 'true'));
  const born = (c: KubeObject) => Date.parse(c.metadata.creationTimestamp ?? '') || 0;
  return marked.sort((x, y) => born(y) - born(x) || (x.metadata.name < y.metadata.name ? -1 : 1))[0];
}
