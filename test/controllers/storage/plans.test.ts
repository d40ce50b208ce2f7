import { describe, expect, it } from 'vitest';
import { deleteHostPath } from '../../../controllers/persistentVolume/hostPath.ts';
import { type ClaimPlan, type ClaimWorld, planClaim } from '../../../controllers/persistentVolume/planClaim.ts';
import { isReleased, planVolume } from '../../../controllers/persistentVolume/planVolume.ts';
import { deleterOf, finalizersOf } from '../../../controllers/persistentVolume/reclaim.ts';
import { claimStatus } from '../../../controllers/persistentVolume/status.ts';
import { makeClaim, makeClass, makeVolume } from './objects.ts';

const completed = { 'pv.kubernetes.io/bind-completed': 'yes' };
const ours = { 'pv.kubernetes.io/bound-by-controller': 'yes' };
const chosen = { 'volume.kubernetes.io/selected-node': 'n' };

describe('a claim', () => {
  const brief = (plan: ClaimPlan) => {
    if (plan.do === 'bind') return `bind ${plan.volume.metadata.name}`;
    if (plan.do === 'setClass') return `class ${plan.name}`;
    if (plan.do === 'provision') return `provision ${plan.storageClass?.provisioner} of ${plan.className}`;
    const { notice } = plan;
    return [plan.do, notice && `${notice.type} ${notice.reason}: ${notice.message}`].filter(Boolean).join(' ');
  };
  const decide = (
    claim: Parameters<typeof makeClaim>[1],
    volumes = [makeVolume('x', { class: 'other' })],
    world: Partial<ClaimWorld> = {},
  ) =>
    brief(
      planClaim(makeClaim('c', claim), {
        volume: (name) => volumes.find((v) => v.metadata.name === name),
        candidates: volumes,
        classes: [makeClass('slow'), makeClass('later', { waits: true })],
        podsToSchedule: [],
        ...world,
      }),
    );
  const toBind = 'waiting for first consumer to be created before binding';
  it.each<[string, string, string]>([
    ['a volume is there', decide({}, [makeVolume('v')]), 'bind v'],
    ['none is: it is made', decide({}), 'provision p.example of slow'],
    ['of a class that is not there', decide({ class: 'gone' }), 'provision undefined of gone'],
    [
      'no class is set',
      decide({ class: '' }),
      'wait Normal FailedBinding: no persistent volumes available for this claim and no storage class is set',
    ],
    [
      'a default class comes later',
      decide({ class: null }, [], { classes: [makeClass('std', { default: true })] }),
      'class std',
    ],
    [
      'a default class is not for those that want none',
      decide({ class: '' }, [], { classes: [makeClass('std', { default: true })] }).slice(0, 25),
      'wait Normal FailedBinding',
    ],
    [
      'a volume without class before the default class',
      decide({ class: null }, [makeVolume('v', { class: '' })], { classes: [makeClass('std', { default: true })] }),
      'bind v',
    ],
    [
      'it waits for a pod',
      decide({ class: 'later' }, [makeVolume('v', { class: 'later' })]),
      `wait Normal WaitForFirstConsumer: ${toBind}`,
    ],
    [
      'a pod waits',
      decide({ class: 'later' }, [], { podsToSchedule: ['p'] }),
      'wait Normal WaitForPodScheduled: waiting for pod p to be scheduled',
    ],
    [
      'two pods wait',
      decide({ class: 'later' }, [], { podsToSchedule: ['p', 'q'] }),
      'wait Normal WaitForPodScheduled: waiting for pods p,q to be scheduled',
    ],
    [
      'the scheduler has chosen a node',
      decide({ class: 'later', annotations: chosen }),
      'provision p.example of later',
    ],
    [
      'the scheduler has tied a volume',
      decide({ class: 'later' }, [makeVolume('v', { class: 'later', claim: { name: 'c', uid: 'uid-c' } })]),
      'bind v',
    ],
    ['the volume that it names is not there', decide({ volume: 'v' }), 'wait'],
    ['it names a free volume', decide({ volume: 'v' }, [makeVolume('v')]), 'bind v'],
    [
      'it names one that is too small',
      decide({ volume: 'v', size: '9Gi' }, [makeVolume('v')]),
      'wait Warning VolumeMismatch: Cannot bind to requested volume "v": requested PV is too small',
    ],
    [
      'it names one that names it, however small',
      decide({ volume: 'v', size: '9Gi' }, [makeVolume('v', { claim: { name: 'c' } })]),
      'bind v',
    ],
    [
      'it names another’s',
      decide({ volume: 'v' }, [makeVolume('v', { claim: { name: 'o', uid: 'o' } })]),
      'wait Warning FailedBinding: volume "v" already bound to a different claim.',
    ],
    [
      'bound, but to nothing',
      decide({ annotations: completed }),
      'lose Warning ClaimLost: Bound claim has lost reference to PersistentVolume. Data on the volume is lost!',
    ],
    [
      'bound to what is gone',
      decide({ annotations: completed, volume: 'v' }),
      'lose Warning ClaimLost: Bound claim has lost its PersistentVolume. Data on the volume is lost!',
    ],
    ['bound, the volume has been untied', decide({ annotations: completed, volume: 'v' }, [makeVolume('v')]), 'bind v'],
    [
      'all is well',
      decide({ annotations: completed, volume: 'v' }, [makeVolume('v', { claim: { name: 'c', uid: 'uid-c' } })]),
      'bind v',
    ],
    [
      'bound to what is another’s',
      decide({ annotations: completed, volume: 'v' }, [makeVolume('v', { claim: { name: 'c', uid: 'o' } })]),
      'lose Warning ClaimMisbound: Two claims are bound to the same volume, this one is bound incorrectly',
    ],
  ])('%s', (_, plan, expected) => {
    expect(plan).toBe(expected);
  });

  it('that a controller tied to another claim’s volume is tried again', () => {
    const volumes = [makeVolume('v', { claim: { name: 'o', uid: 'o' } })];
    const claim = makeClaim('c', { volume: 'v', annotations: ours });
    const world = { volume: () => volumes[0], candidates: volumes, classes: [], podsToSchedule: [] };
    expect(planClaim(claim, world)).toMatchObject({
      do: 'wait',
      error: 'invalid binding of claim "d/c" to volume "v": volume already claimed by "d/o"',
    });
  });
});

describe('a volume', () => {
  const of = (o: Parameters<typeof makeVolume>[1] = {}) =>
    makeVolume('v', { claim: { name: 'c', uid: 'uid-c' }, phase: 'Bound', ...o });
  const made = { 'pv.kubernetes.io/provisioned-by': 'p.example' };
  it.each<[string, ReturnType<typeof planVolume>, object]>([
    ['is free', planVolume(makeVolume('v'), undefined), { phase: 'Available' }],
    [
      'is reserved for a claim to come',
      planVolume(makeVolume('v', { claim: { name: 'c' } }), makeClaim('c')),
      { phase: 'Available' },
    ],
    ['is half bound', planVolume(of(), makeClaim('c')), {}],
    ['is bound', planVolume(of(), makeClaim('c', { volume: 'v' })), { phase: 'Bound' }],
    ['is left behind, and kept', planVolume(of(), undefined), { phase: 'Released' }],
    [
      'is left behind, and goes',
      planVolume(of({ policy: 'Delete' }), undefined),
      { phase: 'Released', reclaim: 'Delete' },
    ],
    [
      'could not be deleted',
      planVolume(of({ policy: 'Delete', phase: 'Failed' }), undefined),
      { phase: undefined, reclaim: 'Delete' },
    ],
    ['is to be recycled', planVolume(of({ policy: 'Recycle' }), undefined), { phase: 'Released', reclaim: 'Recycle' }],
    [
      'is looked after by a driver',
      planVolume(of({ policy: 'Delete', annotations: { 'pv.kubernetes.io/migrated-to': 'd' } }), undefined),
      { phase: 'Released' },
    ],
    [
      'lost the race for a claim',
      planVolume(of({ annotations: ours }), makeClaim('c', { volume: 'w' })),
      { setFree: true },
    ],
    [
      'was made for a claim that got another',
      planVolume(of({ annotations: made, policy: 'Delete' }), makeClaim('c', { volume: 'w' })),
      { phase: 'Released', reclaim: 'Delete' },
    ],
    [
      'the same, but it is to be kept',
      planVolume(of({ annotations: made }), makeClaim('c', { volume: 'w' })),
      { setFree: true },
    ],
  ])('%s', (_, plan, expected) => {
    expect(plan).toEqual(expected);
  });

  it('of another mode says so on both sides', () => {
    const { notices } = planVolume(of({ spec: { volumeMode: 'Block' } }), makeClaim('c'));
    expect(notices?.volume.message).toBe(
      'Cannot bind PersistentVolume to requested PersistentVolumeClaim "c" due to incompatible volumeMode.',
    );
    expect(notices?.claim.message).toBe(
      'Cannot bind PersistentVolume "v" to requested PersistentVolumeClaim due to incompatible volumeMode.',
    );
  });

  it.each<[object, object | undefined, boolean]>([
    [{ claim: undefined }, undefined, false],
    [{ claim: { name: 'c' } }, undefined, false],
    [{}, undefined, true],
    [{}, makeClaim('c', { uid: 'new' }), true],
    [{}, makeClaim('c'), false],
    [{}, makeClaim('c', { volume: 'v' }), false],
    [{}, makeClaim('c', { volume: 'w' }), true],
  ])('is released %#', (volume, claim, expected) => {
    expect(isReleased(of(volume), claim as never)).toBe(expected);
  });

  it.each<[object, unknown]>([
    [{ annotations: { 'pv.kubernetes.io/provisioned-by': 'x/y' }, spec: { hostPath: {} } }, 'external'],
    [{ annotations: { 'pv.kubernetes.io/provisioned-by': 'kubernetes.io/host-path' } }, 'hostPath'],
    [
      { annotations: { 'pv.kubernetes.io/provisioned-by': 'kubernetes.io/glusterfs' } },
      { error: 'no volume plugin matched name: kubernetes.io/glusterfs' },
    ],
    [{}, 'external'],
    [{ spec: { csi: undefined, awsElasticBlockStore: {} } }, 'external'],
    [{ spec: { csi: undefined, hostPath: { path: '/x' } } }, 'hostPath'],
    [
      { spec: { csi: undefined, local: { path: '/x' } } },
      { error: 'error getting deleter volume plugin for volume "v": no deletable volume plugin matched' },
    ],
    [
      { spec: { csi: undefined, iscsi: {} } },
      { error: 'error getting deleter volume plugin for volume "v": no volume plugin matched' },
    ],
  ])('is deleted by %#', (volume, expected) => {
    expect(deleterOf(makeVolume('v', volume))).toEqual(expected);
  });

  it('of the built-in plugin has its finalizer while it is to be deleted', () => {
    const annotations = { 'pv.kubernetes.io/provisioned-by': 'kubernetes.io/host-path' };
    const volume = makeVolume('v', { annotations, policy: 'Delete', phase: 'Bound' });
    expect(finalizersOf(volume)).toEqual(['kubernetes.io/pv-controller']);
    const has = (policy: string, more: string[] = []) => {
      const v = makeVolume('v', { annotations, policy, phase: 'Bound' });
      return finalizersOf({ ...v, metadata: { ...v.metadata, finalizers: ['kubernetes.io/pv-controller', ...more] } });
    };
    expect(has('Delete')).toBeUndefined();
    expect(has('Retain', ['a/b'])).toEqual(['a/b']);
    expect(finalizersOf(makeVolume('v', { policy: 'Delete', phase: 'Bound' }))).toBeUndefined();
  });

  it.each(['/data/x', '/tmp', '/tmp/../etc', '/tmp/a/../../etc', '/tmpx/a'])(
    '%s is no directory to delete',
    async (path) => {
      await expect(deleteHostPath(path)).rejects.toThrow(
        `host_path deleter only supports /tmp/.+ but received provided ${path}`,
      );
    },
  );
});

describe('the status of a claim', () => {
  const volume = makeVolume('v', {
    size: '5Gi',
    modes: ['ReadWriteOnce', 'ReadOnlyMany'],
    spec: { volumeAttributesClassName: 'gold' },
  });
  const bound = {
    phase: 'Bound',
    accessModes: ['ReadWriteOnce', 'ReadOnlyMany'],
    capacity: { storage: '5Gi' },
    currentVolumeAttributesClassName: 'gold',
  };
  it('becomes what the volume is', () => expect(claimStatus(makeClaim('c'), 'Bound', volume)).toEqual(bound));
  it('is not written twice', () => {
    expect(claimStatus(makeClaim('c', { status: bound, phase: 'Bound' }), 'Bound', volume)).toBeUndefined();
    expect(claimStatus(makeClaim('c'), 'Pending')).toBeUndefined();
  });
  it('keeps a size that is smaller than the volume, once bound', () => {
    const status = { ...bound, capacity: { storage: '2Gi' } };
    expect(claimStatus(makeClaim('c', { status }), 'Bound', volume)).toBeUndefined();
  });
  it('keeps conditions, and loses what it had', () => {
    const conditions = [{ type: 'StatusPatched', status: 'True' }];
    expect(claimStatus(makeClaim('c', { status: { ...bound, conditions } }), 'Lost')).toEqual({
      phase: 'Lost',
      conditions,
    });
  });
  it('takes the size from before the volume grew', () => {
    const grown = {
      ...volume,
      metadata: { ...volume.metadata, annotations: { 'volume.alpha.kubernetes.io/pre-resize-capacity': '3Gi' } },
    };
    expect(claimStatus(makeClaim('c'), 'Bound', grown)?.capacity).toEqual({ storage: '3Gi' });
  });
});
