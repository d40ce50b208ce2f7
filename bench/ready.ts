// Whether a Node says that it is Ready. Used by the groups that wait for nodes.
import type { Node } from '../apimachinery/types.ts';

export const isNodeReady = (node: Node): boolean =>
  node.status?.conditions?.some((c) => c.type === 'Ready' && c.status === 'True') ?? false;
