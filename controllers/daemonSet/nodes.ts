// On which nodes does a DaemonSet's pod belong, and where may one that is there stay?
// Pure. Mirrors: NodeShouldRunDaemonPod and predicates in pkg/controller/daemon/daemon_controller.go.
// Used by: placement.ts, rolling.ts, status.ts, daemonSet.ts.
import { requiredNodeAffinity } from '../../apimachinery/nodeSelector.ts';
import { findUntolerated, keepsPodsAway } from '../../apimachinery/taints.ts';
import type { DaemonSet, Node } from '../../apimachinery/types.ts';
import { daemonTolerations } from './template.ts';

export interface Fit {
  /** A pod is to be made there. */
  run: boolean;
  /** One that is there may stay: a taint NoSchedule does not drive it away. */
  stay: boolean;
}

export type FitTest = (node: Node) => Fit;

const neither: Fit = { run: false, stay: false };
const known = new WeakMap<DaemonSet, FitTest>();

/** Its selectors are parsed once for all nodes. */
export function fitOf(ds: DaemonSet): FitTest {
  const test = known.get(ds) ?? createFit(ds);
  known.set(ds, test);
  return test;
}

function createFit(ds: DaemonSet): FitTest {
  const spec = ds.spec!.template.spec!;
  const affinity = requiredNodeAffinity(spec);
  const tolerations = daemonTolerations(spec);
  return (node) => {
    if (spec.nodeName && spec.nodeName !== node.metadata.name) return neither;
    if (!affinity.matches(node)) return neither;
    const { taints } = node.spec ?? {};
    if (!findUntolerated(taints, tolerations, keepsPodsAway)) return { run: true, stay: true };
    return { run: false, stay: !findUntolerated(taints, tolerations, (t) => t.effect === 'NoExecute') };
  };
}
