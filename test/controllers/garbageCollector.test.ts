import { describe, expect, it } from 'vitest';
import { pods, replicaSets } from '../../apimachinery/resources.ts';
import { StatusError } from '../../apimachinery/status.ts';
import type { OwnerReference } from '../../apimachinery/types.ts';
import { decide, decideForeground } from '../../controllers/garbageCollector/decide.ts';
import { attempt, type Collector } from '../../controllers/garbageCollector/garbageCollector.ts';
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
    expect(g.uidsOf((r) => r === pods)).toEqual([]);
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

describe('deleted in the foreground, all at once', () => {
  const dying = (uid: string, ...owners: string[]) =>
    object(uid, {
      owners: owners.map((o) => ref(o, { blockOwnerDeletion: true })),
      deleting: true,
      finalizers: ['foregroundDeletion'],
    });
  it('a circle goes; what waits for it, and what it waits for, keep their turn', () => {
    const g = createGraph();
    for (const o of [dying('a', 'c'), dying('b', 'a'), dying('c', 'b'), dying('top'), dying('self', 'self')])
      g.observe(replicaSets, o);
    g.observe(replicaSets, dying('c', 'b', 'top'));
    expect(decideForeground(g.get('a')!)).toEqual({ finish: true });
    expect(decideForeground(g.get('self')!)).toEqual({ finish: true });
    expect(decideForeground(g.get('top')!)).toEqual({ finish: false, waitFor: [] });
    g.observe(replicaSets, object('leaf', { owners: [ref('b', { blockOwnerDeletion: true })] }));
    expect(decideForeground(g.get('b')!)).toEqual({ finish: false, waitFor: [g.get('leaf')] });
  });

  it('one that names the owner wrongly does not hold it', () => {
    const g = createGraph();
    g.observe(replicaSets, dying('a'));
    g.observe(pods, object('p', { owners: [ref('a', { blockOwnerDeletion: true })], namespace: 'other' }));
    expect(decideForeground(g.get('a')!)).toEqual({ finish: true });
  });
});

describe('an owner that nobody has seen', () => {
  it('is looked for under each name that it is called by', () => {
    const g = createGraph();
    g.observe(pods, object('a', { owners: [ref('x', { name: 'one' })] }));
    expect(text(g.observe(pods, object('b', { owners: [ref('x', { name: 'two' })] })))).toEqual(['delete b']);
    expect(g.missing('x')).toEqual({ attempts: [{ what: 'delete', uid: 'a' }], again: true });
    expect(g.get('x')!.name).toBe('two');
    g.remove('a');
    expect(g.missing('x')).toEqual({ attempts: [{ what: 'delete', uid: 'b' }], again: false });
    expect(g.get('x')).toBeUndefined();
  });

  it('finds its dependents when it turns up after all', () => {
    const g = createGraph();
    g.observe(replicaSets, object('rs'));
    g.observe(pods, object('a', { owners: [ref('rs')] }));
    g.remove('rs');
    g.observe(replicaSets, object('rs'));
    expect(text(g.remove('rs'))).toEqual(['delete a']);
  });

  it('a reference that is written anew under the same uid is looked at', () => {
    const g = createGraph();
    g.observe(replicaSets, object('rs'));
    expect(text(g.observe(pods, object('a', { owners: [ref('rs')] })))).toEqual([]);
    expect(text(g.observe(pods, object('a', { owners: [ref('rs', { name: 'other' })] })))).toEqual(['delete a']);
  });
});

describe('an owner in another namespace', () => {
  it('is told of, and is none: what has no other goes, and the right dependents stay', async () => {
    const graph = createGraph();
    const stored = new Map<string, any>();
    const see = (r: typeof pods | typeof replicaSets, o: any) => {
      stored.set(`${r.plural} ${o.metadata.namespace} ${o.metadata.name}`, o);
      graph.observe(r as never, o);
    };
    see(replicaSets, object('rs'));
    see(pods, object('right', { owners: [ref('rs')] }));
    see(pods, object('wrong', { owners: [ref('rs')], namespace: 'other' }));
    const deleted: string[] = [];
    const told: string[] = [];
    const missing = (name: string) =>
      new StatusError({ status: 'Failure', code: 404, reason: 'NotFound', details: { name } } as never);
    const c: Collector = {
      graph,
      client: {
        async get(r: any, name: string, namespace: string) {
          const found = stored.get(`${r.plural} ${namespace} ${name}`);
          if (!found) throw missing(name);
          return found;
        },
        delete: async (_r: any, name: string) => void deleted.push(name),
      } as never,
      events: {
        event: (_about: any, type: string, reason: string, message: string) =>
          void told.push(`${type} ${reason} ${message}`),
      } as never,
      resourceOf: (_version, kind) => (kind === 'ReplicaSet' ? replicaSets : pods) as never,
      enqueue: () => {},
      absent: new Set(),
    };
    await attempt('delete wrong', c);
    await attempt('delete right', c);
    expect(deleted).toEqual(['wrong']);
    expect(told).toEqual([
      'Warning OwnerRefInvalidNamespace ownerRef [apps/v1/ReplicaSet, namespace: other, name: rs, uid: rs] does not exist in namespace "other"',
    ]);
  });
});
