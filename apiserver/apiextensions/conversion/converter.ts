// From one version of a custom resource to another: what a conversion strategy is.
// Mirrors: apiextensions-apiserver/pkg/apiserver/conversion/converter.go.
// Implemented by none.ts and webhook.ts; used by ../serving/versionForms.ts.
import type { KubeObject } from '../../../apimachinery/types.ts';

export interface Converter {
  /** True: `convert` answers at once, without asking anybody. */
  readonly immediate: boolean;
  /**
   * The objects in version `apiVersion` (`group/version`), in their order, made of fresh copies. Those that are in it already come back
   * as they are. Rejects with a StatusError when somebody else failed to convert them.
   */
  convert(objects: readonly KubeObject[], apiVersion: string): KubeObject[] | Promise<KubeObject[]>;
}
