// Which requests are meant: operations, groups, versions, resources, scope, and selectors of objects and namespaces.
// Mirrors: validateRule, validateRuleWithOperations and validateMatchResources in pkg/apis/admissionregistration/validation/validation.go.
// Called by: webhook.ts, policy.ts, binding.ts.
import { duplicate, type FieldError, invalidValue, notSupported, required } from '../../../apimachinery/fieldErrors.ts';
import { validateLabelSelector } from '../../../apimachinery/labelSelector.ts';
import { isPathSegmentName } from '../../../apimachinery/names.ts';
import { checkOneOf, pushTexts } from '../check.ts';

const operations: readonly string[] = ['*', 'CONNECT', 'CREATE', 'DELETE', 'UPDATE'];
const scopes: readonly string[] = ['*', 'Cluster', 'Namespaced'];
export const matchPolicies: readonly string[] = ['Equivalent', 'Exact'];
export const failurePolicies: readonly string[] = ['Fail', 'Ignore'];

export function defaultRule(rule: any): void {
  rule.scope ??= '*';
}

export function defaultMatchResources(match: any): void {
  match.matchPolicy ??= 'Equivalent';
  match.namespaceSelector ??= {};
  match.objectSelector ??= {};
  for (const rule of [...(match.resourceRules ?? []), ...(match.excludeResourceRules ?? [])]) defaultRule(rule);
}

function checkAlone(errors: FieldError[], field: string, list: readonly string[], others: string): void {
  if (list.length > 1 && list.includes('*'))
    errors.push(invalidValue(field, list, `if '*' is present, must not specify other ${others}`));
}

/** `pods`, `pods/log`, or a star in either place: it stands for the others, which then must not be named. */
function checkResources(errors: FieldError[], field: string, resources: readonly string[]): void {
  if (!resources.length) errors.push(required(field));
  const allOfResource = new Set<string>();
  const allOfSubresource = new Set<string>();
  let plain = false;
  for (const [i, text] of resources.entries()) {
    const at = `${field}[${i}]`;
    if (!text) {
      errors.push(required(at));
      continue;
    }
    const slash = text.indexOf('/');
    if (slash < 0) {
      plain = text !== '*';
      continue;
    }
    const [resource, sub] = [text.slice(0, slash), text.slice(slash + 1)];
    if (allOfResource.has(resource))
      errors.push(invalidValue(at, text, `if '${resource}/*' is present, must not specify ${text}`));
    if (allOfSubresource.has(sub))
      errors.push(invalidValue(at, text, `if '*/${sub}' is present, must not specify ${text}`));
    if (sub === '*') allOfResource.add(resource);
    if (resource === '*') allOfSubresource.add(sub);
  }
  if (resources.length > 1 && resources.includes('*/*'))
    errors.push(invalidValue(field, resources, "if '*/*' is present, must not specify other resources"));
  if (resources.includes('*') && plain)
    errors.push(
      invalidValue(field, resources, "if '*' is present, must not specify other resources without subresources"),
    );
}

export function checkRule(errors: FieldError[], field: string, rule: any): void {
  const { operations: named = [], apiGroups = [], apiVersions = [], resources = [], scope } = rule;
  if (!named.length) errors.push(required(`${field}.operations`));
  checkAlone(errors, `${field}.operations`, named, 'operations');
  for (const [i, operation] of named.entries())
    if (!operations.includes(operation)) errors.push(notSupported(`${field}.operations[${i}]`, operation, operations));
  if (!apiGroups.length) errors.push(required(`${field}.apiGroups`));
  checkAlone(errors, `${field}.apiGroups`, apiGroups, 'API groups');
  if (!apiVersions.length) errors.push(required(`${field}.apiVersions`));
  checkAlone(errors, `${field}.apiVersions`, apiVersions, 'API versions');
  for (const [i, version] of apiVersions.entries()) if (!version) errors.push(required(`${field}.apiVersions[${i}]`));
  checkResources(errors, `${field}.resources`, resources);
  checkOneOf(errors, `${field}.scope`, scope, scopes);
}

function checkNamedRule(errors: FieldError[], field: string, rule: any): void {
  const seen = new Set<string>();
  for (const [i, name] of (rule.resourceNames ?? []).entries()) {
    const at = `${field}.resourceNames[${i}]`;
    pushTexts(errors, at, name, isPathSegmentName(name, false));
    if (seen.has(name)) errors.push(duplicate(at, name));
    seen.add(name);
  }
  checkRule(errors, field, rule);
}

const mutable: readonly string[] = ['*', 'CONNECT', 'CREATE', 'UPDATE'];

/** What is deleted is not changed before. */
export function checkMutableRules(errors: FieldError[], field: string, { resourceRules = [] }: any): void {
  for (const { operations: named = [] } of resourceRules)
    for (const operation of named)
      if (!mutable.includes(operation))
        errors.push(notSupported(`${field}.resourceRules.operations`, operation, mutable));
}

export function checkMatchResources(errors: FieldError[], field: string, match: any): void {
  const { matchPolicy, namespaceSelector, objectSelector } = match;
  if (!matchPolicies.includes(matchPolicy))
    errors.push(notSupported(`${field}.matchPolicy`, matchPolicy ?? '', matchPolicies));
  errors.push(...validateLabelSelector(namespaceSelector, `${field}.namespaceSelector`));
  errors.push(...validateLabelSelector(objectSelector, `${field}.objectSelector`));
  for (const name of ['resourceRules', 'excludeResourceRules'])
    for (const [i, rule] of (match[name] ?? []).entries()) checkNamedRule(errors, `${field}.${name}[${i}]`, rule);
}
