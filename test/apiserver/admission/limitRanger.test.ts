import { describe, expect, test } from 'vitest';
import { limitRanger } from '../../../apiserver/admission/limitRanger.ts';
import { memoryCluster } from '../memoryCluster.ts';
import { outcome, writeOf } from './attributes.ts';

const withRange = (...limits: object[]) => {
  const cluster = memoryCluster();
  cluster.put({ group: '', plural: 'limitranges' }, { metadata: { name: 'l', namespace: 'a' }, spec: { limits } });
  return cluster;
};
const resources = (requests?: object, limits?: object) => ({
  ...(requests ? { requests } : {}),
  ...(limits ? { limits } : {}),
});
const podOf = (of?: object, more: object = {}) => ({ spec: { containers: [{ name: 'c', resources: of }], ...more } });

describe('defaults', () => {
  const cluster = withRange({
    type: 'Container',
    defaultRequest: { memory: '200Mi', cpu: '100m' },
    default: { cpu: '500m' },
  });

  test('fill what containers leave out, and an annotation tells of it', async () => {
    const pod = {
      spec: {
        containers: [{ name: 'c' }, { name: 'd', resources: resources({ cpu: '1', memory: '1' }, { cpu: '2' }) }],
        initContainers: [{ name: 'i', resources: resources({ memory: '5' }) }],
      },
    };
    const a = writeOf('CREATE', 'pods', pod, { cluster });
    expect(await outcome(limitRanger(), a)).toBe('accepted');
    expect(a.object.spec.containers[0].resources).toEqual(resources({ cpu: '100m', memory: '200Mi' }, { cpu: '500m' }));
    expect(a.object.spec.containers[1].resources).toEqual(resources({ cpu: '1', memory: '1' }, { cpu: '2' }));
    expect(a.object.spec.initContainers[0].resources).toEqual(resources({ cpu: '100m', memory: '5' }, { cpu: '500m' }));
    expect(a.object.metadata.annotations).toEqual({
      'kubernetes.io/limit-ranger':
        'LimitRanger plugin set: cpu, memory request for container c; cpu limit for container c; ' +
        'cpu request for init container i; cpu limit for init container i',
    });
  });

  test.each(['UPDATE', 'DELETE'] as const)('a pod is left alone at %s', async (operation) => {
    const a = writeOf(operation, 'pods', podOf(), { cluster });
    expect(await outcome(limitRanger(), a)).toBe('accepted');
    expect(a.object.spec.containers[0].resources).toBeUndefined();
  });
});

const min = { type: 'Container', min: { cpu: '50m' } };
const max = { type: 'Container', max: { cpu: '500m' } };
const ratio = { type: 'Container', maxLimitRequestRatio: { cpu: '1500m' } };
const ofPod = { type: 'Pod', min: { cpu: '100m' }, max: { cpu: '1' } };
const forbidden = (why: string) => `403 pods "x" is forbidden: ${why}`;

test.each<[object, object, string]>([
  [min, podOf(resources({ cpu: '50m' })), 'accepted'],
  [min, podOf(resources({ cpu: '10m' })), forbidden('minimum cpu usage per Container is 50m, but request is 10m')],
  [
    min,
    podOf(resources({ cpu: '60m' }, { cpu: '40m' })),
    forbidden('minimum cpu usage per Container is 50m, but limit is 40m'),
  ],
  [min, podOf(), forbidden('minimum cpu usage per Container is 50m.  No request is specified')],
  [max, podOf(resources({ cpu: '50m' }, { cpu: '500m' })), 'accepted'],
  [max, podOf(), forbidden('maximum cpu usage per Container is 500m.  No limit is specified')],
  [max, podOf(resources({}, { cpu: '600m' })), forbidden('maximum cpu usage per Container is 500m, but limit is 600m')],
  [
    max,
    podOf(resources({ cpu: '700m' }, { cpu: '500m' })),
    forbidden('maximum cpu usage per Container is 500m, but request is 700m'),
  ],
  [ratio, podOf(resources({ cpu: '100m' }, { cpu: '150m' })), 'accepted'],
  [
    ratio,
    podOf(resources({ cpu: '100m' }, { cpu: '160m' })),
    forbidden('cpu max limit to request ratio per Container is 1500m, but provided ratio is 1.600000'),
  ],
  [
    ratio,
    podOf(resources({ cpu: '0' }, { cpu: '1' })),
    forbidden('cpu max limit to request ratio per Container is 1500m, but no request is specified or request is 0'),
  ],
  [
    ratio,
    podOf(resources({ cpu: '1' })),
    forbidden('cpu max limit to request ratio per Container is 1500m, but no limit is specified or limit is 0'),
  ],
  [
    { type: 'Container', min: { cpu: '1' }, max: { memory: '1Gi' } },
    podOf(),
    forbidden(
      '[minimum cpu usage per Container is 1.  No request is specified, maximum memory usage per Container is 1Gi.  No limit is specified]',
    ),
  ],
  [
    min,
    podOf(resources({ cpu: '1' }), { initContainers: [{ name: 'i', resources: resources({ cpu: '1m' }) }] }),
    forbidden('minimum cpu usage per Container is 50m, but request is 1m'),
  ],
  [
    ofPod,
    {
      spec: {
        containers: [1, 2].map((i) => ({ name: `c${i}`, resources: resources({ cpu: '60m' }, { cpu: '400m' }) })),
      },
    },
    'accepted',
  ],
  [
    ofPod,
    {
      spec: {
        containers: [1, 2].map((i) => ({ name: `c${i}`, resources: resources({ cpu: '60m' }, { cpu: '600m' }) })),
      },
    },
    forbidden('maximum cpu usage per Pod is 1, but limit is 1200m'),
  ],
  [
    ofPod,
    podOf(resources({ cpu: '60m' }, { cpu: '2' }), { resources: resources({ cpu: '200m' }, { cpu: '900m' }) }),
    'accepted',
  ],
  [
    ofPod,
    podOf(resources({ cpu: '60m' }, { cpu: '60m' }), {
      initContainers: [{ name: 'i', resources: resources({ cpu: '100m' }, { cpu: '2' }) }],
    }),
    forbidden('maximum cpu usage per Pod is 1, but limit is 2'),
  ],
])('%j and %j', async (range, pod, expected) => {
  expect(await outcome(limitRanger(), writeOf('CREATE', 'pods', pod, { cluster: withRange(range) }))).toBe(expected);
});

test('a resize is held to the bounds; what is being deleted is not', async () => {
  const pod = podOf(resources({ cpu: '1m' }));
  const more = { cluster: withRange(min), subresource: 'resize' };
  expect(await outcome(limitRanger(), writeOf('UPDATE', 'pods', pod, more))).toMatch(/^403/);
  const old = { metadata: { name: 'x', deletionTimestamp: 'now' } } as never;
  expect(await outcome(limitRanger(), writeOf('UPDATE', 'pods', pod, { ...more, old }))).toBe('accepted');
});

test('a range of another namespace is no matter', async () => {
  const more = { cluster: withRange(min), namespace: 'b' };
  expect(await outcome(limitRanger(), writeOf('CREATE', 'pods', podOf(), more))).toBe('accepted');
});

test.each<[string | undefined, string]>([
  ['1Gi', 'accepted'],
  ['10Gi', 'accepted'],
  ['1Mi', 'minimum storage usage per PersistentVolumeClaim is 1Gi, but request is 1Mi'],
  ['11Gi', 'maximum storage usage per PersistentVolumeClaim is 10Gi, but request is 11Gi'],
  [
    undefined,
    '[minimum storage usage per PersistentVolumeClaim is 1Gi.  No request is specified, maximum storage usage per PersistentVolumeClaim is 10Gi.  No request is specified]',
  ],
])('a claim of %s', async (storage, expected) => {
  const cluster = withRange({ type: 'PersistentVolumeClaim', min: { storage: '1Gi' }, max: { storage: '10Gi' } });
  const claim = { spec: { resources: { requests: storage ? { storage } : {} } } };
  const found = await outcome(limitRanger(), writeOf('CREATE', 'persistentvolumeclaims', claim, { cluster }));
  expect(found.replace('403 persistentvolumeclaims "x" is forbidden: ', '')).toBe(expected);
});
