// What OpenAPI says of custom resources: the schemas alone, then both documents with such a kind in the registry.
import { describe, expect, it } from 'vitest';
import type { OpenAPISchema } from '../../../apimachinery/schema.ts';
import { configMap } from '../../../apiserver/kinds/configMap.ts';
import { createRegistry } from '../../../apiserver/kinds/registry.ts';
import { type OpenAPIVersion, publishedName, publishedSchemas } from '../../../apiserver/openapi/customResource.ts';
import { builtinSchemas } from '../../../apiserver/openapi/definitions.ts';
import { openapiV2 } from '../../../apiserver/openapi/v2.ts';
import { openapiV3 } from '../../../apiserver/openapi/v3.ts';

const open = { 'x-kubernetes-preserve-unknown-fields': true };
const name = publishedName('stable.example.com', 'v1', 'CronTab');
const published = (schema: object | undefined, to: OpenAPIVersion, more = {}) =>
  publishedSchemas(
    { group: 'stable.example.com', version: 'v1', kind: 'CronTab', listKind: 'CronTabList', name, schema, ...more },
    to,
  );
/** Without what every object has. */
const own = (schema: OpenAPISchema) => {
  const { 'x-kubernetes-group-version-kind': _, properties, ...rest } = schema;
  const { apiVersion: _a, kind: _k, metadata: _m, ...others } = properties ?? {};
  return Object.keys(others).length ? { ...rest, properties: others } : rest;
};

const cases: [string, object | undefined, object, object][] = [
  ['no schema', undefined, { type: 'object' }, { type: 'object' }],
  [
    'a root that keeps unknown fields',
    { type: 'object', description: 'd', ...open, properties: { spec: { type: 'string' } } },
    { type: 'object' },
    { type: 'object', description: 'd', ...open, properties: { spec: { type: 'string' } } },
  ],
  [
    'a field that keeps unknown fields',
    { type: 'object', properties: { spec: { type: 'object', ...open, properties: { a: { type: 'string' } } } } },
    { type: 'object', properties: { spec: { type: 'object', ...open } } },
    { type: 'object', properties: { spec: { type: 'object', ...open, properties: { a: { type: 'string' } } } } },
  ],
  [
    'logic, which version 2 does not know',
    { type: 'object', properties: { a: { type: 'string', anyOf: [{ pattern: 'x' }], not: { enum: ['y'] } } } },
    { type: 'object', properties: { a: { type: 'string' } } },
    { type: 'object', properties: { a: { type: 'string', anyOf: [{ pattern: 'x' }], not: { enum: ['y'] } } } },
  ],
  [
    'what may be null',
    {
      type: 'object',
      required: ['a', 'b'],
      properties: { a: { type: 'object', nullable: true }, b: { type: 'string' } },
    },
    { type: 'object', required: ['b'], properties: { a: {}, b: { type: 'string' } } },
    {
      type: 'object',
      required: ['a', 'b'],
      properties: { a: { type: 'object', nullable: true }, b: { type: 'string' } },
    },
  ],
  [
    'integers or strings',
    {
      type: 'object',
      properties: { a: { 'x-kubernetes-int-or-string': true, anyOf: [{ type: 'integer' }, { type: 'string' }] } },
    },
    { type: 'object', properties: { a: { 'x-kubernetes-int-or-string': true } } },
    {
      type: 'object',
      properties: { a: { 'x-kubernetes-int-or-string': true, anyOf: [{ type: 'integer' }, { type: 'string' }] } },
    },
  ],
  [
    'values and extensions',
    {
      type: 'object',
      properties: {
        a: {
          type: 'array',
          items: {
            type: 'object',
            required: ['k'],
            properties: { k: { type: 'string', default: 'd', enum: ['d', 'e'] } },
          },
          'x-kubernetes-list-type': 'map',
          'x-kubernetes-list-map-keys': ['k'],
        },
        m: {
          type: 'object',
          additionalProperties: { type: 'integer', minimum: 1 },
          'x-kubernetes-validations': [{ rule: 'true' }],
        },
      },
    },
    'same' as never,
    'same' as never,
  ],
];

describe('schemas', () => {
  it.each(cases)('%s', (_what, schema, v2, v3) => {
    expect(own(published(schema, 'v2')[name]!)).toEqual(v2 === ('same' as never) ? schema : v2);
    expect(own(published(schema, 'v3')[name]!)).toEqual(v3 === ('same' as never) ? schema : v3);
  });

  it('say what every object has, where the fields are known', () => {
    const { properties } = published({ type: 'object' }, 'v3')[name]!;
    expect(Object.keys(properties!)).toEqual(['apiVersion', 'kind', 'metadata']);
    expect(published({ type: 'object', ...open }, 'v2')[name]!.properties).toBeUndefined();
    expect(published({ type: 'object' }, 'v2', { preservesAll: true })[name]!.properties).toBeUndefined();
  });

  it('embedded resources are objects too', () => {
    const schema = {
      type: 'object',
      properties: {
        spec: { type: 'object', 'x-kubernetes-embedded-resource': true, properties: { a: { type: 'string' } } },
      },
    };
    expect(Object.keys(published(schema, 'v3')[name]!.properties!['spec']!.properties!)).toEqual([
      'a',
      'apiVersion',
      'kind',
      'metadata',
    ]);
  });

  it('name kind, list and selectable fields', () => {
    const all = published({ type: 'object' }, 'v2', { selectableFields: [{ jsonPath: '.spec.color' }] });
    expect(Object.keys(all)).toEqual(['com.example.stable.v1.CronTab', 'com.example.stable.v1.CronTabList']);
    expect(all[name]!['x-kubernetes-group-version-kind']).toEqual([
      { group: 'stable.example.com', kind: 'CronTab', version: 'v1' },
    ]);
    expect(all[name]!['x-kubernetes-selectable-fields']).toEqual([{ fieldPath: 'spec.color' }]);
    expect(all['com.example.stable.v1.CronTabList']).toMatchObject({
      required: ['items'],
      properties: { items: { items: { $ref: `#/definitions/${name}` } } },
    });
  });
});

describe('documents', () => {
  const registry = createRegistry();
  registry.add(configMap, (definition) => builtinSchemas.node(definition));
  const cronTab = {
    group: 'stable.example.com',
    version: 'v1',
    kind: 'CronTab',
    plural: 'crontabs',
    namespaced: true,
    schema: name,
    storage: 'stable.example.com/crontabs',
    custom: {
      schema: { type: 'object', properties: { spec: { type: 'object' } } },
      selectableFields: undefined,
      preservesAll: false,
    },
    subresources: [{ name: 'status', verbs: ['get', 'patch', 'update'] as const }],
  };
  const v2 = async () => {
    const { body } = (await openapiV2({ headers: {} } as never, registry)) as { body: Buffer };
    return JSON.parse(body.toString());
  };
  const v3 = (path: string, accept?: string) =>
    openapiV3(registry, { path, headers: { accept }, query: new URLSearchParams() } as never) as Promise<any>;

  it('come and go with the kind', async () => {
    expect((await v2()).definitions[name]).toBeUndefined();
    registry.add(cronTab, () => builtinSchemas.node(configMap.schema), { bareItems: false });
    const { definitions, paths } = await v2();
    expect(definitions[name].properties.metadata).toEqual({
      $ref: '#/definitions/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta',
      description: expect.stringMatching(/^Standard object's metadata/),
    });
    const item = paths['/apis/stable.example.com/v1/namespaces/{namespace}/crontabs/{name}'];
    expect(item.patch).toMatchObject({
      operationId: 'patchStableExampleComV1NamespacedCronTab',
      tags: ['stableExampleCom_v1'],
      consumes: ['application/json-patch+json', 'application/merge-patch+json', 'application/apply-patch+yaml'],
      'x-kubernetes-group-version-kind': { group: 'stable.example.com', version: 'v1', kind: 'CronTab' },
    });
    expect(Object.keys(paths)).toEqual(
      expect.arrayContaining(['/apis/stable.example.com/', '/apis/stable.example.com/v1/', '/api/v1/configmaps']),
    );

    const index = JSON.parse((await v3('/openapi/v3')).body).paths;
    expect(Object.keys(index)).toEqual(
      expect.arrayContaining(['api', 'api/v1', 'apis/stable.example.com', 'apis/stable.example.com/v1', 'version']),
    );
    const document = JSON.parse((await v3('/openapi/v3/apis/stable.example.com/v1')).body);
    const patch = document.paths['/apis/stable.example.com/v1/namespaces/{namespace}/crontabs/{name}'].patch;
    expect(patch.parameters.map((p: any) => p.name)).toEqual(['dryRun', 'fieldManager', 'fieldValidation', 'force']);
    expect(document.components.schemas[name].properties.metadata.allOf[0].$ref).toBe(
      '#/components/schemas/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta',
    );

    registry.remove(cronTab);
    expect((await v2()).definitions[name]).toBeUndefined();
    await expect(v3('/openapi/v3/apis/stable.example.com/v1')).rejects.toMatchObject({ code: 404 });
  });

  it('version 3 in protobuf', async () => {
    const type = 'application/com.github.proto-openapi.spec.v3.v1.0+protobuf';
    const answer = await v3('/openapi/v3/api/v1', type.replace('v3.v1', 'v3@v1'));
    expect(answer.type).toBe(type);
    // Document { openapi = 1, info = 2 { title = 1 } }
    expect(answer.body.subarray(0, 7).toString('latin1')).toBe('\n\x053.0.0');
    for (const text of [
      'Kubernetes',
      'createCoreV1NamespacedConfigMap',
      '#/components/schemas/io.k8s.api.core.v1.ConfigMap',
      'application/strategic-merge-patch+json',
    ])
      expect(answer.body.includes(text)).toBe(true);
  });

  it('a link with an old hash leads to the new one', async () => {
    const path = '/openapi/v3/api/v1';
    const answer: any = await openapiV3(registry, {
      path,
      headers: {},
      query: new URLSearchParams('hash=OLD'),
    } as never);
    expect(answer.code).toBe(301);
    expect(answer.headers.location).toMatch(/^\/openapi\/v3\/api\/v1\?hash=[0-9A-F]{128}$/);
  });
});
