import { describe, expect, it } from 'vitest';
import { pods, replicaSets } from '../../apimachinery/resources.ts';
import type { OwnerReference } from '../../apimachinery/types.ts';
import { decide, decideForeground } from '../../controllers/garbageCollector/decide.ts';
import { type Attempt, createGraph } from '../../controllers/garbageCollector/graph.ts';

const ref = (uid: string, o: Partial<OwnerReference> = {}): OwnerReference => ({
  apiVersion: 'apps/v1',
  kind: 'ReplicaSet',
  name: uid,
  uid,
  ...o,
});
const object = (
  uid: string,
  o: { owners?: OwnerReference[]; deleting?: boolean; finalizers?: string[]; namespace?: string } = {},
) => ({
  apiVersion: '',
  kind: '',
  metadata: {
    name: uid,
    namespace: o.namespace ?? 'd',
    uid,
    ownerReferences: o.owners,
    finalizers: o.finalizers,
    ...(o.deleting ? { deletionTimestamp: 'x' } : {}),
  },
});
const text = (attempts: Attempt[]) => attempts.map((a) => `${a.what} ${a.uid}`);

describe('graph', () => {
  it('looks at an owner that is only referred to, and at dependents of one that goes', () => {
    const g = createGraph();
    expect(text(g.observe(pods, object('pod', { owners: [ref('rs')] })))).toEqual(['delete rs']);
    expect(g.get('rs')!.resource).toBeUndefined();
    expect(text(g.observe(replicaSets, object('rs')))).toEqual([]);
    expect(text(g.remove('rs'))).toEqual(['delete pod']);
  });

  it('starts the foreground: the dependents, then the owner again as each goes', () => {
    const g = createGraph();
    g.observe(replicaSets, object('rs'));
    g.observe(pods, object('a', { owners: [ref('rs', { blockOwnerDeletion: true })] }));
    expect(text(g.observe(replicaSets, object('rs', { deleting: true, finalizers: ['foregroundDeletion'] })))).toEqual([
      'delete a',
      'delete rs',
    ]);
    expect(text(g.observe(replicaSets, object('rs', { deleting: true, finalizers: ['foregroundDeletion'] })))).toEqual(
      [],
    );
    expect(decideForeground(g.get('rs')!)).toEqual({ finish: false, waitFor: [g.get('a')] });
    expect(text(g.remove('a'))).toEqual(['delete rs']);
    expect(decideForeground(g.get('rs')!)).toEqual({ finish: true });
  });

  it('does not wait for what does not block, and looks again when a block is taken off', () => {
    const g = createGraph();
    g.observe(replicaSets, object('rs', { deleting: true, finalizers: ['foregroundDeletion'] }));
    g.observe(pods, object('a', { owners: [ref('rs', { blockOwnerDeletion: true })] }));
    expect(text(g.observe(pods, object('a', { owners: [ref('rs')] })))).toEqual(['delete rs']);
    expect(decideForeground(g.get('rs')!)).toEqual({ finish: true });
  });

  it('starts orphaning once', () => {
    const g = createGraph();
    g.observe(replicaSets, object('rs'));
    const dying = object('rs', { deleting: true, finalizers: ['orphan'] });
    expect(text(g.observe(replicaSets, dying))).toEqual(['orphan rs']);
    expect(text(g.observe(replicaSets, dying))).toEqual([]);
  });

  it('follows owners as references change', () => {
    const g = createGraph();
    g.observe(replicaSets, object('one'));
    g.observe(replicaSets, object('two'));
    g.observe(pods, object('a', { owners: [ref('one')] }));
    g.observe(pods, object('a', { owners: [ref('two')] }));
    expect(text(g.remove('one'))).toEqual([]);
    expect(text(g.remove('two'))).toEqual(['delete a']);
  });

  it('looks at a reference whose owner is of another namespace or kind', () => {
    const g = createGraph();
    g.observe(replicaSets, object('rs', { namespace: 'other' }));
    expect(text(g.observe(pods, object('a', { owners: [ref('rs')] })))).toEqual(['delete a']);
    expect(g.misplaced(g.get('a')!)).toMatchObject({ uid: 'rs' });
    expect(text(g.observe(pods, object('b', { owners: [ref('rs', { kind: 'Job' })], namespace: 'other' })))).toEqual([
      'delete b',
    ]);
  });

  it('forgets stand-ins that nobody refers to', () => {
    const g = createGraph();
    g.observe(pods, object('a', { owners: [ref('never')] }));
    g.remove('a');
    expect(g.get('never')).toBeUndefined();
    expect(g.uidsOf(pods)).toEqual([]);
  });
});

describe('decision', () => {
  const node = (dependents: { deletingDependents: boolean }[] = []) => ({ dependents: new Set(dependents) }) as never;
  const states = (...list: string[]) => list.map((state) => ({ ref: ref(state), state })) as never;
  it.each<[string, string[], { deletingDependents: boolean }[], string[], object]>([
    ['all owners there', ['solid'], [], [], { do: 'nothing' }],
    ['one there, one gone', ['solid', 'dangling'], [], [], { do: 'dropOwners', uids: ['dangling'] }],
    ['one there, one waiting', ['solid', 'waiting'], [], [], { do: 'dropOwners', uids: ['waiting'] }],
    ['all gone', ['dangling'], [], [], { do: 'delete', propagation: 'Background', unblock: false }],
    ['all gone, to be orphaned', ['dangling'], [], ['orphan'], { do: 'delete', propagation: 'Orphan', unblock: false }],
    [
      'all gone, in the foreground',
      ['dangling'],
      [],
      ['foregroundDeletion'],
      { do: 'delete', propagation: 'Foreground', unblock: false },
    ],
    ['the owner waits', ['waiting'], [], [], { do: 'delete', propagation: 'Background', unblock: false }],
    [
      'the owner waits, and it has dependents',
      ['waiting'],
      [{ deletingDependents: false }],
      [],
      { do: 'delete', propagation: 'Foreground', unblock: false },
    ],
    [
      'a circle',
      ['waiting'],
      [{ deletingDependents: true }],
      [],
      { do: 'delete', propagation: 'Foreground', unblock: true },
    ],
  ])('%s', (_name, owners, dependents, finalizers, expected) => {
    expect(decide(object('a', { finalizers }), states(...owners), node(dependents))).toEqual(expected);
  });
});
