// The "CRUD course" that the facts define once and many rows take: discovery, three creates, get, list, watch, patch, update, status,
// delete and deletecollection, each with what must be seen. What differs between kinds is data.
// Mirrors: the API operation tests of upstream's test/e2e. Used by rows/*.ts.
import assert from 'node:assert/strict';
import { notFound, refused } from './harness/apiError.ts';
import { grew, holds, sameUid, validVersion } from './harness/check.ts';
import type { Context } from './harness/context.ts';
import type { Resource } from './harness/resource.ts';
import type { Watch } from './harness/watch.ts';

export interface Course {
  r: Resource;
  /** The same with a dynamic client, for the reads of /status. */
  dyn: Resource;
  /** Resources that discovery must name besides the kind's own, such as `flowschemas/status`. */
  subresources?: string[];
  /** The bodies of three creates; all carry the label. */
  bodies: object[];
  /** Picks them out of all. */
  labelSelector?: string;
  fieldSelector?: string;
  /** Of the watch, if it is not the list's; given the object that is then changed. */
  watch?: (object: any) => Record<string, string>;
  /** Also listed and watched over all namespaces. */
  everywhere?: Resource;
  /** Merge patch beside the annotation `patched=true`, and what then must be there. */
  patch?: object;
  /** Change beside the annotation `updated=true`, and what then must be there. */
  update?: { change(object: any): void; holds: object };
  /** What /status goes through; `course` looks at nothing of it. */
  status?(object: any): Promise<void>;
  /** May stay with deletionTimestamp and finalizers, and is then not counted. */
  mayLinger?: boolean;
}

export async function course(c: Context, o: Course): Promise<void> {
  const { r } = o;
  await discovered(c, r.apiVersion, [r.plural, ...(o.subresources ?? [])]);
  const selector = { labelSelector: o.labelSelector, fieldSelector: o.fieldSelector };
  const made: any[] = [];
  for (const body of o.bodies) made.push(c.mine(r, await r.create(body)));
  const subject = made.at(-1);
  const name = subject.metadata.name;
  const found = await r.get(name);
  sameUid(subject, found);
  validVersion(found);
  const places = o.everywhere ? [r, o.everywhere] : [r];
  const watches: Watch[] = [];
  for (const place of places) {
    const list = await place.list(selector);
    assert.deepEqual(
      list.items.map((i: any) => i.metadata.uid).sort(),
      made.map((i) => i.metadata.uid).sort(),
      'the list by selector is the three that were made',
    );
    const watch = await place.watch({
      ...(o.watch?.(subject) ?? selector),
      resourceVersion: list.metadata.resourceVersion,
    });
    c.after(() => watch.close());
    watches.push(watch);
  }

  const patched = await r.patch(name, 'merge', { metadata: { annotations: { patched: 'true' } }, ...o.patch });
  assert.equal(patched.metadata.annotations?.patched, 'true');
  holds(patched, o.patch ?? {});
  grew(found, patched);
  const updated = await r.change(name, (object) => {
    object.metadata.annotations = { ...object.metadata.annotations, updated: 'true' };
    o.update?.change(object);
  });
  assert.equal(updated.metadata.annotations?.updated, 'true');
  assert.equal(updated.metadata.annotations?.patched, 'true');
  holds(updated, o.update?.holds ?? {});
  grew(patched, updated);
  for (const watch of watches) await sawPatch(watch, name);

  if (o.status) {
    const status = await o.dyn.get(name, 'status');
    sameUid(updated, status);
    assert.equal(status.kind, r.kind);
    assert.deepEqual(status.spec, (await o.dyn.get(name)).spec, 'the whole object is read through /status');
    await o.status(status);
  }
  await deletions(o, made);
  for (const watch of watches) assert.ok(!watch.closed(), 'the watch stays open');
}

/** Only MODIFIED events, one of them with the annotation. */
async function sawPatch(watch: Watch, name: string): Promise<void> {
  await watch.until('a MODIFIED event with the annotation `patched`', ({ type, object }) => {
    assert.equal(type, 'MODIFIED');
    return object.metadata.name === name && object.metadata.annotations?.patched === 'true';
  });
}

async function deletions(o: Course, made: any[]): Promise<void> {
  const { r } = o;
  const selector = { labelSelector: o.labelSelector, fieldSelector: o.fieldSelector };
  const lingers = (object: any) =>
    o.mayLinger && object.metadata.deletionTimestamp && object.metadata.finalizers?.length;
  const left = async () => (await r.list(selector)).items.filter((i: any) => !lingers(i));
  const name = made.at(-1).metadata.name;
  await r.delete(name);
  const still = o.mayLinger ? await r.get(name).catch(() => undefined) : undefined;
  if (still) assert.ok(lingers(still), 'a deleted object has a deletionTimestamp and finalizers');
  else await refused(r.get(name), notFound);
  assert.equal((await left()).length, made.length - 1, 'one is gone at once');
  await r.deleteCollection(selector);
  assert.deepEqual(await left(), [], 'all are gone at once');
}

/** The version in `/apis` and `/apis/<group>`, the resources in `/apis/<group>/<version>`. */
export async function discovered(c: Context, apiVersion: string, resources: string[]): Promise<void> {
  const [group = '', version] = apiVersion.split('/');
  const groups = await c.json('/apis');
  assert.equal(groups.kind, 'APIGroupList');
  const inList = groups.groups.find((g: any) => g.name === group);
  assert.ok(
    inList?.versions.some((v: any) => v.version === version && v.groupVersion === apiVersion),
    `${apiVersion} in /apis`,
  );
  const own = await c.json(`/apis/${group}`);
  assert.equal(own.kind, 'APIGroup');
  assert.ok(
    own.versions.some((v: any) => v.version === version),
    `${version} in /apis/${group}`,
  );
  const list = await c.json(`/apis/${apiVersion}`);
  assert.equal(list.kind, 'APIResourceList');
  assert.equal(list.groupVersion, apiVersion);
  for (const resource of resources)
    assert.ok(
      list.resources.some((x: any) => x.name === resource),
      `${resource} in /apis/${apiVersion}`,
    );
}

/** A condition by merge patch, one more by PUT on /status; each must be in the answer as it was sent. */
export async function statusConditions(
  o: Pick<Course, 'r' | 'dyn'>,
  name: string,
  byPatch: any,
  byPut: any,
): Promise<void> {
  const find = (object: any, type: string) => object.status?.conditions?.find((x: any) => x.type === type);
  const patched = await o.r.patch(name, 'merge', { status: { conditions: [byPatch] } }, 'status');
  holds(find(patched, byPatch.type), byPatch);
  const updated = await o.r.change(name, (object) => void object.status.conditions.push(byPut), 'status');
  holds(find(updated, byPatch.type), byPatch);
  holds(find(updated, byPut.type), byPut);
}
