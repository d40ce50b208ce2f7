import { expect, test } from 'vitest';
import type { Context } from '../../../apiserver/kinds/kind.ts';
import { mutatingAdmissionPolicy as mutator } from '../../../apiserver/kinds/mutatingAdmissionPolicy.ts';
import { mutatingAdmissionPolicyBinding as mutatorBinding } from '../../../apiserver/kinds/mutatingAdmissionPolicyBinding.ts';
import { mutatingWebhookConfiguration as mutating } from '../../../apiserver/kinds/mutatingWebhookConfiguration.ts';
import { validatingAdmissionPolicy as policy } from '../../../apiserver/kinds/validatingAdmissionPolicy.ts';
import { validatingAdmissionPolicyBinding as binding } from '../../../apiserver/kinds/validatingAdmissionPolicyBinding.ts';
import { validatingWebhookConfiguration as validating } from '../../../apiserver/kinds/validatingWebhookConfiguration.ts';
import { memoryCluster } from '../memoryCluster.ts';
import { cells, created, made, texts, updated } from './said.ts';

const matching = (pattern: RegExp) => expect.stringMatching(pattern) as unknown as string;
const rule = { operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['pods'] };
const hook = (fields: any = {}) => ({
  name: 'a.b.io',
  clientConfig: { url: 'https://host/path' },
  sideEffects: 'None',
  admissionReviewVersions: ['v1'],
  ...fields,
});
const hooks = (...webhooks: any[]) => made(validating, { webhooks });
const url = (text: string) => ({ clientConfig: { url: text } });
const service = (fields: any = {}) => ({ clientConfig: { service: { name: 'a', namespace: 'b', ...fields } } });
const ruled = (fields: any) => ({ rules: [{ ...rule, ...fields }] });
const resources = (...names: string[]) => ruled({ resources: names });
const badSelector = { matchExpressions: [{ key: 'a', operator: 'In', values: ['-'] }] };
const form = '; desired format: https://host[/path]';

test('webhooks: defaults', () => {
  expect(hooks(hook({ ...service(), ...ruled({}) })).webhooks[0]).toMatchObject({
    failurePolicy: 'Fail',
    matchPolicy: 'Equivalent',
    namespaceSelector: {},
    objectSelector: {},
    timeoutSeconds: 10,
    rules: [{ scope: '*' }],
    clientConfig: { service: { port: 443 } },
  });
  expect(made(mutating, { webhooks: [hook()] }).webhooks[0].reinvocationPolicy).toBe('Never');
});

test.each<[string, any, string[]]>([
  ['fine', { rules: [rule], timeoutSeconds: 30 }, []],
  ['a service', service({ path: '/a/b.c/', port: 1 }), []],
  ['wildcards', resources('*', 'pods/log', '*/scale', 'nodes/*'), []],
  [
    'name',
    { name: 'a.b' },
    ['webhooks[0].name: Invalid value: "a.b": should be a domain with at least three segments separated by dots'],
  ],
  ['no name', { name: '' }, ['webhooks[0].name: Required value']],
  [
    'empty rule',
    { rules: [{}] },
    [
      'webhooks[0].rules[0].operations: Required value',
      'webhooks[0].rules[0].apiGroups: Required value',
      'webhooks[0].rules[0].apiVersions: Required value',
      'webhooks[0].rules[0].resources: Required value',
    ],
  ],
  [
    'all and one',
    ruled({ operations: ['*', 'CREATE'], apiGroups: ['*', ''], apiVersions: ['*', 'v1'] }),
    [
      'webhooks[0].rules[0].operations: Invalid value: ["*","CREATE"]: if \'*\' is present, must not specify other operations',
      'webhooks[0].rules[0].apiGroups: Invalid value: ["*",""]: if \'*\' is present, must not specify other API groups',
      'webhooks[0].rules[0].apiVersions: Invalid value: ["*","v1"]: if \'*\' is present, must not specify other API versions',
    ],
  ],
  [
    'odd rule',
    ruled({ operations: ['READ'], apiVersions: [''], scope: 'All' }),
    [
      'webhooks[0].rules[0].operations[0]: Unsupported value: "READ": supported values: "*", "CONNECT", "CREATE", "DELETE", "UPDATE"',
      'webhooks[0].rules[0].apiVersions[0]: Required value',
      'webhooks[0].rules[0].scope: Unsupported value: "All": supported values: "*", "Cluster", "Namespaced"',
    ],
  ],
  [
    'resources',
    resources('', 'a/*', 'a/b', '*/c', 'd/c'),
    [
      'webhooks[0].rules[0].resources[0]: Required value',
      'webhooks[0].rules[0].resources[2]: Invalid value: "a/b": if \'a/*\' is present, must not specify a/b',
      'webhooks[0].rules[0].resources[4]: Invalid value: "d/c": if \'*/c\' is present, must not specify d/c',
    ],
  ],
  [
    'all resources and one',
    resources('*/*', 'a'),
    [
      'webhooks[0].rules[0].resources: Invalid value: ["*/*","a"]: if \'*/*\' is present, must not specify other resources',
    ],
  ],
  [
    'all plain ones and one',
    resources('*', 'a'),
    [
      'webhooks[0].rules[0].resources: Invalid value: ["*","a"]: if \'*\' is present, must not specify other resources without subresources',
    ],
  ],
  [
    'policies',
    { failurePolicy: 'Retry', matchPolicy: 'Like', sideEffects: 'Some' },
    [
      'webhooks[0].failurePolicy: Unsupported value: "Retry": supported values: "Fail", "Ignore"',
      'webhooks[0].matchPolicy: Unsupported value: "Like": supported values: "Equivalent", "Exact"',
      'webhooks[0].sideEffects: Unsupported value: "Some": supported values: "None", "NoneOnDryRun"',
    ],
  ],
  [
    'no side effects said',
    { sideEffects: undefined },
    ['webhooks[0].sideEffects: Required value: must specify one of None, NoneOnDryRun'],
  ],
  [
    'no time',
    { timeoutSeconds: 0 },
    ['webhooks[0].timeoutSeconds: Invalid value: 0: the timeout value must be between 1 and 30 seconds'],
  ],
  [
    'much time',
    { timeoutSeconds: 31 },
    ['webhooks[0].timeoutSeconds: Invalid value: 31: the timeout value must be between 1 and 30 seconds'],
  ],
  [
    'selectors',
    { namespaceSelector: badSelector, objectSelector: { matchExpressions: [{ key: 'a', operator: 'In' }] } },
    [
      matching(/^webhooks\[0\].namespaceSelector.matchExpressions\[0\].values\[0\]: Invalid value: "-"/),
      matching(/^webhooks\[0\].objectSelector.matchExpressions\[0\].values: Required value/),
    ],
  ],
  [
    'no client',
    { clientConfig: {} },
    ['webhooks[0].clientConfig: Required value: exactly one of url or service is required'],
  ],
  [
    'two clients',
    { clientConfig: { url: 'https://a', service: { name: 'a', namespace: 'b' } } },
    ['webhooks[0].clientConfig: Required value: exactly one of url or service is required'],
  ],
  [
    'http',
    url('http://a'),
    [`webhooks[0].clientConfig.url: Invalid value: "http": 'https' is the only allowed URL scheme${form}`],
  ],
  ['no host', url('https:///a'), [`webhooks[0].clientConfig.url: Invalid value: "": host must be specified${form}`]],
  [
    'everything that a URL can have',
    url('https://u:p@a/b?c#d'),
    [
      'webhooks[0].clientConfig.url: Invalid value: "u:p": user information is not permitted in the URL',
      'webhooks[0].clientConfig.url: Invalid value: "d": fragments are not permitted in the URL',
      'webhooks[0].clientConfig.url: Invalid value: "c": query parameters are not permitted in the URL',
    ],
  ],
  [
    'no URL',
    url(':a'),
    [
      `webhooks[0].clientConfig.url: Required value: url must be a valid URL: parse ":a": missing protocol scheme${form}`,
    ],
  ],
  [
    'a port that is none',
    url('https://a:b'),
    [
      `webhooks[0].clientConfig.url: Required value: url must be a valid URL: parse "https://a:b": invalid port ":b" after host${form}`,
    ],
  ],
  [
    'a broken escape',
    url('https://a/%zz'),
    [
      `webhooks[0].clientConfig.url: Required value: url must be a valid URL: parse "https://a/%zz": invalid URL escape "%zz"${form}`,
    ],
  ],
  [
    'a service of no name',
    service({ name: '', port: 0 }),
    [
      'webhooks[0].clientConfig.service.namespace: Required value',
      'webhooks[0].clientConfig.service.port: Invalid value: 0: port is not valid: must be between 1 and 65535, inclusive',
    ],
  ],
  [
    'a service of no namespace',
    service({ namespace: '', path: '//' }),
    [
      'webhooks[0].clientConfig.service.name: Required value',
      'webhooks[0].clientConfig.service.path: Invalid value: "//": segment[0] may not be empty',
    ],
  ],
  [
    'an odd path',
    service({ path: 'x/A//b' }),
    [
      `webhooks[0].clientConfig.service.path: Invalid value: "x/A//b": must start with a '/'`,
      'webhooks[0].clientConfig.service.path: Invalid value: "x/A//b": segment[0] may not be empty',
      matching(/segment\[1\]: a lowercase RFC 1123 subdomain/),
      'webhooks[0].clientConfig.service.path: Invalid value: "x/A//b": segment[2] may not be empty',
    ],
  ],
  [
    'conditions of nothing',
    { matchConditions: [{}] },
    [
      'webhooks[0].matchConditions[0].expression: Required value',
      'webhooks[0].matchConditions[0].name: Required value',
    ],
  ],
  [
    'no reviews',
    { admissionReviewVersions: [] },
    ['webhooks[0].admissionReviewVersions: Required value: must specify one of v1, v1beta1'],
  ],
  [
    'reviews',
    { admissionReviewVersions: ['v2', 'v2', '1'] },
    [
      'webhooks[0].admissionReviewVersions[1]: Invalid value: "v2": duplicate version',
      matching(/admissionReviewVersions\[2\]: Invalid value: "1": a DNS-1035 label/),
      'webhooks[0].admissionReviewVersions: Invalid value: ["v2","v2","1"]: must include at least one of v1, v1beta1',
    ],
  ],
])('webhook: %s', (_what, fields, expected) => {
  expect(created(validating, hooks(hook(fields)))).toEqual(expected);
  expect(created(mutating, made(mutating, { webhooks: [hook(fields)] }))).toEqual(expected);
});

test('webhooks: names of their own; how often a mutating one is called', () => {
  expect(created(validating, hooks(hook(), hook()))).toEqual(['webhooks[1].name: Duplicate value: "a.b.io"']);
  expect(created(mutating, made(mutating, { webhooks: [hook({ reinvocationPolicy: 'Often' })] }))).toEqual([
    'webhooks[0].reinvocationPolicy: Unsupported value: "Often": supported values: "IfNeeded", "Never"',
  ]);
  expect(cells(validating, hooks(hook(), hook())).Webhooks).toBe(2);
});

test('webhooks: an update is held to what those before it kept', () => {
  const old = hooks(
    hook({
      sideEffects: 'Some',
      admissionReviewVersions: ['v2'],
      namespaceSelector: badSelector,
      matchConditions: [{}],
    }),
    hook(),
  );
  expect(updated(validating, old, old)).toEqual([]);
  expect(updated(validating, old, hooks(hook()))).toEqual([
    matching(/sideEffects: Unsupported value: "Some": supported values: "None", "NoneOnDryRun"$/),
    matching(/namespaceSelector/),
    'webhooks[0].matchConditions[0].expression: Required value',
    'webhooks[0].matchConditions[0].name: Required value',
    matching(/must include at least one of v1, v1beta1$/),
    'webhooks[1].name: Duplicate value: "a.b.io"',
  ]);
  expect(updated(validating, hooks(hook({ sideEffects: 'Odd' })), old)).toEqual([
    'webhooks[0].sideEffects: Unsupported value: "Odd": supported values: "None", "NoneOnDryRun", "Some", "Unknown"',
  ]);
});

// ValidatingAdmissionPolicy

const matchConstraints = { resourceRules: [rule] };
const annotated = { auditAnnotations: [{ key: 'k', valueExpression: ' ' }] };
const of = (spec: any = {}, metadata: any = {}) => made(policy, { spec: { matchConstraints, ...spec } }, metadata);
const nothing = ['validations', 'auditAnnotations'].map(
  (name) => `spec.${name}: Required value: validations or auditAnnotations must contain at least one item`,
);
const blank = 'spec.auditAnnotations[0].valueExpression: Required value: valueExpression is not specified';
test.each<[string, any, string[]]>([
  ['nothing asked', {}, nothing],
  ['nobody meant', { matchConstraints: undefined }, ['spec.matchConstraints: Required value', ...nothing]],
  ['no rules', { matchConstraints: {} }, ['spec.matchConstraints.resourceRules: Required value', ...nothing]],
  [
    'failure policy',
    { ...annotated, failurePolicy: 'Retry' },
    ['spec.failurePolicy: Unsupported value: "Retry": supported values: "Fail", "Ignore"', blank],
  ],
  [
    'constraints',
    {
      ...annotated,
      matchConstraints: {
        matchPolicy: 'Like',
        namespaceSelector: badSelector,
        objectSelector: badSelector,
        resourceRules: [{ ...rule, resourceNames: ['a', 'a', 'b/c'] }],
        excludeResourceRules: [{}],
      },
    },
    [
      'spec.matchConstraints.matchPolicy: Unsupported value: "Like": supported values: "Equivalent", "Exact"',
      matching(/^spec.matchConstraints.namespaceSelector/),
      matching(/^spec.matchConstraints.objectSelector/),
      'spec.matchConstraints.resourceRules[0].resourceNames[1]: Duplicate value: "a"',
      'spec.matchConstraints.resourceRules[0].resourceNames[2]: Invalid value: "b/c": may not contain \'/\'',
      ...['operations', 'apiGroups', 'apiVersions', 'resources'].map(
        (name) => `spec.matchConstraints.excludeResourceRules[0].${name}: Required value`,
      ),
      blank,
    ],
  ],
  [
    'parameters of nothing',
    { ...annotated, paramKind: {} },
    ['spec.paramKind.apiVersion: Required value', 'spec.paramKind.kind: Required value', blank],
  ],
  [
    'odd parameters',
    { ...annotated, paramKind: { apiVersion: 'A/1', kind: '-' } },
    [
      matching(/^spec.paramKind.apiVersion: Invalid value: "A": a lowercase RFC 1123 subdomain/),
      matching(/^spec.paramKind.apiVersion: Invalid value: "1": a DNS-1035 label/),
      matching(
        /^spec.paramKind.kind: Invalid value: "-": may have mixed case, but should otherwise match: a DNS-1035 label/,
      ),
      blank,
    ],
  ],
  [
    'parameters of no version',
    { ...annotated, paramKind: { apiVersion: 'a.io/', kind: 'K' } },
    ['spec.paramKind.apiVersion: Invalid value: "a.io/": version must be specified', blank],
  ],
  [
    'parameters of many',
    { ...annotated, paramKind: { apiVersion: 'a/b/c', kind: 'K' } },
    ['spec.paramKind.apiVersion: Invalid value: "a/b/c": unexpected GroupVersion string: a/b/c', blank],
  ],
  [
    'conditions',
    { ...annotated, matchConditions: [{ name: '-', expression: ' ' }, { name: 'a' }, { name: 'a' }] },
    [
      'spec.matchConditions[0].expression: Required value',
      matching(/^spec.matchConditions\[0\].name: Invalid value: "-": name part/),
      'spec.matchConditions[1].expression: Required value',
      'spec.matchConditions[2].expression: Required value',
      'spec.matchConditions[2].name: Duplicate value: "a"',
      blank,
    ],
  ],
  [
    'variables',
    { ...annotated, variables: [{}, { name: 'for', expression: ' ' }, { name: '1' }] },
    [
      'spec.variables[0].name: Required value: name is not specified',
      'spec.variables[0].expression: Required value: expression is not specified',
      'spec.variables[1].name: Invalid value: "for": name is not a valid CEL identifier',
      'spec.variables[1].expression: Required value: expression is not specified',
      'spec.variables[2].name: Invalid value: "1": name is not a valid CEL identifier',
      'spec.variables[2].expression: Required value: expression is not specified',
      blank,
    ],
  ],
  [
    'validations',
    { validations: [{ messageExpression: ' ', message: ' ', reason: 'Odd' }, { message: 'a\nb' }] },
    [
      'spec.validations[0].expression: Required value: expression is not specified',
      'spec.validations[0].messageExpression: Invalid value: " ": must be non-empty if specified',
      'spec.validations[0].message: Invalid value: " ": message must be non-empty if specified',
      'spec.validations[0].reason: Unsupported value: "Odd": supported values: "Forbidden", "Invalid", "RequestEntityTooLarge"',
      'spec.validations[1].expression: Required value: expression is not specified',
      'spec.validations[1].message: Invalid value: "a\\nb": message must not contain line breaks',
    ],
  ],
  [
    'annotations',
    {
      auditAnnotations: [
        { key: '-', valueExpression: 'x'.repeat(5121) },
        { key: '-', valueExpression: ' ' },
      ],
    },
    [
      matching(/^spec.auditAnnotations\[0\].key: Invalid value: "x\/-": name part/),
      'spec.auditAnnotations[0].valueExpression: Required value: must not exceed 5120 bytes in length',
      matching(/^spec.auditAnnotations\[1\].key: Invalid value: "x\/-": name part/),
      'spec.auditAnnotations[1].valueExpression: Required value: valueExpression is not specified',
      'spec.auditAnnotations[1].key: Duplicate value: "-"',
    ],
  ],
])('ValidatingAdmissionPolicy: %s', (_what, spec, expected) => {
  expect(created(policy, of(spec))).toEqual(expected);
});

test('ValidatingAdmissionPolicy: many conditions, many annotations, no name yet', () => {
  const conditions = Array.from({ length: 65 }, (_, i) => ({ name: `a${i}` }));
  expect(created(policy, of({ ...annotated, matchConditions: conditions }))[0]).toBe(
    'spec.matchConditions: Too many: 65: must have at most 64 items',
  );
  const auditAnnotations = Array.from({ length: 21 }, (_, i) => ({ key: `k${i}`, valueExpression: '' }));
  expect(created(policy, of({ auditAnnotations }))[0]).toMatch(
    /^spec.auditAnnotations: Invalid value: \[{"Key":"k0","ValueExpression":""},.*: must not have more than 20 auditAnnotations$/,
  );
  expect(created(policy, of(annotated, { name: undefined }))).toEqual([
    'spec.auditAnnotations[0].key: Invalid value: "k": requires metadata.name be non-empty',
    blank,
  ]);
});

test('ValidatingAdmissionPolicy: conditions that stay are not looked at; columns; status', () => {
  const old = of({ matchConditions: [{}], paramKind: { apiVersion: 'v1', kind: 'ConfigMap' } });
  expect(updated(policy, old, old)).toEqual(nothing);
  expect(cells(policy, old)).toMatchObject({ Validations: 0, ParamKind: 'v1/ConfigMap' });
  expect(cells(policy, of()).ParamKind).toBe('<unset>');
  const written = of({}, { labels: { a: 'b' } });
  policy.subresources![0]!.keep!(written, old);
  expect([written.spec, written.metadata.labels]).toEqual([old.spec, undefined]);
  const status = (warnings: any[], conditions: any[] = []) =>
    texts(
      policy.subresources![0]!.validateUpdate!(
        { ...of(), status: { typeChecking: { expressionWarnings: warnings }, conditions } },
        of(),
      ),
    );
  expect(status([{ fieldRef: 'spec.validations[0].expression', warning: 'w' }])).toEqual([]);
  expect(status([{ fieldRef: ' ' }, { fieldRef: 'spec[', warning: 'w' }], [{ type: 'A' }])).toEqual([
    'status.typeChecking.expressionWarnings[0].warning: Required value',
    'status.typeChecking.expressionWarnings[0].fieldRef: Required value',
    'status.typeChecking.expressionWarnings[1].fieldRef: Invalid value: "spec[": invalid JSONPath: unterminated array',
    matching(/^status.conditions\[0\].status: Unsupported value/),
    'status.conditions[0].lastTransitionTime: Required value',
    'status.conditions[0].reason: Required value',
  ]);
});

// ValidatingAdmissionPolicyBinding

const bound = (spec: any = {}) => made(binding, { spec: { policyName: 'p', validationActions: ['Deny'], ...spec } });
const parameterNotFoundAction = 'Deny';
test.each<[string, any, string[]]>([
  ['fine', { validationActions: ['Deny', 'Audit'], matchResources: matchConstraints }, []],
  ['a parameter', { paramRef: { name: 'a', parameterNotFoundAction } }, []],
  ['parameters', { paramRef: { selector: {}, parameterNotFoundAction: 'Allow' } }, []],
  ['no policy', { policyName: '' }, ['spec.policyName: Required value']],
  ['policy', { policyName: 'A' }, [matching(/^spec.policyName: Invalid value: "A": a lowercase RFC 1123 subdomain/)]],
  [
    'no parameter',
    { paramRef: {} },
    [
      'spec.paramRef: Required value: one of name or selector must be specified',
      'spec.paramRef.parameterNotFoundAction: Required value',
    ],
  ],
  [
    'both',
    { paramRef: { name: 'a/b', selector: badSelector, parameterNotFoundAction: 'Odd' } },
    [
      'spec.paramRef.name: Invalid value: "a/b": may not contain \'/\'',
      'spec.paramRef.name: Forbidden: name and selector are mutually exclusive',
      matching(/^spec.paramRef.selector.matchExpressions/),
      'spec.paramRef.selector: Forbidden: name and selector are mutually exclusive',
      'spec.paramRef.parameterNotFoundAction: Unsupported value: "Odd": supported values: "Deny", "Allow"',
    ],
  ],
  [
    'resources',
    { matchResources: { resourceRules: [{ ...rule, operations: [] }] } },
    ['spec.matchResources.resourceRules[0].operations: Required value'],
  ],
  [
    'no action',
    { validationActions: [] },
    ['spec.validationActions: Required value: at least one validation action is required'],
  ],
  [
    'actions',
    { validationActions: ['Deny', 'Deny', 'Warn', 'Odd'] },
    [
      'spec.validationActions[1]: Duplicate value: "Deny"',
      'spec.validationActions[3]: Unsupported value: "Odd": supported values: "Audit", "Deny", "Warn"',
      matching(
        /^spec.validationActions: Invalid value: \["Deny","Deny","Warn","Odd"\]: must not contain both Deny and Warn \(repeating/,
      ),
    ],
  ],
])('ValidatingAdmissionPolicyBinding: %s', (_what, spec, expected) => {
  expect(created(binding, bound(spec))).toEqual(expected);
});

test.each([
  [{}, '<unset>'],
  [{ name: 'a' }, '*/a'],
  [{ name: 'a', namespace: 'n' }, 'n/a'],
  [
    { selector: { matchLabels: { a: 'b' } } },
    '&LabelSelector{MatchLabels:map[string]string{a: b,},MatchExpressions:[]LabelSelectorRequirement{},}',
  ],
])('parameters %o show as %s', (paramRef, text) => {
  expect(cells(binding, bound({ paramRef })).ParamRef).toBe(text);
});

test('who writes them may read the parameters', async () => {
  const asked: any[] = [];
  const context = (allowed: boolean, groups = ['devs']) =>
    ({
      user: { username: 'jane', groups },
      cluster: memoryCluster(),
      authorization: {
        async authorize(attributes: any) {
          asked.push(attributes);
          return { allowed };
        },
      },
    }) as unknown as Context;
  const parametrized = bound({ paramRef: { name: 'a', namespace: 'n', parameterNotFoundAction } });
  await binding.authorizeWrite!(parametrized, undefined, context(true));
  expect(asked[0]).toMatchObject({
    verb: 'get',
    resource: { group: '*', version: '*', plural: '*', namespace: 'n', name: 'a' },
  });
  await expect(binding.authorizeWrite!(parametrized, undefined, context(false))).rejects.toThrow(
    'spec.paramRef: Forbidden: user &{jane  [devs] map[]} does not have "get" permission on the object referenced by paramRef',
  );
  await binding.authorizeWrite!(parametrized, parametrized, context(false));
  await binding.authorizeWrite!(parametrized, undefined, context(false, ['system:masters']));
  const mutate = { ...parametrized, kind: mutatorBinding.kind };
  await expect(mutatorBinding.authorizeWrite!(mutate, undefined, context(false))).rejects.toThrow(
    'MutatingAdmissionPolicyBinding.admissionregistration.k8s.io "x" is invalid: spec.paramRef: Forbidden',
  );
  const withParams = changing({ paramKind: { apiVersion: 'v1', kind: 'ConfigMap' } });
  await mutator.authorizeWrite!(withParams, withParams, context(false));
  await expect(mutator.authorizeWrite!(withParams, undefined, context(false))).rejects.toThrow(
    'MutatingAdmissionPolicy.admissionregistration.k8s.io "x" is invalid: spec.paramKind: Forbidden',
  );
});

// MutatingAdmissionPolicy and its binding

const applied = (expression: string) => ({ patchType: 'ApplyConfiguration', applyConfiguration: { expression } });
const patched = (expression: string) => ({ patchType: 'JSONPatch', jsonPatch: { expression } });
const changing = (spec: any = {}) =>
  made(mutator, {
    spec: { matchConstraints, reinvocationPolicy: 'Never', mutations: [applied('Object{}')], ...spec },
  });
const [inApplied, inPatch] = ['applyConfiguration', 'jsonPatch'].map((field) => `spec.mutations[0].${field}`);
test.each<[string, any, string[]]>([
  ['as little as may be', {}, []],
  [
    'what is applied',
    { mutations: [applied("Object{metadata: Object.metadata{labels: {'a': string(request.dryRun)}}}")] },
    [],
  ],
  [
    'steps',
    {
      paramKind: { apiVersion: 'v1', kind: 'ConfigMap' },
      variables: [{ name: 'key', expression: "'a/' + object.metadata.name" }],
      mutations: [
        patched(
          "authorizer.path('/').check('get').allowed() ? [] : [JSONPatch{op: 'add', path: '/x/' + jsonpatch.escapeKey(variables.key), value: Object.x{y: params.z}}]",
        ),
      ],
    },
    [],
  ],
  ['nothing changed', { mutations: [] }, ['spec.mutations: Required value: mutations must contain at least one item']],
  ['nobody meant', { matchConstraints: undefined }, ['spec.matchConstraints: Required value']],
  [
    'what is deleted',
    { matchConstraints: { resourceRules: [{ ...rule, operations: ['CREATE', 'DELETE'] }] } },
    [
      'spec.matchConstraints.resourceRules.operations: Unsupported value: "DELETE": supported values: "*", "CONNECT", "CREATE", "UPDATE"',
    ],
  ],
  ['no kind of patch', { mutations: [{}] }, ['spec.mutations[0].patchType: Required value']],
  [
    'an odd kind of patch',
    { mutations: [{ patchType: 'Merge' }] },
    ['spec.mutations[0].patchType: Unsupported value: "Merge": supported values: "ApplyConfiguration", "JSONPatch"'],
  ],
  [
    'the other patch',
    { mutations: [{ ...applied('Object{}'), patchType: 'JSONPatch' }] },
    [
      `${inPatch}: Required value: must be specified when patchType is JSONPatch`,
      `${inApplied}: Invalid value: "{applyConfiguration}": must not be specified when patchType is JSONPatch`,
    ],
  ],
  ['a blank', { mutations: [patched(' ')] }, [`${inPatch}.expression: Required value: expression is not specified`]],
  [
    'another type',
    { mutations: [applied('Object.spec{}')] },
    [`${inApplied}.expression: Invalid value: "Object.spec{}": must evaluate to Object`],
  ],
  ['no steps', { mutations: [patched('[]')] }, [matching(/: must evaluate to list\(JSONPatch\)$/)]],
  ['odd steps', { mutations: [patched('[JSONPatch{op: 1}]')] }, [matching(/expected type of field 'op' is 'string'/)]],
  [
    'patches are made by mutations alone',
    { variables: [{ name: 'a', expression: 'Object{}' }] },
    [matching(/^spec.variables\[0\].expression: .*undeclared reference to 'Object'/s)],
  ],
  ['called again: not said', { reinvocationPolicy: undefined }, ['spec.reinvocationPolicy: Required value']],
  [
    'called again: oddly',
    { reinvocationPolicy: 'Often' },
    ['spec.reinvocationPolicy: Unsupported value: "Often": supported values: "Never", "IfNeeded"'],
  ],
])('MutatingAdmissionPolicy: %s', (_what, spec, expected) => {
  expect(created(mutator, changing(spec))).toEqual(expected);
});

test('MutatingAdmissionPolicy: defaults, columns; what was there is not looked at again', () => {
  expect(changing().spec).toMatchObject({ failurePolicy: 'Fail', matchConstraints: { matchPolicy: 'Equivalent' } });
  expect(cells(mutator, changing())).toMatchObject({ Mutations: 1, ParamKind: '<unset>' });
  const old = changing({ matchConditions: [{ name: 'a', expression: 'odd' }] });
  expect(updated(mutator, old, old)).toEqual([]);
  expect(created(mutator, old)).toHaveLength(1);
});

test('MutatingAdmissionPolicyBinding', () => {
  const bind = (spec: any) => made(mutatorBinding, { spec: { policyName: 'p', ...spec } });
  expect(created(mutatorBinding, bind({}))).toEqual([]);
  const deleted = { resourceRules: [{ ...rule, operations: ['DELETE'] }] };
  expect(created(mutatorBinding, bind({ policyName: '', paramRef: {}, matchResources: deleted }))).toEqual([
    'spec.policyName: Required value',
    'spec.paramRef: Required value: one of name or selector must be specified',
    'spec.paramRef.parameterNotFoundAction: Required value',
    matching(/^spec.matchResources.resourceRules.operations: Unsupported value: "DELETE"/),
  ]);
  expect(cells(mutatorBinding, bind({}))).toMatchObject({ PolicyName: 'p', ParamRef: '<unset>' });
});
