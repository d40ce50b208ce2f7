// The terms of pod (anti-)affinity, parsed: which pods a term means, and within what topology.
// Reads: a pod's affinity. Mirrors: AffinityTerm in kube-scheduler framework/types.go.
// Used by: podInfo.ts; matched by plugins/interPodAffinity.ts.
import {
  type LabelRequirement,
  matchesRequirement,
  nothing,
  type Selector,
  SelectorError,
  selectorOf,
} from '../apimachinery/labelSelector.ts';
import type { Affinity, LabelSelector, Pod } from '../apimachinery/types.ts';

type ApiTerm = NonNullable<
  NonNullable<Affinity['podAffinity']>['requiredDuringSchedulingIgnoredDuringExecution']
>[number];

export interface AffinityTerm {
  selector: Selector;
  namespaces: ReadonlySet<string>;
  /** `nothing` when the term has none. */
  namespaceSelector: Selector;
  topologyKey: string;
  /** Equal for terms that mean the same pods. */
  text: string;
}

export interface WeightedTerm {
  term: AffinityTerm;
  weight: number;
}

const none: readonly never[] = [];
const noTerms = {
  requiredAffinity: none,
  requiredAntiAffinity: none,
  preferredAffinity: none,
  preferredAntiAffinity: none,
};

export interface PodTerms {
  requiredAffinity: readonly AffinityTerm[];
  requiredAntiAffinity: readonly AffinityTerm[];
  preferredAffinity: readonly WeightedTerm[];
  preferredAntiAffinity: readonly WeightedTerm[];
}

export function podAffinityTerms(pod: Pod): PodTerms {
  const { podAffinity, podAntiAffinity } = pod.spec?.affinity ?? {};
  if (!podAffinity && !podAntiAffinity) return noTerms;
  const required = (terms: readonly ApiTerm[] = none) => terms.map((t) => termOf(t, pod));
  const weighted = (terms: readonly { weight: number; podAffinityTerm: ApiTerm }[] = none) =>
    terms.map((t) => ({ weight: t.weight, term: termOf(t.podAffinityTerm, pod) }));
  return {
    requiredAffinity: required(podAffinity?.requiredDuringSchedulingIgnoredDuringExecution),
    requiredAntiAffinity: required(podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution),
    preferredAffinity: weighted(podAffinity?.preferredDuringSchedulingIgnoredDuringExecution),
    preferredAntiAffinity: weighted(podAntiAffinity?.preferredDuringSchedulingIgnoredDuringExecution),
  };
}

function termOf(t: ApiTerm, pod: Pod): AffinityTerm {
  const labels = pod.metadata.labels ?? {};
  const own = t.namespaces?.length || t.namespaceSelector ? (t.namespaces ?? []) : [pod.metadata.namespace ?? ''];
  const selector = withLabelKeys(parsed(t.labelSelector), labels, t.matchLabelKeys, t.mismatchLabelKeys);
  const namespaceSelector = parsed(t.namespaceSelector);
  const spaces = [...own].sort().join(',');
  const where = namespaceSelector.nothing ? '-' : `{${namespaceSelector}}`;
  return {
    selector,
    namespaces: new Set(own),
    namespaceSelector,
    topologyKey: t.topologyKey,
    text: `${spaces}|${where}|${selector.nothing ? '-' : `{${selector}}`}`,
  };
}

/** A selector that does not parse selects nothing, as upstream has it. */
export function parsed(selector: LabelSelector | undefined): Selector {
  try {
    return selectorOf(selector);
  } catch (error) {
    if (error instanceof SelectorError) return nothing;
    throw error;
  }
}

/** Adds the pod's own values of `same` as wanted and those of `other` as unwanted. */
export function withLabelKeys(
  selector: Selector,
  labels: Readonly<Record<string, string>>,
  same: readonly string[] = none,
  other: readonly string[] = none,
): Selector {
  const has = (key: string) => Object.hasOwn(labels, key);
  const more: LabelRequirement[] = [
    ...same.filter(has).map((key) => ({ key, operator: 'in' as const, values: [labels[key]!] })),
    ...other.filter(has).map((key) => ({ key, operator: 'notin' as const, values: [labels[key]!] })),
  ];
  return more.length && !selector.nothing ? both(selector, more) : selector;
}

const both = (selector: Selector, more: LabelRequirement[]): Selector => ({
  requirements: [...selector.requirements, ...more],
  nothing: false,
  matches: (labels) => selector.matches(labels) && more.every((r) => matchesRequirement(r, labels)),
  toString: () => `${selector};${more.map((r) => `${r.key} ${r.operator} ${r.values}`).join(';')}`,
});

/** Is `pod` one of those that the term means? `namespaceLabels` gives the labels of a namespace by name. */
export const termMatches = (term: AffinityTerm, pod: Pod, namespaceLabels: NamespaceLabels): boolean =>
  inNamespace(term, pod.metadata.namespace ?? '', namespaceLabels) && term.selector.matches(pod.metadata.labels);

export type NamespaceLabels = (name: string) => Readonly<Record<string, string>> | undefined;

const inNamespace = (term: AffinityTerm, namespace: string, labels: NamespaceLabels): boolean =>
  term.namespaces.has(namespace) ||
  (!term.namespaceSelector.nothing && term.namespaceSelector.matches(labels(namespace) ?? {}));
