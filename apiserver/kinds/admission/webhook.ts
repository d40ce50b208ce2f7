// The rules of webhooks, of both sorts: what an update keeps from before is held to what was asked for then.
// Mirrors: validate{Validating,Mutating}Webhook* in pkg/apis/admissionregistration/validation/validation.go, v1/defaults.go.
// Called by: ../validatingWebhookConfiguration.ts, ../mutatingWebhookConfiguration.ts.
import { duplicate, type FieldError, invalidValue, notSupported, required } from '../../../apimachinery/fieldErrors.ts';
import { validateLabelSelector } from '../../../apimachinery/labelSelector.ts';
import { isDNS1035Label, isFullyQualifiedName } from '../../../apimachinery/names.ts';
import { checkOneOf } from '../check.ts';
import { semanticEqual } from '../equal.ts';
import { checkWebhookClient } from './client.ts';
import { checkConditions } from './conditions.ts';
import { checkRule, defaultRule, failurePolicies, matchPolicies } from './rules.ts';

const quiet: readonly string[] = ['None', 'NoneOnDryRun'];
const sideEffects: readonly string[] = ['None', 'NoneOnDryRun', 'Some', 'Unknown'];
const reinvocations: readonly string[] = ['IfNeeded', 'Never'];
const reviewVersions = ['v1', 'v1beta1'];

export function defaultWebhook(hook: any): void {
  hook.failurePolicy ??= 'Fail';
  hook.matchPolicy ??= 'Equivalent';
  hook.namespaceSelector ??= {};
  hook.objectSelector ??= {};
  hook.timeoutSeconds ??= 10;
  for (const rule of hook.rules ?? []) defaultRule(rule);
  if (hook.clientConfig?.service) hook.clientConfig.service.port ??= 443;
}

/** What is asked of webhooks; of an update less, where those before it did not keep it either. */
interface Demands {
  conditions: boolean;
  quiet: boolean;
  knownReview: boolean;
  ownNames: boolean;
  looseSelectors: boolean;
  before: ReadonlySet<string>;
}

const all: Demands = {
  conditions: true,
  quiet: true,
  knownReview: true,
  ownNames: true,
  looseSelectors: false,
  before: new Set(),
};

const knowsReview = (versions: readonly string[] = []) => versions.some((version) => reviewVersions.includes(version));
const selectorsOf = (hook: any) => [hook.namespaceSelector, hook.objectSelector];

function demandsAfter(now: readonly any[], old: readonly any[]): Demands {
  return {
    conditions: !(
      now.length === old.length && now.every((hook, i) => semanticEqual(hook.matchConditions, old[i].matchConditions))
    ),
    quiet: old.every((hook) => quiet.includes(hook.sideEffects)),
    knownReview: old.every(({ admissionReviewVersions: versions }) => !versions?.length || knowsReview(versions)),
    ownNames: new Set(old.map((hook) => hook.name)).size === old.length,
    looseSelectors: old.some((hook) =>
      selectorsOf(hook).some((selector) => validateLabelSelector(selector, '').length > 0),
    ),
    before: new Set(old.flatMap((hook) => (hook.matchConditions ?? []).map((c: any) => c.expression))),
  };
}

function checkReviews(errors: FieldError[], field: string, versions: readonly string[], known: boolean): void {
  const names = reviewVersions.join(', ');
  if (!versions.length) return void errors.push(required(field, `must specify one of ${names}`));
  for (const [i, version] of versions.entries()) {
    if (versions.indexOf(version) < i) errors.push(invalidValue(`${field}[${i}]`, version, 'duplicate version'));
    else for (const text of isDNS1035Label(version)) errors.push(invalidValue(`${field}[${i}]`, version, text));
  }
  if (known && !knowsReview(versions))
    errors.push(invalidValue(field, versions, `must include at least one of ${names}`));
}

function checkSideEffects(errors: FieldError[], field: string, value: string | undefined, allowed: readonly string[]) {
  if (value === undefined) errors.push(required(field, `must specify one of ${allowed.join(', ')}`));
  else if (!allowed.includes(value)) errors.push(notSupported(field, value, allowed));
}

function checkHook(errors: FieldError[], field: string, hook: any, mutating: boolean, demands: Demands): void {
  const at = (name: string) => `${field}.${name}`;
  errors.push(...isFullyQualifiedName(at('name'), hook.name ?? ''));
  for (const [i, rule] of (hook.rules ?? []).entries()) checkRule(errors, `${at('rules')}[${i}]`, rule);
  checkOneOf(errors, at('failurePolicy'), hook.failurePolicy, failurePolicies);
  checkOneOf(errors, at('matchPolicy'), hook.matchPolicy, matchPolicies);
  checkSideEffects(errors, at('sideEffects'), hook.sideEffects, demands.quiet ? quiet : sideEffects);
  const seconds = hook.timeoutSeconds;
  if (seconds < 1 || seconds > 30)
    errors.push(invalidValue(at('timeoutSeconds'), seconds, 'the timeout value must be between 1 and 30 seconds'));
  for (const name of ['namespaceSelector', 'objectSelector'])
    errors.push(...validateLabelSelector(hook[name], at(name), { allowInvalidValues: demands.looseSelectors }));
  if (mutating) checkOneOf(errors, at('reinvocationPolicy'), hook.reinvocationPolicy, reinvocations);
  checkWebhookClient(errors, at('clientConfig'), hook.clientConfig);
  if (demands.conditions)
    checkConditions(errors, at('matchConditions'), hook.matchConditions ?? [], false, demands.before);
  checkReviews(errors, at('admissionReviewVersions'), hook.admissionReviewVersions ?? [], demands.knownReview);
}

export function validateWebhooks({ webhooks = [] }: any, old: any | undefined, mutating: boolean): FieldError[] {
  const errors: FieldError[] = [];
  const demands = old ? demandsAfter(webhooks, old.webhooks ?? []) : all;
  const names = new Set<string>();
  for (const [i, hook] of webhooks.entries()) {
    const field = `webhooks[${i}]`;
    checkHook(errors, field, hook, mutating, demands);
    if (!demands.ownNames || !hook.name) continue;
    if (names.has(hook.name)) errors.push(duplicate(`${field}.name`, hook.name));
    names.add(hook.name);
  }
  return errors;
}
