// OpenAPI version 2 against the facts of v1.35: every path and definition of what we serve, and the protobuf form beside the JSON.
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type protobuf from 'protobufjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { kinds } from '../../../apiserver/kinds/kinds.ts';
import { createRegistry } from '../../../apiserver/kinds/registry.ts';
import { builtinSchemas } from '../../../apiserver/openapi/definitions.ts';
import { openapiV2 } from '../../../apiserver/openapi/v2.ts';

const folder = new URL('../../../../shared/openapi/', import.meta.url);
const facts = existsSync(folder) ? JSON.parse(readFileSync(new URL('v1.35.json', folder), 'utf8')) : undefined;
const old = 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf';

const registry = createRegistry();
for (const kind of kinds) registry.add(kind, (name) => builtinSchemas.node(name));
const ask = (accept?: string, etag?: string) =>
  openapiV2({ headers: { accept, ...(etag ? { 'if-none-match': etag } : {}) } } as never, registry) as Promise<{
    code: number;
    type: string;
    body: Buffer;
    headers: Record<string, string>;
  }>;

let document: any;
beforeAll(async () => {
  document = JSON.parse((await ask()).body.toString());
});

/** Without prose and enums, which the facts leave out, and without CBOR, which they have since they were taken with all gates on. */
function bare(value: any): any {
  if (Array.isArray(value)) return value.filter((v) => !/cbor/.test(v)).map(bare);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key, inner]) => key !== 'description' || typeof inner === 'object')
      .filter(([key, inner]) => key !== 'enum' || !Array.isArray(inner))
      .map(([key, inner]) => [key, bare(inner)]),
  );
}

// Upstream's command tests look for them, to see that parameters, lists and watches have descriptions.
it('has the phrases that clients look for', () => {
  const text = JSON.stringify(document);
  for (const phrase of ['list of returned', 'List of services', 'Watch for changes to the described resources'])
    expect(text.includes(phrase), phrase).toBe(true);
});

describe.skipIf(!facts)('as the facts say (needs the folder of API facts beside the checkout)', () => {
  it('paths', () => {
    const differ: string[] = [];
    for (const [path, item] of Object.entries(document.paths)) {
      if (/trace\.mini-k8s\.io/.test(path)) continue;
      if (JSON.stringify(sorted(bare(item))) !== JSON.stringify(sorted(bare(facts.paths[path] ?? null))))
        differ.push(path);
    }
    for (const path of differ.slice(0, 3)) expect(bare(document.paths[path])).toEqual(bare(facts.paths[path]));
    expect(differ).toEqual([]);
  });

  it('no path is missing', () => {
    const served = new Set(registry.all().map((r) => `${r.kind.group}/${r.kind.version}/${r.kind.plural}`));
    const missing = Object.keys(facts.paths).filter((path) => {
      const found = /^\/apis?\/(?:([^/]+)\/)?(v\d\w*)\/(?:watch\/)?(?:namespaces\/\{namespace\}\/)?([a-z]+)/.exec(path);
      return found && served.has(`${found[1] ?? ''}/${found[2]}/${found[3]}`) && !document.paths[path];
    });
    expect(missing).toEqual([]);
  });

  it('definitions', () => {
    for (const [name, schema] of Object.entries(document.definitions))
      if (!name.startsWith('io.mini-k8s.')) expect([name, bare(schema)]).toEqual([name, bare(facts.definitions[name])]);
  });

  it('protobuf holds the same', async () => {
    const { type, body } = await ask(`${old};q=0.9, application/xml`);
    expect(type).toBe('application/com.github.proto-openapi.spec.v2.v1.0+protobuf');
    const library = createRequire(import.meta.url)('protobufjs') as typeof protobuf;
    const messages = JSON.parse(readFileSync(new URL('openapi-v2.proto.json', folder), 'utf8'));
    delete messages.nested.openapi.nested.v2.nested.Any.fields.value;
    const root = library.Root.fromJSON(messages);
    const found = root.lookupType('openapi.v2.Document').decode(body) as any;
    expect([found.swagger, found.info.title]).toEqual(['2.0', 'Kubernetes']);
    const paths = Object.fromEntries(found.paths.path.map((p: any) => [p.name, p.value]));
    expect(Object.keys(paths)).toEqual(Object.keys(document.paths));
    const definitions = Object.fromEntries(found.definitions.additional_properties.map((p: any) => [p.name, p.value]));
    expect(Object.keys(definitions)).toEqual(Object.keys(document.definitions));
    const pods = '/api/v1/namespaces/{namespace}/pods';
    const { post } = paths[pods];
    expect(post.operation_id).toBe('createCoreV1NamespacedPod');
    expect(post.parameters[0].parameter.body_parameter.schema._ref).toBe('#/definitions/io.k8s.api.core.v1.Pod');
    expect(post.parameters[1].parameter.non_body_parameter.query_parameter_sub_schema.name).toBe('dryRun');
    const gvk = post.vendor_extension.find((e: any) => e.name === 'x-kubernetes-group-version-kind');
    expect(JSON.parse(gvk.value.yaml)).toEqual({ group: '', version: 'v1', kind: 'Pod' });
    expect(post.responses.response_code.map((r: any) => r.name)).toEqual(['200', '201', '202', '401']);
    const spec = definitions['io.k8s.api.core.v1.PodSpec'];
    expect(spec.type.value).toEqual(['object']);
    const containers = spec.properties.additional_properties.find((p: any) => p.name === 'containers').value;
    expect(containers.items.schema[0]._ref).toBe('#/definitions/io.k8s.api.core.v1.Container');
    expect(found.parameters.additional_properties.length).toBe(Object.keys(document.parameters).length);
    expect(found.security_definitions.additional_properties[0].value.api_key_security.in).toBe('header');
  });
});

describe('what goes with it', () => {
  it('an ETag, and 304 for who has it', async () => {
    const { headers } = await ask();
    expect(headers['vary']).toBe('Accept');
    expect(await ask(undefined, headers['etag'])).toMatchObject({ code: 304, body: '' });
    const inProtobuf = await ask(old);
    expect(inProtobuf.headers['etag']).not.toBe(headers['etag']);
  });

  it('406 for what it cannot be', async () => {
    expect(await ask('text/html')).toMatchObject({ code: 406 });
  });

  it('references that lead somewhere', () => {
    const text = JSON.stringify(document);
    for (const [, name] of text.matchAll(/"#\/definitions\/([^"]+)"/g))
      expect(document.definitions).toHaveProperty([name!]);
    for (const [, name] of text.matchAll(/"#\/parameters\/([^"]+)"/g))
      expect(document.parameters).toHaveProperty([name!]);
  });

  it('the values of what has but a few', () => {
    const { restartPolicy } = document.definitions['io.k8s.api.core.v1.PodSpec'].properties;
    expect(restartPolicy).toMatchObject({ type: 'string', enum: ['Always', 'Never', 'OnFailure'] });
  });

  it('a text for each operation and parameter', () => {
    const silent: string[] = [];
    for (const [path, item] of Object.entries<any>(document.paths))
      for (const [method, operation] of Object.entries<any>(item))
        if (method !== 'parameters' && !operation.description) silent.push(`${method} ${path}`);
    expect(silent).toEqual([]);
  });
});

function sorted(value: any): any {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.keys(value)
      .sort()
      .map((key) => [key, sorted(value[key])]),
  );
}

describe('documents of extension servers', () => {
  const meta = 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta';
  const flunder = { type: 'object', properties: { metadata: { $ref: `#/definitions/${meta}` } } };
  const path = '/apis/wardle.example.com/v1alpha1/flunders';
  const addition = {
    prefixes: ['/apis/wardle.example.com/v1alpha1/'],
    document: {
      paths: {
        [path]: {
          get: { responses: { 200: { description: 'OK', schema: { $ref: '#/definitions/com.example.Flunder' } } } },
        },
        '/apis/apps/v1/deployments': { get: { responses: {} } },
      },
      definitions: { 'com.example.Flunder': flunder, [meta]: { type: 'string' } },
    },
  };
  const aggregator = (generation: number, additions: unknown[]) =>
    ({ openapi: { generation, v2: () => additions } }) as never;

  it('are merged in as far as the paths are theirs', async () => {
    const read = async (generation: number, additions: unknown[]) => {
      const answer = (await openapiV2({ headers: {} } as never, registry, aggregator(generation, additions))) as {
        body: Buffer;
      };
      return JSON.parse(answer.body.toString());
    };
    const { paths, definitions } = await read(1, [addition]);
    expect(paths[path]).toBeDefined();
    expect(paths['/apis/apps/v1/deployments'].get.operationId).toBe('listAppsV1DeploymentForAllNamespaces');
    // Their ObjectMeta is not ours, so it gets a name of its own.
    expect(definitions['com.example.Flunder'].properties.metadata.$ref).toBe(`#/definitions/${meta}_v2`);
    expect(definitions[meta]).toEqual(document.definitions[meta]);
    expect((await read(2, [])).paths[path]).toBeUndefined();
  });
});
