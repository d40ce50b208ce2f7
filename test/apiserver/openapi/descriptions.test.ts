import { readdirSync, readFileSync } from 'node:fs';
import { expect, it, describe as suite } from 'vitest';
import { type OpenAPISchema, SchemaSet } from '../../../apimachinery/schema.ts';
import { kinds } from '../../../apiserver/kinds/kinds.ts';
import { createRegistry } from '../../../apiserver/kinds/registry.ts';
import {
  builtinSchemas,
  definition,
  packageDefinitions,
  packageNames,
} from '../../../apiserver/openapi/definitions.ts';
import { commonTexts, describe, descriptionReader, type Texts } from '../../../apiserver/openapi/descriptions.ts';
import { openapiV3 } from '../../../apiserver/openapi/v3.ts';

/** Fields and types without a description outside of the packages that must be complete. It may only fall. */
const missingElsewhere = 0;

const meta = 'io.k8s.apimachinery.pkg.apis.meta.v1';
const complete = [
  meta,
  ...['core', 'apps', 'batch', 'networking', 'rbac'].map((group) => `io.k8s.api.${group}.v1`),
  'io.k8s.apimachinery.pkg.api.resource',
  'io.k8s.apimachinery.pkg.runtime',
  'io.k8s.apimachinery.pkg.util.intstr',
];
const folder = new URL('../../../apiserver/openapi/descriptions/', import.meta.url);
const files = readdirSync(folder);
const read = (file: string) => JSON.parse(readFileSync(new URL(file, folder), 'utf8'));
const textsOf = descriptionReader();

/** `Pod.spec` for each field, `Pod` for each type that has no text. */
function missing(packageName: string): string[] {
  return Object.entries(packageDefinitions(packageName)).flatMap(([name, schema]) => {
    const texts = textsOf(name, schema);
    const type = name.slice(packageName.length + 1);
    return ['', ...Object.keys(schema.properties ?? {})]
      .filter((field) => !texts[field])
      .map((field) => (field ? `${type}.${field}` : type));
  });
}

const notFields = ['$like', '$written', '$read'];
/** Every text as it stands in the files: package, type, field, text. */
const written = files
  .filter((file) => file !== 'common.json')
  .flatMap((file) => {
    const packageName = file.slice(0, -'.json'.length);
    const { $like, ...types } = read(file) as Record<string, Texts>;
    return Object.entries(types).flatMap(([type, texts]) =>
      Object.entries(texts)
        .filter(([field]) => !notFields.includes(field))
        .map(([field, text]) => ({ packageName, type, field, text })),
    );
  });

suite('descriptions', () => {
  it.each(complete)('%s has one for every type and field', (packageName) => {
    expect(missing(packageName)).toEqual([]);
  });

  it('elsewhere no more are missing than before', () => {
    const others = packageNames().filter((name) => !complete.includes(name));
    const counts = others.map((name) => [name, missing(name).length] as const).filter(([, n]) => n > 0);
    const sum = counts.reduce((all, [, n]) => all + n, 0);
    expect(sum, JSON.stringify(counts)).toBeLessThanOrEqual(missingElsewhere);
  });

  it('are of packages, types and fields that exist', () => {
    const packages = new Set(packageNames());
    expect(files.filter((file) => file !== 'common.json' && !packages.has(file.slice(0, -'.json'.length)))).toEqual([]);
    const strangers = written.filter(({ packageName, type, field }) => {
      const schema = definition(`${packageName}.${type}`);
      return !schema || (field && !schema.properties?.[field]);
    });
    expect(strangers).toEqual([]);
  });

  it('take over the texts of types that exist', () => {
    for (const file of files) {
      const packageName = file.slice(0, -'.json'.length);
      const { $like, ...types } = read(file) as Record<string, Texts>;
      if ($like) expect(packageNames()).toContain($like);
      for (const { $like: type } of Object.values(types))
        if (type) expect(definition(`${packageName}.${type}`), `${packageName}.${type}`).toBeDefined();
    }
  });

  it('are sentences in plain ASCII, neither empty nor long', () => {
    const all = [...written, ...Object.entries(commonTexts()).map(([field, text]) => ({ field, text }))];
    expect(all.filter(({ text }) => !/^[\x20-\x7e]{6,360}$/.test(text) || !/[.]$/.test(text))).toEqual([]);
  });

  it('say of each field who writes and who reads it', () => {
    const silent = packageNames().flatMap((packageName) =>
      Object.entries(packageDefinitions(packageName)).flatMap(([name, schema]) =>
        Object.entries(textsOf(name, schema))
          .filter(
            ([field, text]) =>
              field && schema.properties?.[field] && !(/written by/i.test(text) && /read by/i.test(text)),
          )
          .map(([field, text]) => `${name}.${field}: ${text}`),
      ),
    );
    expect(silent).toEqual([]);
  });

  it('are not the same sentence again and again', () => {
    const places = new Map<string, string[]>();
    for (const { packageName, type, field, text } of written)
      places.set(text, [...(places.get(text) ?? []), `${packageName}.${type}.${field}`]);
    expect([...places].filter(([, where]) => where.length > 6)).toEqual([]);
  });

  it('say what clients match on', () => {
    expect(commonTexts()['apiVersion']).toMatch(/^APIVersion defines/);
    expect(commonTexts()['metadata']).toMatch(/^Standard object's metadata/);
    const objectMeta = `${meta}.ObjectMeta`;
    expect(textsOf(objectMeta, definition(objectMeta)!)['creationTimestamp']).toMatch(
      /^CreationTimestamp is a timestamp/,
    );
  });
});

suite('documents', () => {
  const registry = createRegistry();
  for (const kind of kinds) registry.add(kind, (name) => builtinSchemas.node(name));
  const get = (path: string) =>
    openapiV3(registry, { path, query: new URLSearchParams(), headers: {} } as never) as Promise<{ body: string }>;
  const schemas = async (path: string): Promise<Record<string, OpenAPISchema>> =>
    JSON.parse((await get(path)).body).components.schemas;

  it('hold the text of a type and its fields, beside a $ref by way of allOf', async () => {
    const pod = (await schemas('/openapi/v3/api/v1'))['io.k8s.api.core.v1.Pod']!;
    expect(pod['description']).toMatch(/node/);
    expect(pod.properties!['spec']).toEqual({
      allOf: [{ $ref: '#/components/schemas/io.k8s.api.core.v1.PodSpec' }],
      default: {},
      description: expect.stringMatching(/./),
    });
    expect(pod.properties!['apiVersion']).toEqual({ type: 'string', description: commonTexts()['apiVersion'] });
  });

  it('lead to nothing that is not in them', async () => {
    for (const path of Object.keys(JSON.parse((await get('/openapi/v3')).body).paths)) {
      const { body } = await get(`/openapi/v3/${path}`);
      const there = JSON.parse(body).components.schemas;
      for (const [, name] of body.matchAll(/"#\/components\/schemas\/([^"]+)"/g)) expect(there).toHaveProperty([name!]);
      expect(body).not.toContain('#/definitions/');
    }
  });

  it('have the hash that the index says', async () => {
    const paths = JSON.parse((await get('/openapi/v3')).body).paths as Record<string, { serverRelativeURL: string }>;
    for (const [path, { serverRelativeURL }] of Object.entries(paths)) {
      const answer = await openapiV3(registry, {
        path: `/openapi/v3/${path}`,
        query: new URL(serverRelativeURL, 'http://host').searchParams,
        headers: {},
      } as never);
      expect(answer).toMatchObject({ code: 200, headers: { 'cache-control': 'public, immutable' } });
    }
  });

  it('compile to the same structure as the facts without texts', () => {
    // A map type beside a $ref (claimRef's) stays beside the allOf, where the compiler does not look for it.
    const plain = (schema: OpenAPISchema): OpenAPISchema => ({
      ...schema,
      ...(schema.properties && {
        properties: Object.fromEntries(Object.entries(schema.properties).map(withoutMapType)),
      }),
    });
    const withoutMapType = ([name, property]: [string, OpenAPISchema]): [string, OpenAPISchema] => [
      name,
      property.$ref ? { ...property, 'x-kubernetes-map-type': undefined } : property,
    ];
    const facts = new SchemaSet((name) => definition(name) && plain(definition(name)!));
    const described = new SchemaSet((name) => {
      const found = definition(name) && plain(definition(name)!);
      return found && describe(found, textsOf(name, found));
    });
    for (const name of packageNames().flatMap((each) => Object.keys(packageDefinitions(each))))
      expect(described.node(name), name).toEqual(facts.node(name));
  });

  it('leave the facts as they were', () => {
    expect(definition('io.k8s.api.core.v1.Pod')!['description']).toBeUndefined();
  });
});
