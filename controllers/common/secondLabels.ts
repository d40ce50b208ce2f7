// Labels of Nodes that stand for the same thing under two names: the second follows the first.
// Pure. Mirrors: reconcileNodeLabels of the node controllers. Used by: nodeLifecycle/ and cloud/node.ts.
import type { Node } from '../../apimachinery/types.ts';

/** What to write under the second names; undefined when all is as it should be. A first name that is missing says nothing. */
export function secondLabels(
  node: Node,
  pairs: readonly (readonly [first: string, second: string])[],
): Record<string, string> | undefined {
  const labels = node.metadata.labels ?? {};
  const differ = pairs.filter(([first, second]) => labels[first] !== undefined && labels[second] !== labels[first]);
  return differ.length ? Object.fromEntries(differ.map(([first, second]) => [second, labels[first]!])) : undefined;
}
