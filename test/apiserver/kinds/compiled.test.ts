// CEL in what is written: selectors of devices, conditions of webhooks, all that a validating policy says. It is compiled at once.
import { expect, test } from 'vitest';
import { deviceClass } from '../../../apiserver/kinds/deviceClass.ts';
import { validatingAdmissionPolicy as policy } from '../../../apiserver/kinds/validatingAdmissionPolicy.ts';
import { validatingWebhookConfiguration as webhooks } from '../../../apiserver/kinds/validatingWebhookConfiguration.ts';
import { created, made, updated } from './said.ts';

const matching = (pattern: RegExp) => expect.stringMatching(pattern) as unknown as string;

const selecting = (expression: string) => made(deviceClass, { spec: { selectors: [{ cel: { expression } }] } });
const at = 'spec.selectors[0].cel.expression';
const nested = (depth: number): string =>
  depth === 0 ? 'true' : `device.attributes.all(a${depth}, ${nested(depth - 1)})`;
test.each<[string, string[]]>([
  ['false', []],
  ['1 == 0', []],
  ['device.driver == "gpu.example.com" && device.attributes["gpu.example.com"].model.matches("a.*")', []],
  ['device.attributes["gpu.example.com"].shared', []],
  ['device.capacity["gpu.example.com"].memory.isGreaterThan(quantity("1Gi"))', []],
  ['cel.bind(a, device.attributes["a.io"], a.size > 1)', []],
  ['device.attributes["a.io"].version.isGreaterThan(semver("1.0.0"))', []],
  ['device.driver', [`${at}: Invalid value: "device.driver": must evaluate to bool or the unknown type, not string`]],
  [
    'device.odd',
    [
      matching(
        /^spec.selectors\[0\].cel.expression: Invalid value: "device.odd": compilation failed: ERROR: <input>:1:7: undefined field 'odd'/,
      ),
    ],
  ],
  ['1 +', [matching(/: compilation failed: ERROR: <input>:1:4: Syntax error: /)]],
  [nested(6), [`${at}: Forbidden: too complex, exceeds cost limit`]],
])('devices: %s', (expression, expected) => {
  expect(created(deviceClass, selecting(expression))).toEqual(expected);
});

const hook = (matchConditions: any[]) => ({
  name: 'a.b.io',
  clientConfig: { url: 'https://host' },
  sideEffects: 'None',
  admissionReviewVersions: ['v1'],
  matchConditions,
});
const conditioned = (expression: string) => made(webhooks, { webhooks: [hook([{ name: 'c', expression }])] });
test.each<[string, string[]]>([
  ["object.metadata.namespace == 'production'", []],
  ['request.userInfo.groups.exists(g, g == "devs") && authorizer.requestResource.check("get").allowed()', []],
  ['namespaceObject.metadata.labels["a"] == "b" && !has(oldObject.spec)', []],
  [
    '... [] bad expression',
    [matching(/^webhooks\[0\].matchConditions\[0\].expression: Invalid value: .*: compilation failed: ERROR/)],
  ],
  ['"text"', ['webhooks[0].matchConditions[0].expression: Invalid value: "\\"text\\"": must evaluate to bool']],
  [
    'object.spec.paused',
    ['webhooks[0].matchConditions[0].expression: Invalid value: "object.spec.paused": must evaluate to bool'],
  ],
  ['params.a == 1', [matching(/undeclared reference to 'params'/)]],
  ['variables.a', [matching(/undeclared reference to 'variables'/)]],
])('a condition of a webhook: %s', (expression, expected) => {
  expect(created(webhooks, conditioned(expression))).toEqual(expected);
});

test('conditions that were there are not compiled again', () => {
  const old = conditioned('... bad');
  expect(updated(webhooks, old, old)).toEqual([]);
});

const rule = { operations: ['CREATE'], apiGroups: ['apps'], apiVersions: ['v1'], resources: ['deployments'] };
const of = (spec: any) => made(policy, { spec: { matchConstraints: { resourceRules: [rule] }, ...spec } });
const validation = (fields: any) => ({ validations: [{ expression: 'true', ...fields }] });
const paramKind = { apiVersion: 'v1', kind: 'ConfigMap' };
test.each<[string, any, string[]]>([
  [
    'fine',
    validation({
      expression: 'object.spec.replicas <= 100',
      messageExpression: "'got ' + string(object.spec.replicas)",
    }),
    [],
  ],
  [
    'what fails only when it is run',
    validation({ messageExpression: "'wants replicas > 1, got ' + object.spec.replicas" }),
    [],
  ],
  [
    'variables',
    {
      variables: [
        { name: 'replicas', expression: 'object.spec.replicas' },
        { name: 'odd', expression: 'variables.replicas % 2 == 1' },
      ],
      ...validation({ expression: 'variables.replicas > 1 && variables.odd' }),
    },
    [],
  ],
  [
    'parameters',
    { paramKind, ...validation({ expression: 'params.data.a == "b"', messageExpression: 'string(params.data.a)' }) },
    [],
  ],
  ['an annotation', { auditAnnotations: [{ key: 'k', valueExpression: "'a' + string(object.a)" }] }, []],
  [
    'no bool',
    validation({ expression: '1' }),
    ['spec.validations[0].expression: Invalid value: "1": must evaluate to bool'],
  ],
  [
    'no expression',
    validation({ expression: 'object.x in' }),
    [
      matching(
        /^spec.validations\[0\].expression: Invalid value: "object.x in": compilation failed: ERROR: <input>:1:/,
      ),
    ],
  ],
  ['parameters of nothing', validation({ expression: 'params.a' }), [matching(/undeclared reference to 'params'/)]],
  [
    'no message',
    validation({ messageExpression: 'true' }),
    ['spec.validations[0].messageExpression: Invalid value: "true": must evaluate to string'],
  ],
  [
    'an authorizer in a message',
    validation({ messageExpression: 'string(authorizer.path("/a").check("get").allowed())' }),
    [matching(/undeclared reference to 'authorizer'/)],
  ],
  [
    'no annotation',
    { auditAnnotations: [{ key: 'k', valueExpression: '1' }] },
    ['spec.auditAnnotations[0].valueExpression: Invalid value: "1": must evaluate to one of [string null_type]'],
  ],
  [
    'a variable of later',
    {
      variables: [
        { name: 'a', expression: 'variables.b' },
        { name: 'b', expression: '1' },
      ],
      ...validation({}),
    },
    [matching(/^spec.variables\[0\].expression: .*undefined field 'b'/)],
  ],
  [
    'a variable’s type',
    {
      variables: [{ name: 'a', expression: '1' }],
      ...validation({ expression: 'variables.a == "1"' }),
    },
    [matching(/no matching overload for '_==_'/)],
  ],
  [
    'a condition with parameters',
    { paramKind, matchConditions: [{ name: 'c', expression: 'params.a == 1' }], ...validation({}) },
    [],
  ],
])('a policy: %s', (_what, spec, expected) => {
  expect(created(policy, of(spec))).toEqual(expected);
});
