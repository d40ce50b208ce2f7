// What the ResourceClaim controller decides, without a server. Facts from upstream's pkg/controller/resourceclaim/controller_test.go.
import { describe, expect, it } from 'vitest';
import { deleteProtection } from '../../apimachinery/podClaims.ts';
import type { Pod, ResourceClaim } from '../../apimachinery/types.ts';
import { judge, planClaim } from '../../controllers/resourceClaim/claimPlan.ts';
import { needsWork } from '../../controllers/resourceClaim/keys.ts';
import { baseName, newClaim, podClaimAnnotation } from '../../controllers/resourceClaim/newClaim.ts';
import { planPod } from '../../controllers/resourceClaim/podPlan.ts';

interface PodOptions {
  uid?: string;
  node?: string;
  phase?: string;
  deleting?: boolean;
  statuses?: object[];
  claim?: string;
  template?: string;
}

const pod = (o: PodOptions = {}): Pod =>
  ({
    metadata: {
      name: 'p',
      namespace: 'd',
      uid: o.uid ?? 'uid-p',
      ...(o.deleting && { deletionTimestamp: '2026-01-01T00:00:00Z' }),
    },
    spec: {
      ...(o.node && { nodeName: o.node }),
      resourceClaims: [
        {
          name: 'gpu',
          ...(o.claim ? { resourceClaimName: o.claim } : { resourceClaimTemplateName: o.template ?? 'template' }),
        },
      ],
    },
    status: { phase: o.phase ?? 'Pending', ...(o.statuses && { resourceClaimStatuses: o.statuses }) },
  }) as unknown as Pod;

interface ClaimOptions {
  name?: string;
  /** uid of the pod p that owns it. */
  owner?: string;
  annotation?: string;
  allocated?: boolean;
  users?: string[];
  finalizer?: boolean;
  deleting?: boolean;
  devices?: object[];
}

const user = (uid: string) => ({ resource: 'pods', name: uid.replace('uid-', ''), uid });
const claim = (o: ClaimOptions = {}): ResourceClaim =>
  ({
    metadata: {
      name: o.name ?? 'c',
      namespace: 'd',
      uid: 'uid-c',
      ...(o.owner && {
        ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: 'p', uid: o.owner, controller: true }],
      }),
      ...(o.annotation && { annotations: { [podClaimAnnotation]: o.annotation } }),
      ...(o.finalizer && { finalizers: ['other', deleteProtection] }),
      ...(o.deleting && { deletionTimestamp: '2026-01-01T00:00:00Z' }),
    },
    spec: {},
    status: {
      ...(o.allocated && { allocation: { devices: { results: [] } } }),
      ...(o.users && { reservedFor: o.users.map(user) }),
      ...(o.devices && { devices: o.devices }),
    },
  }) as unknown as ResourceClaim;

const made = (name: string) => [{ name: 'gpu', resourceClaimName: name }];

describe('what a pod needs', () => {
  const own = claim({ owner: 'uid-p', annotation: 'gpu' });
  it.each<[string, Pod, ResourceClaim[], ResourceClaim[], object]>([
    ['a claim of a template', pod(), [], [], { do: 'create', template: 'template' }],
    ['nothing when people make it', pod({ claim: 'c' }), [], [], { do: 'nothing' }],
    ['nothing when it is there', pod({ statuses: made('c') }), [own], [own], { do: 'nothing' }],
    ['nothing when none is needed', pod({ statuses: [{ name: 'gpu' }] }), [], [], { do: 'nothing' }],
    ['to be told of one that was made before', pod(), [own], [own], { do: 'record', claim: own }],
    [
      'one in place of one that was deleted',
      pod({ statuses: made('c') }),
      [],
      [],
      { do: 'create', template: 'template' },
    ],
    [
      "one in place of a stranger's of that name",
      pod({ statuses: made('c') }),
      [claim({ owner: 'uid-other' })],
      [],
      { do: 'create', template: 'template' },
    ],
    [
      'one though it owns a claim for another entry, or of its own making',
      pod(),
      [],
      [claim({ owner: 'uid-p', annotation: 'nic' }), claim({ owner: 'uid-p' })],
      { do: 'create', template: 'template' },
    ],
  ])('%s', (_, p, there, owned, plan) => {
    const seen = { claim: (name: string) => there.find((c) => c.metadata.name === name), own: owned };
    expect(planPod(p, seen)).toEqual([{ entry: p.spec!.resourceClaims![0], ...plan }]);
  });

  it('an entry of a future kind fails', () => {
    const p = pod();
    p.spec!.resourceClaims = [{ name: 'gpu' }];
    expect(planPod(p, { claim: () => undefined, own: [] })).toMatchObject([
      {
        do: 'fail',
        message:
          'checking for claim before creating it: pod "d/p", spec.resourceClaim "gpu": none of the supported fields are set',
      },
    ]);
  });

  it.each<[string, Pod, ResourceClaim | undefined, boolean]>([
    ['a claim is to be made', pod(), undefined, true],
    ['it is gone again', pod({ statuses: made('c') }), undefined, true],
    ['it is there', pod({ statuses: made('c') }), claim({ owner: 'uid-p' }), false],
    ['people have not made it', pod({ claim: 'c' }), undefined, false],
    ['none is needed', pod({ statuses: [{ name: 'gpu' }] }), undefined, false],
    ['it is being deleted', pod({ deleting: true }), undefined, false],
    [
      'it has ended, and its claim is gone',
      pod({ statuses: made('c'), node: 'n', phase: 'Succeeded' }),
      undefined,
      false,
    ],
    ['it was placed without the scheduler', pod({ claim: 'c', node: 'n' }), claim({ allocated: true }), true],
    ['it has reserved', pod({ claim: 'c', node: 'n' }), claim({ allocated: true, users: ['uid-p'] }), false],
    ['its claim is not allocated', pod({ claim: 'c', node: 'n' }), claim(), false],
    ['the scheduler will reserve', pod({ claim: 'c' }), claim({ allocated: true }), false],
  ])('a pod is looked at: %s', (_, p, c, wanted) => {
    expect(needsWork(p, () => c)).toBe(wanted);
  });
});

describe('the claim of a template', () => {
  it('is its copy, owned by the pod and named after it', () => {
    const spec = { devices: { requests: [{ name: 'r', exactly: { deviceClassName: 'x' } }] } };
    const template = { spec: { metadata: { labels: { a: 'b' }, annotations: { c: 'd' } }, spec } };
    expect(newClaim(pod(), 'gpu', template as any)).toEqual({
      metadata: {
        namespace: 'd',
        generateName: 'p-gpu-',
        labels: { a: 'b' },
        annotations: { c: 'd', 'resource.kubernetes.io/pod-claim-name': 'gpu' },
        ownerReferences: [
          { apiVersion: 'v1', kind: 'Pod', name: 'p', uid: 'uid-p', controller: true, blockOwnerDeletion: true },
        ],
      },
      spec,
    });
  });
  it.each([
    ['pod', 'gpu', 'pod-gpu-'],
    ['p'.repeat(50), 'gpu', `${'p'.repeat(50)}-gpu-`],
    ['p'.repeat(100), 'c'.repeat(20), `${'p'.repeat(46)}-${'c'.repeat(9)}`],
  ])('%s and %s make %s', (p, entry, name) => {
    expect(baseName(p, entry)).toBe(name);
    expect(name.length).toBeLessThanOrEqual(57);
  });
});

describe('the users of a claim', () => {
  it.each<[string, Pod | undefined, boolean, 'keep' | 'drop' | 'ask']>([
    ['a pod that is there', pod({ node: 'n', phase: 'Running' }), false, 'keep'],
    ['one that was seen to go', undefined, true, 'drop'],
    ['one that nobody has heard of', undefined, false, 'ask'],
    ['another of its name', pod({ uid: 'uid-q' }), false, 'drop'],
    ['one that succeeded', pod({ node: 'n', phase: 'Succeeded' }), false, 'drop'],
    ['one that failed', pod({ node: 'n', phase: 'Failed' }), false, 'drop'],
    ['one deleted before it had a node', pod({ deleting: true }), false, 'drop'],
    ['one deleted that may still run', pod({ deleting: true, node: 'n' }), false, 'keep'],
  ])('%s', (_, p, wasDeleted, verdict) => {
    expect(judge(user('uid-p'), p, wasDeleted)).toBe(verdict);
  });
});

describe('what a claim needs', () => {
  const nothing = { unprotect: false, delete: false };
  it.each<[string, ClaimOptions, string[], Pod | undefined, object]>([
    ['nothing while it is used', { allocated: true, users: ['uid-p'], finalizer: true }, ['uid-p'], undefined, nothing],
    [
      'to lose one of its users',
      { allocated: true, users: ['uid-p', 'uid-q'], finalizer: true },
      ['uid-q'],
      undefined,
      { ...nothing, status: { allocation: { devices: { results: [] } }, reservedFor: [user('uid-q')] } },
    ],
    [
      'to be free with the last of them, and what drivers said of its devices goes too',
      { allocated: true, users: ['uid-p'], finalizer: true, devices: [{}] },
      [],
      undefined,
      { status: {}, unprotect: true, delete: false },
    ],
    [
      'to keep the allocation of somebody who did not protect it',
      { allocated: true, users: ['uid-p'] },
      [],
      undefined,
      { ...nothing, status: { allocation: { devices: { results: [] } } } },
    ],
    ['to stay allocated while nobody has used it yet', { allocated: true, finalizer: true }, [], undefined, nothing],
    [
      'to be free when it is being deleted',
      { allocated: true, finalizer: true, deleting: true },
      [],
      undefined,
      { status: {}, unprotect: true, delete: false },
    ],
    [
      'to lose a finalizer without allocation',
      { finalizer: true, deleting: true },
      [],
      undefined,
      { unprotect: true, delete: false },
    ],
    [
      'to wait when it is being deleted and used',
      { allocated: true, finalizer: true, deleting: true, users: ['uid-p'] },
      ['uid-p'],
      undefined,
      nothing,
    ],
    [
      'to go when its pod is done',
      { owner: 'uid-p' },
      [],
      pod({ phase: 'Succeeded' }),
      { unprotect: false, delete: true },
    ],
    ['to go when its pod is another one', { owner: 'uid-old' }, [], pod(), { unprotect: false, delete: true }],
    ['to stay while its pod may run', { owner: 'uid-p' }, [], pod(), nothing],
    ['to stay when its pod is not known: it may be new', { owner: 'uid-p' }, [], undefined, nothing],
    [
      'to stay when others use it',
      { owner: 'uid-p', allocated: true, users: ['uid-q'] },
      ['uid-q'],
      pod({ phase: 'Succeeded' }),
      nothing,
    ],
    ['not to be deleted twice', { owner: 'uid-p', deleting: true }, [], pod({ phase: 'Succeeded' }), nothing],
    [
      'all of it at once',
      { owner: 'uid-p', allocated: true, users: ['uid-p'], finalizer: true },
      [],
      pod({ phase: 'Failed' }),
      { status: {}, unprotect: true, delete: true },
    ],
  ])('%s', (_, o, valid, owner, plan) => {
    expect(planClaim(claim(o), valid.map(user), owner)).toEqual(plan);
  });
});
