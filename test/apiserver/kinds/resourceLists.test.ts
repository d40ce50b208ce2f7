// Amounts of resources are kept to thousandths; finer ones are rounded up, in every kind that has them.
import { expect, test } from 'vitest';
import { limitRange } from '../../../apiserver/kinds/limitRange.ts';
import { node } from '../../../apiserver/kinds/node.ts';
import { persistentVolume } from '../../../apiserver/kinds/persistentVolume.ts';
import { persistentVolumeClaim } from '../../../apiserver/kinds/persistentVolumeClaim.ts';
import { replicationController } from '../../../apiserver/kinds/replicationController.ts';
import { roundAmounts } from '../../../apiserver/kinds/resourceLists.ts';
import { resourceQuota } from '../../../apiserver/kinds/resourceQuota.ts';
import { aPod } from './pod/pods.ts';
import { made } from './said.ts';

test.each<[string, string]>([
  ['1', '1'],
  ['1m', '1m'],
  ['1500m', '1500m'],
  ['1Gi', '1Gi'],
  ['100u', '1m'],
  ['1n', '1m'],
  ['1000001u', '1001m'],
  ['999999u', '1'],
  ['100e-6', '1e-3'],
  ['0', '0'],
])('%s is kept as %s', (given, kept) => {
  const list = { cpu: given };
  roundAmounts(list);
  expect(list.cpu).toBe(kept);
});

const fine = { cpu: '100u', 'example.com/gpu': '1' };
const round = { cpu: '1m', 'example.com/gpu': '1' };

test('in pods, whoever asks', () => {
  const { spec } = aPod((s) => {
    s.containers[0].resources = { limits: { ...fine } };
    s.initContainers = [{ name: 'i', image: 'b', resources: { requests: { ...fine } } }];
    s.resources = { requests: { cpu: '100u' } };
    s.overhead = { cpu: '1u' };
    s.volumes = [
      { name: 'v', ephemeral: { volumeClaimTemplate: { spec: { resources: { requests: { storage: '1u' } } } } } },
    ];
  });
  expect(spec.containers[0].resources).toEqual({ limits: round, requests: round });
  expect(spec.initContainers[0].resources.requests).toEqual(round);
  expect(spec.resources.requests).toEqual({ cpu: '1m' });
  expect(spec.overhead).toEqual({ cpu: '1m' });
  expect(spec.volumes[0].ephemeral.volumeClaimTemplate.spec.resources.requests).toEqual({ storage: '1m' });
});

test('in templates, nodes, volumes, claims, quotas and ranges', () => {
  const template = { spec: { containers: [{ name: 'c', image: 'b', resources: { requests: { ...fine } } }] } };
  const controller = made(replicationController, { spec: { template } });
  expect(controller.spec.template.spec.containers[0].resources.requests).toEqual(round);
  expect(made(node, { status: { capacity: { ...fine } } }).status).toMatchObject({
    capacity: round,
    allocatable: round,
  });
  const storage = { storage: '1u' };
  expect(made(persistentVolume, { spec: { capacity: { ...storage } } }).spec.capacity.storage).toBe('1m');
  const claim = made(persistentVolumeClaim, {
    spec: { resources: { requests: { ...storage } } },
    status: { capacity: { ...storage } },
  });
  expect([claim.spec.resources.requests.storage, claim.status.capacity.storage]).toEqual(['1m', '1m']);
  const quota = made(resourceQuota, { spec: { hard: { ...fine } }, status: { used: { ...fine } } });
  expect([quota.spec.hard, quota.status.used]).toEqual([round, round]);
  const range = made(limitRange, { spec: { limits: [{ type: 'Container', max: { ...fine } }] } });
  expect(range.spec.limits[0]).toMatchObject({ max: round, default: round, defaultRequest: round });
});
