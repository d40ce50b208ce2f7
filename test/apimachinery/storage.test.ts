import { describe, expect, it } from 'vitest';
import { boundTo, claimWithVolume, volumeSetFree } from '../../apimachinery/storage/binding.ts';
import { classOf, defaultClass, hasClass } from '../../apimachinery/storage/claims.ts';
import { findVolume, isMeantFor, reaches, whyUnfit } from '../../apimachinery/storage/matching.ts';
import { notMadeFor } from '../../apimachinery/storage/podVolumes.ts';
import type { Node } from '../../apimachinery/types.ts';
import { makeClaim, makeClass, makeVolume } from '../controllers/storage/objects.ts';

const node = (name: string) => ({ metadata: { name, labels: { 'kubernetes.io/hostname': name } } }) as unknown as Node;
const onlyOn = (name: string) => ({
  nodeAffinity: {
    required: {
      nodeSelectorTerms: [{ matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: [name] }] }],
    },
  },
});
const all = ['ReadWriteOnce', 'ReadOnlyMany', 'ReadWriteMany'];

describe('the volume for a claim', () => {
  type Case = [string, Parameters<typeof makeClaim>[1], ReturnType<typeof makeVolume>[], string | undefined, boolean?];
  it.each<Case>([
    [
      'the smallest that is large enough',
      { size: '5Gi' },
      [makeVolume('a', { size: '9Gi' }), makeVolume('b', { size: '6Gi' }), makeVolume('c', { size: '4Gi' })],
      'b',
    ],
    ['of equals the first', {}, [makeVolume('a'), makeVolume('b')], 'a'],
    ['none of another class', {}, [makeVolume('a', { class: 'fast' })], undefined],
    ['no class is a class', { class: '' }, [makeVolume('a'), makeVolume('b', { class: '' })], 'b'],
    ['all access modes', { modes: ['ReadWriteMany'] }, [makeVolume('a'), makeVolume('b', { modes: all })], 'b'],
    [
      'fewer modes before smaller',
      { size: '1Gi' },
      [makeVolume('a', { modes: all }), makeVolume('b', { size: '8Gi' })],
      'b',
    ],
    [
      'labels',
      { spec: { selector: { matchLabels: { t: 'x' } } } },
      [makeVolume('a'), makeVolume('b', { labels: { t: 'x' } })],
      'b',
    ],
    [
      'volume mode',
      { spec: { volumeMode: 'Block' } },
      [makeVolume('a'), makeVolume('b', { spec: { volumeMode: 'Block' } })],
      'b',
    ],
    [
      'attributes class',
      { spec: { volumeAttributesClassName: 'gold' } },
      [makeVolume('a'), makeVolume('b', { spec: { volumeAttributesClassName: 'gold' } })],
      'b',
    ],
    ['none that goes', {}, [makeVolume('a', { deleting: true })], undefined],
    ['none of another claim', {}, [makeVolume('a', { claim: { name: 'x' } })], undefined],
    ['none that is not Available yet', {}, [makeVolume('a', { phase: 'Pending' })], undefined],
    [
      'one that is reserved for it, even if larger',
      {},
      [makeVolume('a'), makeVolume('b', { size: '9Gi', claim: { name: 'c' } })],
      'b',
    ],
    [
      'one that is reserved but too small does not count',
      { size: '5Gi' },
      [makeVolume('a', { claim: { name: 'c' } }), makeVolume('b', { size: '5Gi' })],
      'b',
    ],
    ['one that was another claim of this name', {}, [makeVolume('a', { claim: { name: 'c', uid: 'old' } })], undefined],
    ['only what is tied, while it waits for a pod', {}, [makeVolume('a')], undefined, true],
    ['tied is tied', {}, [makeVolume('a', { claim: { name: 'c' } })], 'a', true],
    [
      'reserved, but without its access modes',
      { modes: ['ReadWriteMany'] },
      [makeVolume('a', { claim: { name: 'c' } }), makeVolume('b', { modes: all })],
      'b',
    ],
  ])('%s', (_, claim, volumes, expected, options) => {
    expect(findVolume(makeClaim('c', claim), volumes, options)?.metadata.name).toBe(expected);
  });

  it('is reachable from some nodes, or from all', () => {
    expect(reaches(makeVolume('a', { spec: onlyOn('n1') }), node('n1'))).toBe(true);
    expect(reaches(makeVolume('a', { spec: onlyOn('n1') }), node('n2'))).toBe(false);
    expect(reaches(makeVolume('a'), node('n2'))).toBe(true);
  });

  it.each([
    [makeVolume('v', { deleting: true }), {}, 'the volume is marked for deletion "v"'],
    [makeVolume('v'), { size: '2Gi' }, 'requested PV is too small'],
    [makeVolume('v'), { class: 'fast' }, 'storageClassName does not match'],
    [makeVolume('v'), { spec: { volumeAttributesClassName: 'g' } }, 'volumeAttributesClassName does not match'],
    [makeVolume('v'), { spec: { volumeMode: 'Block' } }, 'incompatible volumeMode'],
    [makeVolume('v'), { modes: ['ReadWriteMany'] }, 'incompatible accessMode'],
    [makeVolume('v'), { spec: { selector: { matchLabels: { a: 'b' } } } }, undefined],
  ])('a volume that is asked for by name %#', (volume, claim, why) => {
    expect(whyUnfit(volume, makeClaim('c', claim))).toBe(why);
  });
});

it('a binding is two halves; what is there already is not written again', () => {
  const claim = makeClaim('c');
  const tied = boundTo(makeVolume('v'), claim);
  expect(tied.spec?.claimRef).toMatchObject({ namespace: 'd', name: 'c', uid: 'uid-c', kind: 'PersistentVolumeClaim' });
  expect(tied.metadata.annotations).toEqual({ 'pv.kubernetes.io/bound-by-controller': 'yes' });
  expect(boundTo(tied, claim)).toBe(tied);
  const reserved = boundTo(makeVolume('v', { claim: { name: 'c' } }), claim);
  expect(reserved.metadata.annotations).toBeUndefined();
  expect(isMeantFor(reserved, claim)).toBe(true);
  const named = claimWithVolume(claim, tied);
  expect(named.spec?.volumeName).toBe('v');
  expect(Object.keys(named.metadata.annotations!).sort()).toEqual([
    'pv.kubernetes.io/bind-completed',
    'pv.kubernetes.io/bound-by-controller',
  ]);
  expect(claimWithVolume(named, tied)).toBe(named);
  expect(Object.keys(claimWithVolume(makeClaim('c', { volume: 'v' }), tied).metadata.annotations!)).toEqual([
    'pv.kubernetes.io/bind-completed',
  ]);
  expect(volumeSetFree(tied).spec?.claimRef).toBeUndefined();
  expect(volumeSetFree(tied).metadata.annotations).toBeUndefined();
  expect(volumeSetFree(reserved).spec?.claimRef).toMatchObject({ name: 'c', uid: undefined });
});

it('classes: by the old annotation, by the field; the youngest default', () => {
  expect(classOf(makeClaim('c', { annotations: { 'volume.beta.kubernetes.io/storage-class': 'old' } }))).toBe('old');
  expect([hasClass(makeClaim('c', { class: null })), hasClass(makeClaim('c', { class: '' }))]).toEqual([false, true]);
  const made = (name: string, at: string, isDefault = true) => {
    const c = makeClass(name, { default: isDefault });
    return { ...c, metadata: { ...c.metadata, creationTimestamp: at } };
  };
  const [t1, t2] = ['2024-01-01T00:00:00Z', '2024-01-02T00:00:00Z'];
  expect(defaultClass([made('a', t1), made('b', t2), made('z', t2, false)])?.metadata.name).toBe('b');
  expect(defaultClass([made('b', t1), made('a', t1)])?.metadata.name).toBe('a');
  expect(defaultClass([])).toBeUndefined();
});

it('a claim that is made for a pod is that pod’s own', () => {
  const pod = { metadata: { name: 'p', namespace: 'd', uid: 'u' } } as never;
  const claim = makeClaim('p-v');
  expect(notMadeFor(pod, claim)).toBe('PVC d/p-v was not created for pod d/p (pod is not owner)');
  const ownerReferences = [{ apiVersion: 'v1', kind: 'Pod', name: 'p', uid: 'u', controller: true }];
  expect(notMadeFor(pod, { ...claim, metadata: { ...claim.metadata, ownerReferences } })).toBeUndefined();
});
