// Custom resources in OpenAPI, as a live server publishes them and as kubectl uses them, and the media types that they have.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readProtobuf, writeProtobuf } from '../../../apiserver/codecs/protobuf.ts';
import { startTestApiServer, type TestApiServer, until } from '../../kit/apiServer.ts';
import { type Http, httpTo } from '../../kit/http.ts';
import { kubectlMissing, kubectls } from '../../kit/kubectls.ts';
import { kubectlIn } from '../../kit/upCluster.ts';

const pb = 'application/vnd.kubernetes.protobuf';
const group = 'stable.example.com';
const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const schema = {
  description: 'Foo CRD for Testing',
  type: 'object',
  properties: {
    spec: {
      type: 'object',
      description: 'Specification of Foo',
      properties: {
        bars: {
          type: 'array',
          description: 'List of Bars and their specs.',
          items: {
            type: 'object',
            required: ['name'],
            properties: {
              name: { type: 'string', description: 'Name of Bar.' },
              feeling: { type: 'string', enum: ['Great', 'Down'] },
            },
          },
        },
      },
    },
  },
};
const crd = (kind: string, openAPIV3Schema: object) => ({
  kind: 'CustomResourceDefinition',
  apiVersion: 'apiextensions.k8s.io/v1',
  metadata: { name: `${kind.toLowerCase()}s.${group}` },
  spec: {
    group,
    scope: 'Namespaced',
    names: { plural: `${kind.toLowerCase()}s`, kind },
    versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema } }],
  },
});

let server: TestApiServer;
let http: Http & { close(): void };
const v2 = async () => (await http('/openapi/v2')).json.definitions;
beforeAll(async () => {
  server = await startTestApiServer();
  http = httpTo(server);
  // As typed clients send them.
  const made = await http(definitions, { body: writeProtobuf(crd('Foo', schema)), type: pb, accept: pb });
  expect([made.code, made.headers['content-type']]).toEqual([201, pb]);
  expect((readProtobuf(made.bytes) as any).spec.versions[0].schema.openAPIV3Schema).toEqual(schema);
  await http(definitions, { body: crd('Open', { type: 'object', 'x-kubernetes-preserve-unknown-fields': true }) });
  await until(async () => {
    const all = await v2();
    return all['com.example.stable.v1.Foo'] && all['com.example.stable.v1.Open'];
  });
});
afterAll(async () => {
  http.close();
  await server.stop();
});

it('definitions are the schemas that were given', async () => {
  const { 'com.example.stable.v1.Foo': foo, 'com.example.stable.v1.Open': open } = await v2();
  const { apiVersion: _a, kind: _k, metadata: _m, ...properties } = foo.properties;
  expect({ ...foo, properties, 'x-kubernetes-group-version-kind': undefined }).toEqual(schema);
  expect(open).toEqual({ type: 'object', 'x-kubernetes-group-version-kind': [{ group, kind: 'Open', version: 'v1' }] });
});

it('custom resources have no protobuf, but their metadata has', async () => {
  const path = `/apis/${group}/v1/namespaces/default/foos`;
  expect((await http(path, { body: { kind: 'Foo', apiVersion: `${group}/v1`, metadata: { name: 'one' } } })).code).toBe(
    201,
  );
  expect((await http(path, { accept: pb })).code).toBe(406);
  expect((await http(`${path}/one`, { accept: `${pb},application/json` })).headers['content-type']).toBe(
    'application/json',
  );
  const refused = await http(path, {
    body: writeProtobuf({ kind: 'ConfigMap', apiVersion: 'v1', metadata: {} }),
    type: pb,
  });
  expect([refused.code, refused.json.reason]).toEqual([415, 'UnsupportedMediaType']);
  const list = await http(path, { accept: `${pb};as=PartialObjectMetadataList;g=meta.k8s.io;v=v1` });
  const { kind, items } = readProtobuf(list.bytes) as any;
  expect([list.code, kind, items[0].metadata.name]).toEqual([200, 'PartialObjectMetadataList', 'one']);
});

const all = kubectls();
if (!all.length) it('kubectl', (context) => context.skip(kubectlMissing));
describe.each(all.length ? [all[0]!, all.at(-1)!] : [])('kubectl 1.$minor', ({ path, minor }) => {
  const cache = () => join(server.folder, `cache-published-${minor}`);
  const run = (args: string, input?: string) =>
    kubectlIn(path, server.kubeconfig, 'default')(`${args} --cache-dir ${cache()}`, input);
  afterAll(() => rmSync(cache(), { recursive: true, force: true }));
  const foo = (spec: object) =>
    JSON.stringify({ kind: 'Foo', apiVersion: `${group}/v1`, metadata: { name: 'mine' }, spec });

  it('applies what fits and refuses what does not', async () => {
    const bars = [{ name: 'a', feeling: 'Great' }];
    for (const verb of ['create', 'delete', 'apply', 'delete']) {
      const ran = await run(`${verb} -f -`, foo({ bars }));
      expect(ran.code, ran.stderr).toBe(0);
    }
    const said = async (verb: string, spec: object) => (await run(`${verb} -f -`, foo(spec))).stderr;
    expect(await said('create', { bars: [{ name: 'a', feeling: 'NonExistentValue' }] })).toContain(
      'Unsupported value: "NonExistentValue"',
    );
    expect(await said('create', { foo: true })).toMatch(/unknown field "(spec\.)?foo"/);
    expect(await said('apply', { foo: true })).toMatch(/unknown field "(spec\.)?foo"/);
    expect(await said('apply', { bars: [{ feeling: 'Down' }] })).toMatch(
      /spec\.bars\[0\]\.name: Required value|missing required field "name"/,
    );
  });

  it('explains', async () => {
    const explain = async (what: string) => {
      const ran = await run(`explain ${what}`);
      return (ran.stdout + ran.stderr).replace(/\s+/g, ' ');
    };
    expect(await explain('foos')).toMatch(
      /DESCRIPTION: Foo CRD for Testing FIELDS: apiVersion <string> APIVersion defines .* metadata <(ObjectMeta|Object)> Standard object's metadata.* spec <Object> Specification of Foo/,
    );
    expect(await explain('foos.metadata')).toMatch(/creationTimestamp <string> CreationTimestamp is a timestamp/);
    expect(await explain('foos.spec.bars')).toMatch(
      /List of Bars and their specs\. FIELDS: .*name <string> -required- Name of Bar/,
    );
    expect(await explain('foos.spec.bars2')).toContain('field "bars2" does not exist');
    expect(await explain('opens')).toMatch(/KIND: Open/);
  });
});

it('definitions go with their CRD', async () => {
  await http(`${definitions}/opens.${group}`, { method: 'DELETE' });
  await until(async () => !(await v2())['com.example.stable.v1.Open']);
  expect((await v2())['com.example.stable.v1.Foo']).toBeDefined();
});
