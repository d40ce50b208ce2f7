// Rows of limit ranges, priority classes and cron jobs that need an API server alone. See ../row.ts for how to read one.
import assert from 'node:assert/strict';
import { course } from '../course.ts';
import { conflict, invalid, refused } from '../harness/apiError.ts';
import { grew, holds, names, sameUid } from '../harness/check.ts';
import type { Resource } from '../harness/resource.ts';
import { type Row, row } from '../row.ts';

const resources = (cpu: string, memory: string, storage: string) => ({ cpu, memory, 'ephemeral-storage': storage });

export const schedulingRows: Row[] = [
  row('scheduling.limitrange.defaults-applied', async (c) => {
    const namespace = await c.namespace();
    const [ranges, pods] = [c.of('v1', 'LimitRange', namespace), c.of('v1', 'Pod', namespace)];
    const name = 'limit-range';
    const max = resources('500m', '500Mi', '500Gi');
    const limits = (min: object) => [
      { type: 'Container', min, max, default: max, defaultRequest: resources('100m', '200Mi', '200Gi') },
    ];
    const { metadata } = await ranges.list();
    const watch = await ranges.watch({ resourceVersion: metadata.resourceVersion });
    c.after(() => watch.close());
    const min = resources('50m', '100Mi', '100Gi');
    const made = await ranges.create({ metadata: { name }, spec: { limits: limits(min) } });
    holds(made.spec.limits, limits(min));
    await watch.expect('ADDED', made, 60_000);
    sameUid(made, await ranges.get(name));

    const asked = async (podName: string, want: object) => {
      const pod = await pods.create(podOf(podName, want));
      return (await pods.get(pod.metadata.name)).spec.containers[0].resources;
    };
    const defaults = { requests: resources('100m', '200Mi', '200Gi'), limits: max };
    await c.poll(
      1000,
      30_000,
      'the range is known to admission',
      async () => Object.keys(await asked(c.unique(), {})).length > 0,
    );
    assert.deepEqual(await asked('pod-no-resources', {}), defaults);
    assert.deepEqual(
      await asked('pod-partial-resources', {
        requests: { memory: '150Mi', 'ephemeral-storage': '150Gi' },
        limits: { cpu: '300m' },
      }),
      { requests: resources('300m', '150Mi', '150Gi'), limits: resources('300m', '500Mi', '500Gi') },
    );
    const [low, high] = [resources('10m', '50Mi', '50Gi'), resources('600m', '600Mi', '600Gi')];
    const tooLow = () => pods.create(podOf('pfpod', { requests: low }));
    const tooHigh = (podName = 'pfpod2') => pods.create(podOf(podName, { requests: high, limits: high }));
    await refused(tooLow(), { code: 403, reason: 'Forbidden', texts: ['minimum'] });
    await refused(tooHigh(), { code: 403, reason: 'Forbidden', texts: ['maximum'] });
    const newMin = resources('9m', '49Mi', '49Gi');
    const updated = await ranges.update({ ...made, spec: { limits: limits(newMin) } });
    holds(updated.spec.limits[0].min, newMin);
    await c.poll(500, 60_000, 'the low pod is taken', () => tooLow().catch(() => undefined));
    await refused(tooHigh(), { code: 403, reason: 'Forbidden' });
    assert.deepEqual(names((await ranges.list()).items), [name]);
    await ranges.delete(name, { gracePeriodSeconds: 30 });
    await c.poll(5000, 60_000, 'it leaves the list', async () => !names((await ranges.list()).items).includes(name));
    await c.poll(5000, 60_000, 'the high pod is taken', () => tooHigh().catch(() => undefined));
  }),
  row('scheduling.limitrange.list-patch-delete-collection', async (c) => {
    const [one, two] = await Promise.all([c.namespace(), c.namespace()]);
    const name = c.unique('e2e-limitrange-');
    const limits = (min: object) => [{ type: 'Container', min, max: resources('500m', '500Mi', '500Gi') }];
    const body = {
      metadata: { name, labels: { 'e2e-test': name, [name]: 'created' } },
      spec: { limits: limits(resources('50m', '100Mi', '100Gi')) },
    };
    const r = c.of('v1', 'LimitRange', one);
    const made = await r.create(body);
    await c.of('v1', 'LimitRange', two).create(body);
    const everywhere = async () => (await c.of('v1', 'LimitRange').list({ labelSelector: `e2e-test=${name}` })).items;
    assert.deepEqual((await everywhere()).map((i: any) => i.metadata.namespace).sort(), [one, two].sort());
    const min = resources('42m', '42Mi', '42Gi');
    const patched = await r.patch(name, 'strategic', {
      metadata: { labels: { [name]: 'patched' } },
      spec: { limits: limits(min) },
    });
    assert.equal(patched.metadata.labels[name], 'patched');
    assert.deepEqual((await r.get(name)).spec.limits[0].min, min);
    grew(made, patched);
    await r.deleteCollection({ labelSelector: `${name}=patched` });
    await c.poll(
      1000,
      10_000,
      'none is left there',
      async () => (await r.list({ labelSelector: `${name}=patched` })).items.length === 0,
    );
    assert.deepEqual(
      (await everywhere()).map((i: any) => i.metadata.namespace),
      [two],
    );
  }),
  row('scheduling.priorityclass.endpoints', async (c) => {
    const r = c.of('scheduling.k8s.io/v1', 'PriorityClass');
    const uuid = c.unique();
    const made = await Promise.all(
      [1, 2].map(async (value) =>
        c.mine(r, await r.create({ metadata: { name: c.unique(`p${value}-`), labels: { e2e: uuid } }, value })),
      ),
    );
    assert.deepEqual(
      made.map((m) => m.value),
      [1, 2],
    );
    const [one, two] = made;
    await refused(r.patch(one.metadata.name, 'strategic', { value: 10 }), { ...invalid, texts: ['value'] });
    await refused(r.update({ ...two, value: 20 }), { ...invalid, texts: ['value'] });
    const description = 'updated description';
    const first = await r.patch(one.metadata.name, 'strategic', { description });
    const second = await r.update({ ...(await r.get(two.metadata.name)), description });
    grew(one, first);
    grew(two, second);
    const list = await r.list({ labelSelector: `e2e=${uuid}` });
    assert.equal(list.items.length, 2);
    for (const [i, m] of made.entries()) {
      const found = await r.get(m.metadata.name);
      holds(found, { value: i + 1, description });
      grew(m, found);
    }
    await r.deleteCollection({ labelSelector: `e2e=${uuid}` });
    assert.deepEqual((await r.list({ labelSelector: `e2e=${uuid}` })).items, []);
  }),
  row('apps.cronjob.api-operations', async (c) => {
    const namespace = await c.namespace();
    const unique = c.unique('e2e-cronjob-');
    const r = c.of('batch/v1', 'CronJob', namespace);
    const dyn = c.dyn('batch/v1', 'CronJob', namespace);
    const body = (generateName: string) => ({
      metadata: { generateName, labels: { 'special-label': unique } },
      spec: cronSpec,
    });
    await course(c, {
      r,
      dyn,
      everywhere: c.of('batch/v1', 'CronJob'),
      subresources: ['cronjobs/status'],
      bodies: ['test-api-', 'test-api-', 'for-removal-'].map(body),
      labelSelector: `special-label=${unique}`,
      mayLinger: true,
      status: ({ metadata }) => cronStatus(r, metadata.name),
    });
  }),
];

const podOf = (name: string, want: object) => ({
  metadata: { name },
  spec: { containers: [{ name: 'pause', image: 'registry.k8s.io/pause:3.10.1', resources: want }] },
});

const cronSpec = {
  schedule: '* */1 * * ?',
  concurrencyPolicy: 'Allow',
  jobTemplate: {
    spec: {
      parallelism: 1,
      completions: 1,
      backoffLimit: 1,
      template: {
        spec: {
          restartPolicy: 'OnFailure',
          volumes: [{ name: 'data', emptyDir: {} }],
          containers: [
            {
              name: 'c',
              image: 'registry.k8s.io/e2e-test-images/busybox:1.37.0-1',
              command: ['sleep', '300'],
              volumeMounts: [{ name: 'data', mountPath: '/data' }],
            },
          ],
        },
      },
    },
  },
};

/** lastScheduleTime goes through /status by patch and by PUT, kept to the second. */
async function cronStatus(r: Resource, name: string): Promise<void> {
  const first = '2024-05-06T07:08:09Z';
  const patched = await r.patch(
    name,
    'merge',
    { metadata: { annotations: { patchedstatus: 'true' } }, status: { lastScheduleTime: first } },
    'status',
  );
  assert.equal(patched.metadata.annotations.patchedstatus, 'true');
  assert.equal(patched.status.lastScheduleTime, first);
  const second = '2024-05-06T08:09:10Z';
  const updated = await r.change(
    name,
    (object) => {
      object.status.lastScheduleTime = second;
    },
    'status',
  );
  assert.equal(updated.status.lastScheduleTime, second);
  assert.deepEqual(updated.spec, patched.spec, 'a write to /status leaves the spec alone');
  const stale = { ...patched, status: { lastScheduleTime: first } };
  await refused(r.update(stale, 'status'), conflict);
}
