// What the rows of workloads have in common: images, the pods of a set by label, a status written twice by hand, and scaling.
// Used by rows/{daemonSets,statefulSets,replicationControllers,disruptionBudgets}.ts.
import assert from 'node:assert/strict';
import { holds } from './harness/check.ts';
import type { Context } from './harness/context.ts';
import type { Resource } from './harness/resource.ts';

export const agnhost = 'registry.k8s.io/e2e-test-images/agnhost:2.59';
export const olderAgnhost = 'registry.k8s.io/e2e-test-images/agnhost:2.58';
export const pause = 'registry.k8s.io/pause:3.10.1';

export const minutes = (n: number): number => n * 60_000;

export const condition = (object: any, type: string): any =>
  object.status?.conditions?.find((x: any) => x.type === type);
export const isReady = (pod: any): boolean =>
  pod.status?.phase === 'Running' && condition(pod, 'Ready')?.status === 'True' && !pod.metadata.deletionTimestamp;
export const living = async (pods: Resource, labelSelector?: string): Promise<any[]> =>
  (await pods.list({ labelSelector })).items.filter((pod: any) => !pod.metadata.deletionTimestamp);
export const imageOf = (pod: any): string => pod.spec.containers[0].image;

const byHand = { type: 'StatusUpdate', status: 'True', reason: 'E2E', message: 'Set from e2e test' };
const byPatch = { type: 'StatusPatched', status: 'True' };

/** A condition by PUT and one by merge patch on /status; each must be seen on a watch, and what was sent beside it must not count. */
export async function statusTwice(
  c: Context,
  dyn: Resource,
  name: string,
  labelSelector: string,
  beside: object = {},
): Promise<void> {
  const { metadata } = await dyn.list({ labelSelector });
  const watch = await dyn.watch({ labelSelector, resourceVersion: metadata.resourceVersion });
  c.after(() => watch.close());
  const seen = (wanted: any) =>
    watch.until(`${wanted.type} is seen`, ({ object }) => {
      const found = object.metadata.name === name && condition(object, wanted.type);
      return Boolean(found) && Object.entries(wanted).every(([k, v]) => found[k] === v);
    });
  const { spec } = await dyn.get(name, 'status');
  const updated = await dyn.change(
    name,
    (o) => {
      o.status.conditions = [...(o.status.conditions ?? []), byHand];
    },
    'status',
  );
  holds(condition(updated, byHand.type), byHand);
  await seen(byHand);
  const patched = await dyn.patch(
    name,
    'merge',
    { ...beside, status: { ...(beside as any).status, conditions: [byPatch] } },
    'status',
  );
  holds(condition(patched, byPatch.type), byPatch);
  assert.deepEqual(patched.spec, spec, 'a write to /status leaves spec alone');
  await seen(byPatch);
}

/** GET, PUT 2 without a version, strategic patch 4 on /scale. `counts`: status.replicas follows too. */
export async function scaleCourse(c: Context, r: Resource, name: string, to: readonly number[]): Promise<void> {
  const scale = await r.get(name, 'scale');
  assert.equal(scale.kind, 'Scale');
  assert.equal(scale.spec.replicas, 1);
  const [put, patch] = to;
  const answer = await r.update(
    { ...scale, metadata: { ...scale.metadata, resourceVersion: undefined }, spec: { replicas: put } },
    'scale',
  );
  assert.equal(answer.spec.replicas, put);
  assert.equal((await r.get(name)).spec.replicas, put);
  if (patch === undefined) return;
  const body = {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: {},
    spec: { replicas: patch },
    status: { replicas: 0 },
  };
  const reply = await c.raw(r.path(name, 'scale'), {
    method: 'PATCH',
    body,
    type: 'application/strategic-merge-patch+json',
    accept: 'application/json',
  });
  assert.equal(reply.json?.spec?.replicas, patch, reply.text.slice(0, 300));
  assert.equal((await r.get(name)).spec.replicas, patch);
}
