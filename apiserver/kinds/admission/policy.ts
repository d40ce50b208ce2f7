// The rules of admission policies: whom they look at; of validating ones, what they ask, and what they say when it is not so.
// Mirrors: validateValidatingAdmissionPolicySpec and below in pkg/apis/admissionregistration/validation/validation.go.
// Called by: ../validatingAdmissionPolicy.ts, mutatingPolicy.ts. Next: expressions.ts.
import { duplicate, type FieldError, invalidValue, notSupported, required } from '../../../apimachinery/fieldErrors.ts';
import { byteLength, isDNS1035Label, isDNS1123Subdomain, isQualifiedName } from '../../../apimachinery/names.ts';
import { boolType, type CelType, dynType, nullType, stringType } from '../../../cel/types.ts';
import { checkRequiredOneOf, pushTexts } from '../check.ts';
import { column } from '../columns.ts';
import { checkConditions as checkStatusConditions } from '../conditions.ts';
import { semanticEqual } from '../equal.ts';
import { checkConditions } from './conditions.ts';
import { checkExpression, type Expressions } from './expressions.ts';
import { checkMatchResources, checkMutableRules, failurePolicies } from './rules.ts';

const reasons: readonly string[] = ['Forbidden', 'Invalid', 'RequestEntityTooLarge'];
const mostAnnotations = 20;
const longestAnnotation = 5 * 1024;
const identifier = /^[_a-zA-Z][_a-zA-Z0-9]*$/;
const reservedWords = new Set(
  'true false null in as break const continue else for function if import let loop package namespace return var void while'.split(
    ' ',
  ),
);

/** `group/version`, as a policy's paramKind has it; a text is what is wrong. */
export function groupVersionOf(apiVersion: string): { group: string; version: string } | string {
  const parts = apiVersion === '/' ? [''] : apiVersion.split('/');
  if (parts.length > 2) return `unexpected GroupVersion string: ${apiVersion}`;
  const [group, version] = parts.length === 2 ? parts : ['', parts[0]];
  return { group: group ?? '', version: version ?? '' };
}

function checkApiVersion(errors: FieldError[], field: string, apiVersion: string): void {
  const parsed = groupVersionOf(apiVersion);
  if (typeof parsed === 'string') return void errors.push(invalidValue(field, apiVersion, parsed));
  const { group, version } = parsed;
  const join = (value: string, texts: string[]) => {
    if (texts.length) errors.push(invalidValue(field, value, texts.join(',')));
  };
  if (group) join(group, isDNS1123Subdomain(group));
  if (version) join(version, isDNS1035Label(version));
  else errors.push(invalidValue(field, apiVersion, 'version must be specified'));
}

function checkParamKind(errors: FieldError[], field: string, { apiVersion, kind }: any): void {
  if (apiVersion) checkApiVersion(errors, `${field}.apiVersion`, apiVersion);
  else errors.push(required(`${field}.apiVersion`));
  if (!kind) return void errors.push(required(`${field}.kind`));
  const texts = isDNS1035Label(kind.toLowerCase());
  if (texts.length)
    errors.push(
      invalidValue(`${field}.kind`, kind, `may have mixed case, but should otherwise match: ${texts.join(',')}`),
    );
}

/** Each variable may use those before it; one that does not compile is anything, so that it is refused once. */
function checkVariable(errors: FieldError[], field: string, env: Expressions, variable: any, stored: boolean): void {
  const { name = '', expression = '' } = variable;
  if (!name.trim()) errors.push(required(`${field}.name`, 'name is not specified'));
  else if (!identifier.test(name) || reservedWords.has(name))
    errors.push(invalidValue(`${field}.name`, name, 'name is not a valid CEL identifier'));
  if (!expression.trim()) return void errors.push(required(`${field}.expression`, 'expression is not specified'));
  const type = checkExpression(errors, `${field}.expression`, env, { text: expression, authorizer: true, stored });
  env.variables?.set(name, type ?? dynType);
}

function checkMessage(errors: FieldError[], field: string, message = ''): void {
  const text = message.trim();
  if (message && !text) errors.push(invalidValue(field, message, 'message must be non-empty if specified'));
  else if (/[\n\r]/.test(text)) errors.push(invalidValue(field, message, 'message must not contain line breaks'));
}

/** Expressions that the policy had before, by where they stand. */
interface Before {
  conditions: ReadonlySet<string>;
  validations: ReadonlySet<string>;
  messages: ReadonlySet<string>;
  annotations: ReadonlySet<string>;
}

function expressionsOf(spec: any): Before {
  const of = (list: any[] | undefined, name: string) => new Set<string>((list ?? []).map((item) => item[name]));
  return {
    conditions: of(spec?.matchConditions, 'expression'),
    validations: of(spec?.validations, 'expression'),
    messages: of(spec?.validations, 'messageExpression'),
    annotations: of(spec?.auditAnnotations, 'valueExpression'),
  };
}

function checkValidation(errors: FieldError[], field: string, env: Expressions, validation: any, before: Before): void {
  const { expression = '', messageExpression = '', message, reason } = validation;
  const compile = (name: string, text: string, result: CelType, authorizer: boolean, stored: boolean) =>
    checkExpression(errors, `${field}.${name}`, env, { text, results: [result], authorizer, stored });
  if (!expression.trim()) errors.push(required(`${field}.expression`, 'expression is not specified'));
  else compile('expression', expression, boolType, true, before.validations.has(expression));
  if (messageExpression.trim())
    compile('messageExpression', messageExpression, stringType, false, before.messages.has(messageExpression));
  else if (messageExpression)
    errors.push(invalidValue(`${field}.messageExpression`, messageExpression, 'must be non-empty if specified'));
  checkMessage(errors, `${field}.message`, message);
  if (reason !== undefined && !reasons.includes(reason)) errors.push(notSupported(`${field}.reason`, reason, reasons));
}

function checkAnnotation(
  errors: FieldError[],
  field: string,
  env: Expressions,
  policy: string,
  annotation: any,
  before: Before,
): void {
  const { key = '', valueExpression = '' } = annotation;
  if (policy) pushTexts(errors, `${field}.key`, `${policy}/${key}`, isQualifiedName(`${policy}/${key}`));
  else errors.push(invalidValue(`${field}.key`, key, 'requires metadata.name be non-empty'));
  const text = valueExpression.trim();
  const at = `${field}.valueExpression`;
  if (!text) errors.push(required(at, 'valueExpression is not specified'));
  else if (byteLength(text) > longestAnnotation)
    errors.push(required(at, `must not exceed ${longestAnnotation} bytes in length`));
  else {
    const stored = before.annotations.has(valueExpression);
    checkExpression(
      errors,
      at,
      env,
      { text, results: [stringType, nullType], authorizer: true, stored },
      valueExpression,
    );
  }
}

const shownAnnotations = (list: any[]) =>
  list.map(({ key = '', valueExpression = '' }) => ({ Key: key, ValueExpression: valueExpression }));

function checkAnnotations(errors: FieldError[], env: Expressions, name: string, list: any[], before: Before): void {
  const field = 'spec.auditAnnotations';
  if (list.length > mostAnnotations)
    errors.push(
      invalidValue(field, shownAnnotations(list), `must not have more than ${mostAnnotations} auditAnnotations`),
    );
  const keys = new Set<string>();
  for (const [i, annotation] of list.entries()) {
    const { key = '' } = annotation;
    checkAnnotation(errors, `${field}[${i}]`, env, name, annotation, before);
    if (keys.has(key)) errors.push(duplicate(`${field}[${i}].key`, key));
    keys.add(key);
  }
}

interface Kept {
  conditions: ReadonlySet<string>;
  variables: ReadonlySet<string>;
}

/** What policies of both kinds have; yields what their own expressions may name. */
export function checkPolicy(errors: FieldError[], spec: any, old: any, before: Kept, mutating: boolean): Expressions {
  const { paramKind, matchConstraints, matchConditions = [], variables = [] } = spec;
  checkRequiredOneOf(errors, 'spec.failurePolicy', spec.failurePolicy, failurePolicies);
  const params = Boolean(paramKind);
  if (paramKind) checkParamKind(errors, 'spec.paramKind', paramKind);
  if (!matchConstraints) errors.push(required('spec.matchConstraints'));
  else {
    checkMatchResources(errors, 'spec.matchConstraints', matchConstraints);
    if (!matchConstraints.resourceRules?.length) errors.push(required('spec.matchConstraints.resourceRules'));
    if (mutating) checkMutableRules(errors, 'spec.matchConstraints', matchConstraints);
  }
  const same = ['paramKind', 'matchConditions'].every((name) => old && semanticEqual(spec[name], old.spec[name]));
  if (!same) checkConditions(errors, 'spec.matchConditions', matchConditions, params, before.conditions);
  const env: Expressions = { params, ...(variables.length && { variables: new Map() }) };
  for (const [i, variable] of variables.entries())
    checkVariable(errors, `spec.variables[${i}]`, env, variable, before.variables.has(variable.expression));
  return env;
}

const nothingText = 'validations or auditAnnotations must contain at least one item';

export function validatePolicy({ metadata, spec }: any, old?: any): FieldError[] {
  const errors: FieldError[] = [];
  const { validations = [], auditAnnotations = [] } = spec;
  const before = expressionsOf(old?.spec);
  const env = checkPolicy(errors, spec, old, { ...before, variables: before.validations }, false);
  if (!validations.length && !auditAnnotations.length)
    for (const name of ['validations', 'auditAnnotations']) errors.push(required(`spec.${name}`, nothingText));
  for (const [i, validation] of validations.entries())
    checkValidation(errors, `spec.validations[${i}]`, env, validation, before);
  checkAnnotations(errors, env, metadata.name ?? '', auditAnnotations, before);
  return errors;
}

export const paramKindColumn = column('ParamKind', 'The kind of its parameters.', ({ spec }) =>
  spec?.paramKind ? `${spec.paramKind.apiVersion}/${spec.paramKind.kind}` : '<unset>',
);

/** A path into the policy, with its brackets closed. */
function pathError(path: string): string | undefined {
  let open = 0;
  for (const c of path.replace(/'[^']*'|"[^"]*"/g, '')) {
    if (c === '[') open++;
    if (c === ']' && --open < 0) break;
  }
  return open === 0 ? undefined : 'unterminated array';
}

export function validatePolicyStatus({ status = {} }: any): FieldError[] {
  const errors: FieldError[] = [];
  for (const [i, { warning, fieldRef = '' }] of (status.typeChecking?.expressionWarnings ?? []).entries()) {
    const field = `status.typeChecking.expressionWarnings[${i}]`;
    if (!warning) errors.push(required(`${field}.warning`));
    const path = fieldRef.trim();
    const wrong = path && pathError(path);
    if (!path) errors.push(required(`${field}.fieldRef`));
    else if (wrong) errors.push(invalidValue(`${field}.fieldRef`, path, `invalid JSONPath: ${wrong}`));
  }
  checkStatusConditions(errors, 'status.conditions', status.conditions);
  return errors;
}
