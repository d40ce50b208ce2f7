import { describe, expect, it } from 'vitest';
import {
  finalizer,
  newVolume,
  nodeFor,
  type Place,
  planLeftover,
  volumePath,
  whyNot,
} from '../../../addons/localPath/plan.ts';
import { makeClaim, makeClass, makeVolume } from '../../controllers/storage/objects.ts';

const place: Place = { provisioner: 'p/local', basePath: '/base', hosts: (node) => node === 'n1' };
const waits = makeClass('slow', { waits: true, provisioner: 'p/local' });
const asked = { 'volume.kubernetes.io/storage-provisioner': 'p/local', 'volume.kubernetes.io/selected-node': 'n1' };

it.each<[string, string | undefined, Parameters<typeof makeClaim>[1], typeof waits?]>([
  ['chosen for a node of ours', 'n1', { annotations: asked }],
  [
    'by the older name',
    'n1',
    {
      annotations: {
        'volume.beta.kubernetes.io/storage-provisioner': 'p/local',
        'volume.kubernetes.io/selected-node': 'n1',
      },
    },
  ],
  ['no node is chosen', undefined, { annotations: { 'volume.kubernetes.io/storage-provisioner': 'p/local' } }],
  ['another machine’s node', undefined, { annotations: { ...asked, 'volume.kubernetes.io/selected-node': 'n2' } }],
  ['another provisioner', undefined, { annotations: { ...asked, 'volume.kubernetes.io/storage-provisioner': 'q' } }],
  ['it has its volume', undefined, { annotations: asked, volume: 'v' }],
  ['its class is another’s', undefined, { annotations: asked }, makeClass('slow', { waits: true })],
  ['its class waits for nobody', undefined, { annotations: asked }, makeClass('slow', { provisioner: 'p/local' })],
])('a claim: %s', (_, node, claim, storageClass = waits) => {
  expect(nodeFor(makeClaim('c', claim), storageClass, place)).toBe(node);
});

it.each<[string | undefined, object]>([
  [undefined, {}],
  ['claim.Spec.Selector is not supported', { selector: {} }],
  ['a data source is not supported', { dataSource: { kind: 'X', name: 'x' } }],
  ['block volume provisioning is not supported', { volumeMode: 'Block' }],
  [
    'access mode ReadWriteMany is not supported: the files are on one node',
    { accessModes: ['ReadWriteOnce', 'ReadWriteMany'] },
  ],
])('%s', (why, spec) => expect(whyNot(makeClaim('c', { spec }))).toBe(why));

it('a volume is a folder of one node, tied to its claim', () => {
  const claim = makeClaim('c', { size: '3Gi' });
  const path = volumePath(place, 'n1', claim);
  expect(path).toBe('/base/n1/pvc-uid-c_d_c');
  const volume = newVolume(claim, waits, place, { path, host: 'host-1' });
  expect(volume.metadata).toEqual({
    name: 'pvc-uid-c',
    annotations: { 'pv.kubernetes.io/provisioned-by': 'p/local' },
    finalizers: [finalizer],
  });
  expect(volume.spec).toMatchObject({
    accessModes: ['ReadWriteOnce'],
    capacity: { storage: '3Gi' },
    persistentVolumeReclaimPolicy: 'Delete',
    storageClassName: 'slow',
    claimRef: { namespace: 'd', name: 'c', uid: 'uid-c' },
    local: { path },
  });
  expect(volume.spec?.nodeAffinity?.required?.nodeSelectorTerms[0]?.matchExpressions).toEqual([
    { key: 'kubernetes.io/hostname', operator: 'In', values: ['host-1'] },
  ]);
  expect(
    newVolume(claim, { ...waits, reclaimPolicy: 'Retain' }, place, { path, host: 'h' }).metadata.finalizers,
  ).toBeUndefined();
});

describe('what is left behind', () => {
  const decide = (path: string, o: Parameters<typeof makeVolume>[1] = {}, finalizers: string[] = [finalizer]) => {
    const annotations = { 'pv.kubernetes.io/provisioned-by': 'p/local' };
    const volume = makeVolume('v', {
      annotations,
      policy: 'Delete',
      phase: 'Released',
      spec: { local: { path } },
      ...o,
    });
    return planLeftover({ ...volume, metadata: { ...volume.metadata, finalizers } }, place);
  };
  const ours = '/base/n1/pvc-1_d_c';
  it.each<[string, ReturnType<typeof decide>, object]>([
    ['goes', decide(ours), { remove: true }],
    ['goes, and its volume is deleted already', decide(ours, { deleting: true }), { remove: true }],
    ['is only waited for by others', decide(ours, { deleting: true }, []), {}],
    ['is in use', decide(ours, { phase: 'Bound' }), {}],
    ['is kept', decide(ours, { policy: 'Retain' }, []), {}],
    ['is kept after all', decide(ours, { policy: 'Retain' }), { release: true }],
    ['is another’s', decide(ours, { annotations: { 'pv.kubernetes.io/provisioned-by': 'q' } }), {}],
    ['is on another machine', decide('/base/n2/pvc-1_d_c'), {}],
    ['is the folder of all', decide('/base/n1'), {}],
    ['is the base', decide('/base/'), {}],
    ['climbs', decide('/base/n1/pvc-1/../../../etc'), {}],
    ['climbs at once', decide('/base/../etc/pvc-1'), {}],
    ['lies elsewhere', decide('/baser/n1/pvc-1'), {}],
    ['is no folder of ours', decide('/base/n1/data'), {}],
    ['lies deeper', decide('/base/n1/pvc-1/deep'), {}],
  ])('%s', (_, plan, expected) => {
    expect(plan).toEqual(expected);
  });
});
