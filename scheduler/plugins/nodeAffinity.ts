// Filter: nodeSelector and required node affinity. Score: the weights of preferred node affinity.
// `addedAffinity` of the arguments is required of every pod of the profile.
// Mirrors: pkg/scheduler/framework/plugins/nodeaffinity/node_affinity.go.
import { parseNodeSelector, preferredNodeAffinity, requiredNodeAffinity } from '../../apimachinery/nodeSelector.ts';
import type { Affinity, Node, NodeSelectorTerm, PodSpec } from '../../apimachinery/types.ts';
import { action } from '../clusterEvents.ts';
import { type PluginFactory, type Status, scaleScores, unresolvable } from '../framework.ts';

const name = 'NodeAffinity';
const refusal = unresolvable(name, "node(s) didn't match Pod's node affinity/selector");
const enforced = unresolvable(name, "node(s) didn't match scheduler-enforced node affinity");
const conflict = unresolvable(name, 'pod affinity terms conflict');

type NodeAffinityArg = NonNullable<Affinity['nodeAffinity']>;

const isAbout = (spec: PodSpec) =>
  spec.nodeSelector !== undefined ||
  spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution !== undefined;

/** The nodes that the terms name, when each of them names some; DaemonSet pods do. */
export function namedNodes(terms: readonly NodeSelectorTerm[]): ReadonlySet<string> | undefined {
  let all = new Set<string>();
  for (const term of terms) {
    const lists = (term.matchFields ?? []).filter((f) => f.key === 'metadata.name' && f.operator === 'In');
    if (!lists.length) return undefined;
    all = all.union(lists.map((f) => new Set(f.values)).reduce((a, b) => a.intersection(b)));
  }
  return terms.length ? all : undefined;
}

export const nodeAffinity: PluginFactory = (_handle, args) => {
  const added: NodeAffinityArg = args.addedAffinity ?? {};
  const addedRequired = added.requiredDuringSchedulingIgnoredDuringExecution;
  const addedMatcher = addedRequired && parseNodeSelector(addedRequired);
  const addedScore = added.preferredDuringSchedulingIgnoredDuringExecution?.length
    ? preferredNodeAffinity({ affinity: { nodeAffinity: added } } as PodSpec)
    : undefined;

  const matches = (spec: PodSpec, node: Node) =>
    (!addedMatcher || addedMatcher.matches(node)) && requiredNodeAffinity(spec).matches(node);

  return {
    name,
    preFilter({ pod }) {
      const spec = pod.spec!;
      if (!isAbout(spec) && !addedMatcher) return undefined;
      const matcher = requiredNodeAffinity(spec);
      const test = ({ node }: { node: Node | undefined }): Status | undefined => {
        if (addedMatcher && !addedMatcher.matches(node!)) return enforced;
        return matcher.matches(node!) ? undefined : refusal;
      };
      const terms = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
      const nodes = terms && namedNodes(terms);
      if (nodes?.size === 0) return conflict;
      return nodes ? { nodes, test } : { test };
    },
    preScore({ pod }) {
      const own = pod.spec?.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution?.length
        ? preferredNodeAffinity(pod.spec)
        : undefined;
      if (!own && !addedScore) return undefined;
      return {
        score: ({ node }) => (own?.(node!) ?? 0) + (addedScore?.(node!) ?? 0),
        normalize: (scores) => scaleScores(scores, false),
      };
    },
    events: [
      {
        resource: 'Node',
        actions: action.add | action.updateNodeLabel,
        helps: ({ pod }, old: Node | undefined, now: Node) =>
          matches(pod.spec!, now) && (!old || !matches(pod.spec!, old)),
      },
    ],
  };
};
