// RBAC's arithmetic over PolicyRules: does a rule allow this, do these rules cover those, how is a rule written in a message. Pure.
// Mirrors: pkg/apis/rbac/v1/evaluation_helpers.go, component-helpers/auth/rbac/validation/{policy_comparator,rule_merge}.go.
// Next: rbac.ts asks `ruleAllows`; escalation.ts and the bootstrap step ask `missingRules`.
import { goQuote } from '../../apimachinery/goQuote.ts';
import type { PolicyRule } from '../../apimachinery/types.ts';
import type { Attributes } from './authorizer.ts';

const has = (list: readonly string[] | undefined, value: string) => list?.includes(value) ?? false;
const hasAll = (list: readonly string[] | undefined, values: readonly string[] | undefined) =>
  (values ?? []).every((v) => has(list, v));

/** `/api/*` covers `/api/v1`; `*` covers everything. */
const urlMatches = (pattern: string, url: string): boolean =>
  pattern === '*' || pattern === url || (pattern.endsWith('*') && url.startsWith(pattern.replace(/\*+$/, '')));

/** `pods/log`, or for all kinds at once `*` and `*` + `/log`. */
function resourceMatches(patterns: readonly string[] | undefined, combined: string, subresource: string): boolean {
  if (!patterns) return false;
  return patterns.some((p) => p === '*' || p === combined || (subresource !== '' && p === `*/${subresource}`));
}

/** Does this one rule allow the request? */
export function ruleAllows(rule: PolicyRule, a: Attributes): boolean {
  if (!has(rule.verbs, '*') && !has(rule.verbs, a.verb)) return false;
  const r = a.resource;
  if (!r) return (rule.nonResourceURLs ?? []).some((p) => urlMatches(p, a.path ?? ''));
  if (!has(rule.apiGroups, '*') && !has(rule.apiGroups, r.group)) return false;
  const combined = r.subresource ? `${r.plural}/${r.subresource}` : r.plural;
  if (!resourceMatches(rule.resources, combined, r.subresource)) return false;
  return !rule.resourceNames?.length || rule.resourceNames.includes(r.name);
}

/** A rule as the list of rules of one verb on one thing. */
function breakdown(rule: PolicyRule): PolicyRule[] {
  const parts: PolicyRule[] = [];
  const names = rule.resourceNames?.length ? rule.resourceNames.map((n) => ({ resourceNames: [n] })) : [{}];
  for (const group of rule.apiGroups ?? []) {
    for (const resource of rule.resources ?? []) {
      for (const verb of rule.verbs) {
        for (const name of names) parts.push({ apiGroups: [group], resources: [resource], verbs: [verb], ...name });
      }
    }
  }
  for (const url of rule.nonResourceURLs ?? []) {
    for (const verb of rule.verbs) parts.push({ nonResourceURLs: [url], verbs: [verb] });
  }
  return parts;
}

function resourcesCover(owned: readonly string[] | undefined, wanted: readonly string[] | undefined): boolean {
  return (wanted ?? []).every((w) => {
    const slash = w.indexOf('/');
    return has(owned, '*') || has(owned, w) || (slash >= 0 && has(owned, `*/${w.slice(slash + 1)}`));
  });
}

function ruleCovers(owner: PolicyRule, part: PolicyRule): boolean {
  const unnamed = !owner.resourceNames?.length;
  const names = part.resourceNames?.length ? unnamed || hasAll(owner.resourceNames, part.resourceNames) : unnamed;
  return (
    names &&
    (has(owner.verbs, '*') || hasAll(owner.verbs, part.verbs)) &&
    (has(owner.apiGroups, '*') || hasAll(owner.apiGroups, part.apiGroups)) &&
    resourcesCover(owner.resources, part.resources) &&
    (part.nonResourceURLs ?? []).every((url) => (owner.nonResourceURLs ?? []).some((p) => urlMatches(p, url)))
  );
}

/** What of `wanted`, one verb on one thing at a time, no single rule of `owned` gives. */
export const missingRules = (owned: readonly PolicyRule[], wanted: readonly PolicyRule[]): PolicyRule[] =>
  wanted.flatMap(breakdown).filter((part) => !owned.some((owner) => ruleCovers(owner, part)));

/** Rules that differ in their verbs alone become one, in the order of their first. */
export function compactRules(rules: readonly PolicyRule[]): PolicyRule[] {
  const out: PolicyRule[] = [];
  const known = new Map<string, PolicyRule>();
  for (const rule of rules) {
    const simple = rule.apiGroups?.length === 1 && rule.resources?.length === 1 && !rule.nonResourceURLs?.length;
    if (!simple || (rule.resourceNames?.length ?? 0) > 1) {
      out.push(rule);
      continue;
    }
    const key = JSON.stringify([rule.apiGroups, rule.resources, rule.resourceNames ?? []]);
    const first = known.get(key);
    if (first) {
      first.verbs.push(...rule.verbs);
      continue;
    }
    const copy = { ...rule, verbs: [...rule.verbs] };
    known.set(key, copy);
    out.push(copy);
  }
  return out;
}

/** Go's %q of a list: `["a" "b"]`. */
export const quoteList = (values: readonly string[]): string => `[${values.map(goQuote).join(' ')}]`;

/** `{APIGroups:[""], Resources:["pods"], Verbs:["get"]}`. */
export function ruleText(rule: PolicyRule): string {
  const parts: [string, readonly string[] | undefined][] = [
    ['APIGroups', rule.apiGroups],
    ['Resources', rule.resources],
    ['NonResourceURLs', rule.nonResourceURLs],
    ['ResourceNames', rule.resourceNames],
    ['Verbs', rule.verbs],
  ];
  const texts = parts.filter(([, v]) => v?.length).map(([name, v]) => `${name}:${quoteList(v!)}`);
  return `{${texts.join(', ')}}`;
}
