import { expect, test } from 'vitest';
import type { Context } from '../../../apiserver/kinds/kind.ts';
import { namespace } from '../../../apiserver/kinds/namespace.ts';
import { cells, created, made, texts } from './said.ts';

const context = {} as Context;
const [status, finalize] = namespace.subresources!;

test('a new one is Active, labelled with its name, held by the finalizer kubernetes', () => {
  const object = made(namespace, { status: { phase: 'Terminating', conditions: [{}] } });
  namespace.prepareCreate!(object, context);
  expect(object.metadata.labels).toEqual({ 'kubernetes.io/metadata.name': 'x' });
  expect(object.spec.finalizers).toEqual(['kubernetes']);
  expect(object.status).toEqual({ phase: 'Active' });
  expect(namespace.heldByFinalizers!(object)).toBe(true);
});

test('a finalizer that is given stays, and the own one is added once', () => {
  const object = made(namespace, { spec: { finalizers: ['kubernetes', 'example.com/x'] } });
  namespace.prepareCreate!(object, context);
  expect(object.spec.finalizers).toEqual(['kubernetes', 'example.com/x']);
});

test('the label cannot be taken away or changed', () => {
  const object = made(namespace, {}, { labels: { 'kubernetes.io/metadata.name': 'other', a: 'b' } });
  expect(object.metadata.labels).toEqual({ 'kubernetes.io/metadata.name': 'x', a: 'b' });
});

const standard = 'name is neither a standard finalizer name nor is it fully qualified';
test.each<[string, string[]]>([
  ['kubernetes', []],
  ['orphan', []],
  ['foregroundDeletion', []],
  ['example.com/x', []],
  ['mine', [`spec.finalizers: Invalid value: "mine": ${standard}`]],
])('finalizer %s', (name, expected) => {
  expect(created(namespace, made(namespace, { spec: { finalizers: [name] } }))).toEqual(expected);
});

test.each<[string, boolean, string[]]>([
  ['Active', false, []],
  ['Terminating', true, []],
  // Nothing said is Active.
  ['', false, []],
  [
    '',
    true,
    [`status.Phase: Invalid value: "Active": may only be 'Terminating' if \`deletionTimestamp\` is not empty`],
  ],
  [
    'Terminating',
    false,
    [`status.Phase: Invalid value: "Terminating": may only be 'Active' if \`deletionTimestamp\` is empty`],
  ],
  [
    'Active',
    true,
    [`status.Phase: Invalid value: "Active": may only be 'Terminating' if \`deletionTimestamp\` is not empty`],
  ],
])('status: phase %j, being deleted %s', (phase, deleted, expected) => {
  const metadata = deleted ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {};
  expect(texts(status!.validateUpdate!(made(namespace, { status: { phase } }, metadata), {}))).toEqual(expected);
});

test('updates and /status leave the finalizers, /finalize leaves the status', () => {
  const old = made(namespace, { spec: { finalizers: ['kubernetes'] }, status: { phase: 'Active' } });
  const now = made(namespace, { spec: { finalizers: [] }, status: { phase: 'Terminating' } });
  const update = structuredClone(now);
  namespace.prepareUpdate!(update, old, context);
  expect(update.spec.finalizers).toEqual(['kubernetes']);
  const viaStatus = structuredClone(now);
  status!.keep!(viaStatus, old);
  expect(viaStatus).toMatchObject({ spec: { finalizers: ['kubernetes'] }, status: { phase: 'Terminating' } });
  const viaFinalize = structuredClone(now);
  finalize!.keep!(viaFinalize, old);
  expect(viaFinalize).toMatchObject({ spec: { finalizers: [] }, status: { phase: 'Active' } });
  expect(namespace.heldByFinalizers!(viaFinalize)).toBe(false);
  const bad = made(namespace, { spec: { finalizers: ['kubernetes', 'mine'] } });
  expect(texts(finalize!.validateUpdate!(bad, old))).toEqual([
    `spec.finalizers[1]: Invalid value: "mine": ${standard}`,
  ]);
});

test('it is selected by its phase, and by no name of its own', () => {
  const select = namespace.selectableFields!;
  expect(Object.keys(select)).toEqual(['status.phase']);
  expect(select['status.phase']!(made(namespace, { status: { phase: 'Active' } }))).toBe('Active');
});

test('its deletion begins with the phase', () => {
  const object = made(namespace, { status: { phase: 'Active', conditions: [] } }, { deletionGracePeriodSeconds: 0 });
  namespace.markDeleted!(object);
  expect(object.status).toEqual({ phase: 'Terminating', conditions: [] });
  expect(object.metadata).not.toHaveProperty('deletionGracePeriodSeconds');
});

test('names are DNS labels, and the collection cannot be deleted', () => {
  expect(namespace.validateName!('kube-system', false)).toEqual([]);
  expect(namespace.validateName!('a-', true)).toEqual([]);
  expect(namespace.validateName!('a.b', false)).toEqual(['must not contain dots']);
  expect(namespace.verbs).not.toContain('deletecollection');
  expect(cells(namespace, made(namespace, { status: { phase: 'Active' } })).Status).toBe('Active');
  expect(namespace.selectableFields!['status.phase']!({ status: { phase: 'Active' } })).toBe('Active');
});
