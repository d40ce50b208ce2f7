// What the rest of the kubelet asks about its own node.
// Implemented by nodeManager.ts. Next: podSync.ts.
import type { Node } from '../../apimachinery/types.ts';

export interface NodeFacts {
  /** As the API server has it; undefined before it is registered. */
  node(): Node | undefined;
  hostIPs(): string[];
  allocatable(): Record<string, string>;
  /** `containerd`: the first part of container ids. */
  runtimeName(): string;
  /** Why no pod can have a network now. */
  networkError(): string | undefined;
}
