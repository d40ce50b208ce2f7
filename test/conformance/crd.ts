// Custom resource definitions for rows: made, awaited as the suite's helper awaits them, and gone from discovery afterwards.
// Mirrors: apiextensions-apiserver test/integration/fixtures/resources.go. Used by rows/*.ts.
import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import type { Context } from './harness/context.ts';
import type { Resource } from './harness/resource.ts';

export const preserving = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };

export interface CrdVersion {
  name: string;
  schema?: object;
  served?: boolean;
  storage?: boolean;
  selectableFields?: { jsonPath: string }[];
  subresources?: object;
}

export interface CrdOptions {
  group: string;
  plural: string;
  kind: string;
  scope?: 'Namespaced' | 'Cluster';
  /** Default: v1 alone. The first stores when none says so. */
  versions?: CrdVersion[];
  names?: object;
  labels?: Record<string, string>;
  conversion?: object;
  /** Also make an object, delete it, and see that by a watch of each served version. */
  strict?: boolean;
}

export interface Crd {
  object: any;
  name: string;
  group: string;
  plural: string;
  kind: string;
  /** Of the first version. */
  apiVersion: string;
  /** The custom resources, by a dynamic client. */
  of(namespace?: string, version?: string): Resource;
}

export const crdApi = 'apiextensions.k8s.io/v1';
export const uniqueGroup = (c: Context) => `${c.unique('group')}.example.com`;

/** The body of a create; nothing is asked of the server. */
export function crdBody(o: CrdOptions): any {
  const versions = o.versions ?? [{ name: 'v1' }];
  return {
    metadata: { name: `${o.plural}.${o.group}`, ...(o.labels ? { labels: o.labels } : {}) },
    spec: {
      group: o.group,
      scope: o.scope ?? 'Namespaced',
      names: { plural: o.plural, singular: o.kind.toLowerCase(), kind: o.kind, listKind: `${o.kind}List`, ...o.names },
      versions: versions.map(({ schema, ...v }, i) => ({
        served: true,
        storage: !versions.some((x) => x.storage) && i === 0,
        ...v,
        schema: { openAPIV3Schema: schema ?? preserving },
      })),
      ...(o.conversion ? { conversion: o.conversion } : {}),
    },
  };
}

/** POST, then poll discovery until each served version lists it. It is deleted after the row, and must leave discovery. */
export async function makeCrd(c: Context, o: CrdOptions): Promise<Crd> {
  const r = c.of(crdApi, 'CustomResourceDefinition');
  const body = crdBody(o);
  c.after(() => removeCrd(c, body));
  const object = await r.create(body);
  assert.equal(object.metadata.name, body.metadata.name);
  const versions: string[] = body.spec.versions.filter((v: any) => v.served).map((v: any) => v.name);
  for (const version of versions)
    await c.poll(500, 30_000, `${o.plural} in /apis/${o.group}/${version}`, () =>
      inDiscovery(c, o.group, version, o.plural),
    );
  const of = (namespace?: string, version = versions[0]!) =>
    c.dyn(`${o.group}/${version}`, o.kind, namespace, o.plural);
  if (o.strict) await established(c, of, versions, o);
  return {
    object,
    name: body.metadata.name,
    group: o.group,
    plural: o.plural,
    kind: o.kind,
    apiVersion: `${o.group}/${versions[0]}`,
    of,
  };
}

/** A group or version that is not there is a 404. */
export async function inDiscovery(c: Context, group: string, version: string, plural: string): Promise<boolean> {
  const reply = await c.raw(`/apis/${group}/${version}`, { accept: 'application/json' });
  if (reply.code === 404) return false;
  assert.equal(reply.code, 200, reply.text);
  assert.equal(reply.json.kind, 'APIResourceList');
  return reply.json.resources.some((x: any) => x.name === plural);
}

export async function goneFromDiscovery(c: Context, body: any): Promise<void> {
  const { group, names, versions } = body.spec;
  for (const { name } of versions)
    await c.poll(
      500,
      30_000,
      `${names.plural} leaves discovery`,
      async () => !(await inDiscovery(c, group, name, names.plural)),
    );
}

async function removeCrd(c: Context, body: any): Promise<void> {
  await c.of(crdApi, 'CustomResourceDefinition').delete(body.metadata.name);
  await goneFromDiscovery(c, body);
}

/** Each version's watch, from the version that a create gave, must begin with the deletion of that object. */
async function established(c: Context, of: Crd['of'], versions: string[], o: CrdOptions): Promise<void> {
  const namespace = (o.scope ?? 'Namespaced') === 'Namespaced' ? 'default' : undefined;
  const name = `setup-instance-${randomInt(1e6)}`;
  await c.poll(500, 30_000, 'a watch begins with the deletion', async () => {
    const made = await of(namespace).create({
      metadata: { name },
      alpha: 'foo_123',
      beta: 10,
      gamma: 'bar',
      delta: 'hello',
    });
    await of(namespace).delete(name);
    for (const version of versions) {
      const watch = await of(namespace, version).watch({
        fieldSelector: `metadata.name=${name}`,
        resourceVersion: made.metadata.resourceVersion,
      });
      const event = await watch.next(5_000).finally(() => watch.close());
      if (event.type === 'ERROR') return false;
      assert.equal(event.type, 'DELETED');
      assert.equal(event.object.metadata.name, name);
    }
    return true;
  });
}
