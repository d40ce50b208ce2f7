// Type checking of ValidatingAdmissionPolicies: which kinds, which warnings, and in whose words; then against a real API server.
// Facts from upstream's admission/plugin/policy/validating/typechecking_test.go.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Resource, validatingAdmissionPolicies } from '../../apimachinery/resources.ts';
import type { KubeObject, ValidatingAdmissionPolicy } from '../../apimachinery/types.ts';
import { celTypeOf } from '../../cel/schemaType.ts';
import type { Client } from '../../client/client.ts';
import { resolveSchema } from '../../controllers/validatingAdmissionPolicyStatus/resolveSchema.ts';
import { typeCheck } from '../../controllers/validatingAdmissionPolicyStatus/typeCheck.ts';
import {
  type GroupVersionResource,
  kindText,
  paramKindOf,
  typesToCheck,
} from '../../controllers/validatingAdmissionPolicyStatus/typesToCheck.ts';
import { startTestApiServer, type TestApiServer, until } from '../kit/apiServer.ts';
import { type RunningManager, startManager } from './manager.ts';

const rule = (apiGroups: string[], apiVersions: string[], resources: string[]) => ({
  apiGroups,
  apiVersions,
  resources,
  operations: ['CREATE'],
});
const policy = (spec: object): ValidatingAdmissionPolicy =>
  ({
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingAdmissionPolicy',
    metadata: { name: 'p' },
    spec,
  }) as any;

describe('which kinds', () => {
  const served = async ({ group, version, resource }: GroupVersionResource) =>
    resource === 'nobodys' ? [] : [{ group, version, kind: resource.toUpperCase() }];
  const numbers = Array.from({ length: 12 }, (_, i) => `r${String(i).padStart(2, '0')}`);
  it.each<[string, object[], string[]]>([
    ['none without rules', [], []],
    [
      'by group, version and kind',
      [rule(['b', ''], ['v2', 'v1'], ['y', 'x'])],
      [
        '/v1, Kind=X',
        '/v1, Kind=Y',
        '/v2, Kind=X',
        '/v2, Kind=Y',
        'b/v1, Kind=X',
        'b/v1, Kind=Y',
        'b/v2, Kind=X',
        'b/v2, Kind=Y',
      ],
    ],
    ['not of all groups', [rule(['*'], ['v1'], ['x'])], []],
    ['not of all versions', [rule(['a'], ['*'], ['x'])], []],
    ['not of all resources, nor of subresources', [rule(['a'], ['v1'], ['*', 'x/status', 'x'])], ['a/v1, Kind=X']],
    ['not of what nobody serves', [rule(['a'], ['v1'], ['nobodys', 'x'])], ['a/v1, Kind=X']],
    ['each once', [rule(['a'], ['v1'], ['x']), rule(['a'], ['v1'], ['x'])], ['a/v1, Kind=X']],
    ['ten', [rule(['a'], ['v1'], numbers)], numbers.slice(0, 10).map((n) => `a/v1, Kind=${n.toUpperCase()}`)],
  ])('%s', async (_, resourceRules, wanted) => {
    const kinds = await typesToCheck(policy({ matchConstraints: { resourceRules } }), served);
    expect(kinds.map(kindText)).toEqual(wanted);
  });
  it('of params', () => {
    const of = (apiVersion: string) => paramKindOf(policy({ paramKind: { apiVersion, kind: 'K' } }));
    expect(of('v1')).toEqual({ group: '', version: 'v1', kind: 'K' });
    expect(of('a.b/v1')).toEqual({ group: 'a.b', version: 'v1', kind: 'K' });
    expect(paramKindOf(policy({}))).toBeUndefined();
  });
});

describe('which warnings', () => {
  const deployment = { group: 'apps', version: 'v1', kind: 'Deployment' };
  const batch = { group: 'batch', version: 'v1', kind: 'Job' };
  const typed = (foo: object) => celTypeOf({ type: 'object', properties: { foo } }, { resourceRoot: true, name: 'T' })!;
  const check = (spec: object, o: { foo?: object; more?: object; params?: object } = {}) =>
    typeCheck(policy(spec), {
      objects: [
        { kind: deployment, type: typed(o.foo ?? { type: 'string' }) },
        ...(o.more ? [{ kind: batch, type: typed(o.more) }] : []),
      ],
      ...(o.params && { params: typed(o.params) }),
    });
  const validations = (expression: string, messageExpression?: string) => ({
    validations: [{ expression, messageExpression }],
  });

  it.each<[string, object, Parameters<typeof check>[1]]>([
    ['a field of its type', validations('object.foo == "x"'), {}],
    ['kind and name', validations('object.kind == object.metadata.name'), {}],
    ['the old object, or none', validations('oldObject == null || oldObject.foo == "x"'), {}],
    ['the request and the namespace', validations('request.userInfo.username == namespaceObject.metadata.name'), {}],
    ['the authorizer', validations("authorizer.requestResource.check('get').allowed()"), {}],
    ['params of a known type', { ...validations('params.foo > 1'), paramKind: {} }, { params: { type: 'integer' } }],
    [
      'a variable',
      { ...validations('variables.x > 1'), variables: [{ name: 'x', expression: 'object.foo' }] },
      { foo: { type: 'integer' } },
    ],
    [
      'a variable that is an object',
      { ...validations('variables.x.y > 1'), variables: [{ name: 'x', expression: 'object' }] },
      {},
    ],
    [
      'a variable that is wrong',
      { ...validations('variables.x.y > 1'), variables: [{ name: 'x', expression: 'object.bar' }] },
      {},
    ],
    ['what cannot be calculated', validations("quantity('x') == quantity('1')"), {}],
    [
      'a number or a text',
      validations('object.foo == 1 || object.foo == "1"'),
      { foo: { 'x-kubernetes-int-or-string': true } },
    ],
  ])('none: %s', (_, spec, o) => {
    expect(check(spec, o)).toEqual([]);
  });

  it('a field that is not there, in upstream’s words', () => {
    expect(check(validations('object.bar > 1'))).toEqual([
      {
        fieldRef: 'spec.validations[0].expression',
        warning: "apps/v1, Kind=Deployment: ERROR: <input>:1:7: undefined field 'bar'\n | object.bar > 1\n | ......^\n",
      },
    ]);
  });
  it.each<[string, object, Parameters<typeof check>[1], string, string]>([
    [
      'another type',
      validations('object.foo > 1'),
      {},
      'spec.validations[0].expression',
      "found no matching overload for '_>_' applied to '(string, int)'",
    ],
    [
      'in a message',
      validations('true', 'object.bar'),
      {},
      'spec.validations[0].messageExpression',
      "undefined field 'bar'",
    ],
    [
      'params that nobody knows',
      validations('params.foo > 1'),
      {},
      'spec.validations[0].expression',
      "undeclared reference to 'params'",
    ],
    [
      'params of another type',
      validations('params.foo > 1'),
      { params: { type: 'string' } },
      'spec.validations[0].expression',
      'found no matching overload',
    ],
    [
      'a variable of another type',
      { ...validations('variables.x > 1'), variables: [{ name: 'x', expression: 'object.foo' }] },
      {},
      'spec.validations[0].expression',
      "found no matching overload for '_>_' applied to '(string, int)'",
    ],
    [
      'a variable that is not there',
      validations('variables.x'),
      {},
      'spec.validations[0].expression',
      "undefined field 'x'",
    ],
  ])('%s', (_, spec, o, fieldRef, text) => {
    const [first, ...more] = check(spec, o);
    expect(more).toEqual([]);
    expect(first!.fieldRef).toBe(fieldRef);
    expect(first!.warning).toContain(text);
  });
  it('of each kind, and each expression', () => {
    const spec = {
      validations: [{ expression: 'object.foo > 1' }, { expression: 'true' }, { expression: 'object.bar' }],
    };
    const [first, second] = check(spec, { more: { type: 'integer' } });
    expect(first!.warning).not.toContain('Job');
    expect(second!.fieldRef).toBe('spec.validations[2].expression');
    const [deployments, jobs, ...others] = second!.warning.split('\n\n');
    expect(others).toEqual([]);
    expect(deployments).toMatch(/^apps\/v1, Kind=Deployment: ERROR/);
    expect(jobs).toMatch(/^batch\/v1, Kind=Job: ERROR/);
  });
});

it('references are followed, in circles too', () => {
  const ref = (name: string) => ({ $ref: `#/components/schemas/${name}` });
  const schemas = {
    a: {
      type: 'object',
      properties: { b: { allOf: [ref('b')], default: {} }, list: { type: 'array', items: ref('b') } },
    },
    b: { type: 'object', properties: { a: ref('a'), amounts: { type: 'object', additionalProperties: ref('q') } } },
    q: { oneOf: [{ type: 'string' }, { type: 'number' }] },
  };
  const b = {
    type: 'object',
    properties: {
      a: { type: 'object' },
      amounts: { type: 'object', additionalProperties: { 'x-kubernetes-int-or-string': true } },
    },
  };
  expect(resolveSchema(schemas, 'a')).toEqual({ type: 'object', properties: { b, list: { type: 'array', items: b } } });
});

describe('in a cluster', () => {
  let server: TestApiServer;
  let client: Client;
  let manager: RunningManager;
  beforeAll(async () => {
    server = await startTestApiServer();
    client = await server.client();
    manager = startManager(server, ['--controllers=validatingadmissionpolicy-status-controller']);
  });
  afterAll(async () => {
    await manager?.stop();
    client?.close();
    await server?.stop();
  });

  async function checked(spec: object, name: string): Promise<any> {
    const body = policy({ matchConstraints: { resourceRules: [rule(['apps'], ['v1'], ['deployments'])] }, ...spec });
    await client.create(validatingAdmissionPolicies, { ...body, metadata: { name } });
    return statusOf(name);
  }
  async function statusOf(name: string, generation = 1): Promise<any> {
    let status: any;
    await until(async () => {
      status = (await client.get(validatingAdmissionPolicies, name)).status;
      return status?.observedGeneration === generation;
    });
    return status;
  }

  it('what is right is seen, and says nothing', async () => {
    const expressions = [
      'object.spec.replicas <= 5',
      "object.spec.template.spec.containers.all(c, c.image.startsWith('a') && !has(c.resources.limits))",
      "object.spec.template.spec.containers.all(c, quantity(c.resources.limits['cpu']).isLessThan(quantity('1')))",
      "object.spec.strategy.rollingUpdate.maxSurge == 1 || object.metadata.labels['a'] == 'b'",
      "object.metadata.creationTimestamp < timestamp('2030-01-01T00:00:00Z')",
    ];
    expect(await checked({ validations: expressions.map((expression) => ({ expression })) }, 'right')).toEqual({
      observedGeneration: 1,
      typeChecking: {},
    });
  });

  it('what is wrong is told, until it is put right', async () => {
    // The example of Kubernetes' documentation.
    const status = await checked({ validations: [{ expression: 'object.replicas > 1' }] }, 'wrong');
    expect(status.typeChecking).toEqual({
      expressionWarnings: [
        {
          fieldRef: 'spec.validations[0].expression',
          warning:
            "apps/v1, Kind=Deployment: ERROR: <input>:1:7: undefined field 'replicas'\n | object.replicas > 1\n | ......^\n",
        },
      ],
    });
    const now = await client.get(validatingAdmissionPolicies, 'wrong');
    now.spec!.validations![0]!.expression = 'object.spec.replicas > 1';
    await client.update(validatingAdmissionPolicies, now);
    // The last warning that an apply takes away takes its parent along.
    expect(await statusOf('wrong', 2)).toEqual({ observedGeneration: 2 });
  });

  it('custom resources, and params of them, by the schema of their definition', async () => {
    const definitions = { group: 'apiextensions.k8s.io', version: 'v1', plural: 'customresourcedefinitions' };
    const schema = {
      openAPIV3Schema: {
        type: 'object',
        properties: { spec: { type: 'object', properties: { size: { type: 'integer' } } } },
      },
    };
    await client.create(
      { ...definitions, kind: 'CustomResourceDefinition', namespaced: false } as Resource<KubeObject>,
      {
        metadata: { name: 'things.example.com' },
        spec: {
          group: 'example.com',
          scope: 'Namespaced',
          names: { plural: 'things', singular: 'thing', kind: 'Thing', listKind: 'ThingList' },
          versions: [{ name: 'v1', served: true, storage: true, schema }],
        },
      } as any,
    );
    await until(
      async () => Boolean((await client.raw<any>('GET', '/openapi/v3')).paths['apis/example.com/v1']),
      30_000,
    );
    const status = await checked(
      {
        paramKind: { apiVersion: 'example.com/v1', kind: 'Thing' },
        matchConstraints: { resourceRules: [rule(['example.com'], ['v1'], ['things'])] },
        validations: [
          { expression: 'object.spec.size > params.spec.size' },
          { expression: "object.spec.size == 'big'" },
          { expression: 'params.spec.colour == 1' },
        ],
      },
      'custom',
    );
    const warnings: { fieldRef: string; warning: string }[] = status.typeChecking.expressionWarnings;
    expect(warnings.map((w) => [w.fieldRef, w.warning.split('\n')[0]])).toEqual([
      [
        'spec.validations[1].expression',
        "example.com/v1, Kind=Thing: ERROR: <input>:1:18: found no matching overload for '_==_' applied to '(int, string)'",
      ],
      ['spec.validations[2].expression', "example.com/v1, Kind=Thing: ERROR: <input>:1:12: undefined field 'colour'"],
    ]);
  });
});
