// Filter: keeps pods off nodes with taints that they do not tolerate. Score: fewer PreferNoSchedule taints are better.
// Mirrors: pkg/scheduler/framework/plugins/tainttoleration/taint_toleration.go.
import { anyTolerates, findUntolerated, keepsPodsAway } from '../../apimachinery/taints.ts';
import type { Node, Toleration } from '../../apimachinery/types.ts';
import { action } from '../clusterEvents.ts';
import { type PluginFactory, scaleScores, unresolvable } from '../framework.ts';
import type { PodInfo } from '../podInfo.ts';

const name = 'TaintToleration';
const refusal = unresolvable(name, 'node(s) had untolerated taint(s)');

const isKeptAway = ({ pod }: PodInfo, node: Node) =>
  findUntolerated(node.spec?.taints, pod.spec?.tolerations, keepsPodsAway) !== undefined;

function countUnwelcome(node: Node, tolerations: readonly Toleration[]): number {
  let n = 0;
  for (const taint of node.spec?.taints ?? [])
    if (taint.effect === 'PreferNoSchedule' && !anyTolerates(tolerations, taint)) n++;
  return n;
}

export const taintToleration: PluginFactory = () => ({
  name,
  preFilter: (pod) => ({
    test: ({ node }) => (node!.spec?.taints?.length && isKeptAway(pod, node!) ? refusal : undefined),
  }),
  preScore({ pod }) {
    const tolerations = (pod.spec?.tolerations ?? []).filter((t) => !t.effect || t.effect === 'PreferNoSchedule');
    return {
      score: ({ node }) => (node!.spec?.taints?.length ? countUnwelcome(node!, tolerations) : 0),
      normalize: (scores) => scaleScores(scores, true),
    };
  },
  events: [
    {
      resource: 'Node',
      actions: action.add | action.updateNodeTaint,
      helps: (pod, old: Node | undefined, now: Node) => !isKeptAway(pod, now) && (!old || isKeptAway(pod, old)),
    },
    { resource: 'TargetPod', actions: action.updatePodToleration },
  ],
});
