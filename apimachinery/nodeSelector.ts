// Does a node match a pod's nodeSelector and required node affinity? How much of the preferred affinity?
// Reads: selectors and nodes. Mirrors: component-helpers/scheduling/corev1/nodeaffinity/nodeaffinity.go.
// Used by: scheduler, kubelet's admission, DaemonSet-like controllers. Parsing is done once for many nodes.
import { aggregateMessage, type FieldError, invalidValue, notSupported, path } from './fieldErrors.ts';
import { type LabelOperator, type LabelRequirement, matchesRequirement, newRequirement } from './labelSelector.ts';
import type { Node, NodeSelector, NodeSelectorTerm, PodSpec } from './types.ts';

type Requirement = NonNullable<NodeSelectorTerm['matchExpressions']>[number];
/** `error` is set when the term is malformed; it then matches no node. */
interface Term {
  labels: LabelRequirement[];
  fields: { key: string; value: string; equal: boolean }[];
  error?: string;
}

const operators: Record<string, LabelOperator> = {
  In: 'in',
  NotIn: 'notin',
  Exists: 'exists',
  DoesNotExist: '!',
  Gt: 'gt',
  Lt: 'lt',
};

function parseLabels(list: readonly Requirement[], at: string, errors: string[]): LabelRequirement[] {
  return list.flatMap(({ key, operator, values }, i) => {
    const known = Object.hasOwn(operators, operator) ? operators[operator]! : undefined;
    try {
      if (known) return [newRequirement(key, known, values ?? [], path.index(at, i))];
      const field = path.child(path.index(at, i), 'operator');
      errors.push(aggregateMessage([notSupported(field, operator, Object.keys(operators))]));
    } catch (error) {
      errors.push((error as Error).message);
    }
    return [];
  });
}

function parseFields(list: readonly Requirement[], at: string, errors: string[]): Term['fields'] {
  return list.flatMap(({ key, operator, values }, i) => {
    const field = path.index(at, i);
    let error: FieldError | undefined;
    if (operator !== 'In' && operator !== 'NotIn') {
      error = notSupported(path.child(field, 'operator'), operator, ['In', 'NotIn']);
    } else if (values?.length !== 1) {
      error = invalidValue(path.child(field, 'values'), values ?? null, 'must have one element');
    }
    if (error) errors.push(aggregateMessage([error]));
    return error ? [] : [{ key, value: values![0]!, equal: operator === 'In' }];
  });
}

const isEmpty = (term: NodeSelectorTerm) => !term.matchExpressions?.length && !term.matchFields?.length;

function parseTerm(term: NodeSelectorTerm, at: string): Term {
  const errors: string[] = [];
  const labels = parseLabels(term.matchExpressions ?? [], path.child(at, 'matchExpressions'), errors);
  const fields = parseFields(term.matchFields ?? [], path.child(at, 'matchFields'), errors);
  return { labels, fields, ...(errors.length && { error: errors.length > 1 ? `[${errors.join(', ')}]` : errors[0] }) };
}

/** metadata.name is the only field there is. */
const fieldOf = (node: Node, key: string): string => (key === 'metadata.name' ? node.metadata.name : '');

function matchesTerm(term: Term, node: Node): boolean {
  if (term.error !== undefined) return false;
  const labels = node.metadata.labels;
  return (
    term.labels.every((r) => matchesRequirement(r, labels)) &&
    term.fields.every((f) => (fieldOf(node, f.key) === f.value) === f.equal)
  );
}

export interface NodeMatcher {
  matches(node: Node): boolean;
  /** What is malformed in it, if anything. */
  readonly error?: string;
}

/** Any one term must match; an empty term matches nothing, and so does an empty list. */
export function parseNodeSelector(selector: NodeSelector): NodeMatcher {
  const terms = (selector.nodeSelectorTerms ?? [])
    .map((term, i) => (isEmpty(term) ? undefined : parseTerm(term, `nodeSelectorTerms[${i}]`)))
    .filter((t) => t !== undefined);
  const error = terms.find((t) => t.error)?.error;
  return { matches: (node) => terms.some((t) => matchesTerm(t, node)), ...(error && { error }) };
}

/** nodeSelector and requiredDuringSchedulingIgnoredDuringExecution together. */
export function requiredNodeAffinity(spec: PodSpec): NodeMatcher {
  const wanted = Object.entries(spec.nodeSelector ?? {});
  const required = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  const selector = required && parseNodeSelector(required);
  const hasLabels = ({ labels = {} }: Node['metadata']) =>
    wanted.every(([k, v]) => Object.hasOwn(labels, k) && labels[k] === v);
  return {
    matches: (node) => hasLabels(node.metadata) && (!selector || selector.matches(node)),
    ...(selector?.error && { error: selector.error }),
  };
}

/** The sum of the weights of the preferred terms that a node matches; empty terms and weight 0 count nothing. */
export function preferredNodeAffinity(spec: PodSpec): (node: Node) => number {
  const preferred = spec.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
  const terms = preferred
    .filter((t) => t.weight !== 0 && !isEmpty(t.preference))
    .map((t, i) => ({ weight: t.weight, term: parseTerm(t.preference, `[${i}]`) }));
  return (node) => terms.reduce((sum, t) => sum + (matchesTerm(t.term, node) ? t.weight : 0), 0);
}
