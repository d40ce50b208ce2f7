// Rows of what OpenAPI says of custom resources in v2: definitions that come, change and go with versions, and are equal to the schemas.
// Rows that run kubectl over it stand in openApiKubectl.ts. See ../row.ts for how to read one.
import assert from 'node:assert/strict';
import { type Crd, crdApi, makeCrd } from '../crd.ts';
import { grew } from '../harness/check.ts';
import type { Context } from '../harness/context.ts';
import { type Row, row } from '../row.ts';

const crds = (c: Context) => c.of(crdApi, 'CustomResourceDefinition');

export const openApiRows: Row[] = [
  row('api.openapi.different-groups', async (c) => {
    const made = [await publish(c, 'foo', ['v1']), await publish(c, 'waldo', ['v1beta1'])];
    await published(c, made[0]!, 'v1');
    await published(c, made[1]!, 'v1beta1');
    for (const crd of made) await crds(c).delete(crd.name);
    await absent(c, made[0]!, 'v1');
    await absent(c, made[1]!, 'v1beta1');
  }),
  row('api.openapi.different-versions', async (c) => {
    const one = await publish(c, 'multi-ver', ['v2', 'v3']);
    await published(c, one, 'v2');
    await published(c, one, 'v3');
    const group = c.unique('common-group-');
    const [four, five] = [await publish(c, group, ['v4']), await publish(c, group, ['v5'])];
    await published(c, four, 'v4');
    await published(c, five, 'v5');
  }),
  row('api.openapi.different-kinds', async (c) => {
    const group = c.unique('common-group-');
    const other = { type: 'object', description: 'Waldo CRD for Testing', properties: { waldo: { type: 'string' } } };
    const [one, two] = [await publish(c, group, ['v6']), await publish(c, group, ['v6'], other)];
    await published(c, one, 'v6');
    await published(c, two, 'v6', other);
    await crds(c).delete(one.name);
    await absent(c, one, 'v6');
    await published(c, two, 'v6', other);
    await crds(c).delete(two.name);
    await absent(c, two, 'v6');
  }),
  row('api.openapi.rename-version', async (c) => {
    const crd = await publish(c, 'multi-ver', ['v2', 'v3']);
    await published(c, crd, 'v2');
    await published(c, crd, 'v3');
    const path = '/spec/versions/1/name';
    await crds(c).patch(crd.name, 'json', [
      { op: 'test', path, value: 'v3' },
      { op: 'replace', path, value: 'v4' },
    ]);
    await published(c, crd, 'v4');
    await absent(c, crd, 'v3');
    await published(c, crd, 'v2');
  }),
  row('api.openapi.unserve-version', async (c) => {
    const crd = await publish(c, 'multi-to-single-ver', ['v5', 'v6alpha1']);
    await published(c, crd, 'v5');
    await published(c, crd, 'v6alpha1');
    const before = await crds(c).get(crd.name);
    const after = await crds(c).change(crd.name, (object) => {
      object.spec.versions[1].served = false;
    });
    assert.equal(after.spec.versions[1].served, false);
    grew(before, after);
    await absent(c, crd, 'v6alpha1');
    await published(c, crd, 'v5');
  }),
];

/** The suite's schema Foo. */
export const foo = {
  description: 'Foo CRD for Testing',
  type: 'object',
  properties: {
    spec: {
      type: 'object',
      description: 'Specification of Foo',
      properties: {
        bars: {
          description: 'List of Bars and their specs.',
          type: 'array',
          items: {
            type: 'object',
            required: ['name'],
            properties: {
              name: { description: 'Name of Bar.', type: 'string' },
              age: { description: 'Age of Bar.', type: 'string' },
              feeling: { description: 'Whether Bar is feeling great.', type: 'string', enum: ['Great', 'Down'] },
              bazs: { description: 'List of Bazs.', items: { type: 'string' }, type: 'array' },
            },
          },
        },
      },
    },
    status: {
      description: 'Status of Foo',
      type: 'object',
      properties: {
        bars: {
          description: 'List of Bars and their statuses.',
          type: 'array',
          items: {
            type: 'object',
            properties: {
              name: { description: 'Name of Bar.', type: 'string' },
              available: { description: 'Whether the Bar is installed.', type: 'boolean' },
              quxType: {
                description: 'Indicates to external qux type.',
                pattern: 'in-tree|out-of-tree',
                type: 'string',
              },
            },
          },
        },
      },
    },
  },
};

/** A CRD in group `crd-publish-openapi-test-<name>.example.com` whose kind is lower case with hyphens. */
export function publish(c: Context, name: string, versions: string[], schema: object = foo): Promise<Crd> {
  const kind = c.unique('e2e-test-crd-publish-openapi-').concat('-crd');
  return makeCrd(c, {
    group: `crd-publish-openapi-test-${name}.example.com`,
    plural: `${kind}s`,
    kind,
    versions: versions.map((v) => ({ name: v, schema })),
  });
}

const definitionOf = (crd: Crd, version: string) =>
  `${crd.group.split('.').reverse().join('.')}.${version}.${crd.kind}`;

/** Present in ten answers in a row, and equal to the schema; `schema` null: it need only be there. */
export const published = (c: Context, crd: Crd, version: string, schema: object | null = foo): Promise<void> =>
  tenTimes(c, `definition of ${crd.kind} ${version}`, (definitions) => {
    const found = definitions[definitionOf(crd, version)];
    if (!found) return false;
    if (schema) assert.deepEqual(stripped(found), schema);
    return true;
  });

const absent = (c: Context, crd: Crd, version: string): Promise<void> =>
  tenTimes(c, `no definition of ${crd.kind} ${version}`, (definitions) => !definitions[definitionOf(crd, version)]);

/** Without what the server adds to every kind. */
function stripped(definition: any): any {
  const { 'x-kubernetes-group-version-kind': _g, 'x-kubernetes-selectable-fields': _s, ...out } = definition;
  if (out.properties) {
    const { metadata: _m, apiVersion: _a, kind: _k, ...properties } = out.properties;
    out.properties = properties;
    if (!Object.keys(properties).length) delete out.properties;
  }
  return out;
}

/** A new connection for each look, without an Accept header, with the last ETag; 500 ms/60 s. */
function tenTimes(c: Context, what: string, holds: (definitions: any) => boolean): Promise<void> {
  let etag: string | undefined;
  let definitions: any;
  const look = async () => {
    const connection = c.connect();
    try {
      const reply = await connection.ask('/openapi/v2', { headers: etag ? { 'if-none-match': etag } : {} });
      if (reply.code !== 304) {
        assert.equal(reply.code, 200);
        assert.equal(reply.json.swagger, '2.0');
        definitions = reply.json.definitions;
        const given = String(reply.headers['etag'] ?? '').replace(/^W\//, '');
        etag = given ? (given.startsWith('"') ? given : `"${given}"`) : undefined;
      }
      return holds(definitions);
    } finally {
      connection.close();
    }
  };
  return c
    .poll(500, 60_000, what, async () => {
      for (let i = 0; i < 10; i++) if (!(await look())) return false;
      return true;
    })
    .then(() => undefined);
}
