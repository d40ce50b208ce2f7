// Names, Established and the other conditions of a definition, decided without a server.
import { describe, expect, it } from 'vitest';
import { approvalOf, isProtectedGroup } from '../../../apiserver/apiextensions/status/apiApproval.ts';
import { startCrdController } from '../../../apiserver/apiextensions/status/crdController.ts';
import { nameDefinition, takenNames } from '../../../apiserver/apiextensions/status/naming.ts';
import { beatenBy, established, mayBeEstablished, statusOf } from '../../../apiserver/apiextensions/status/statusOf.ts';

const time = '2026-11-21T10:00:00Z';
const names = (plural: string, kind: string, more: any = {}) => ({
  plural,
  singular: kind.toLowerCase(),
  kind,
  listKind: `${kind}List`,
  ...more,
});
const definition = (wanted: any, accepted: any = {}, conditions: any[] = [], resourceVersion = '1') => ({
  metadata: { name: `${wanted.plural}.example.com`, resourceVersion },
  spec: { group: 'example.com', names: wanted, versions: [] },
  status: { acceptedNames: accepted, conditions },
});
const a = names('as', 'A', { shortNames: ['x'] });

describe('names', () => {
  const decide = (crd: any, ...others: any[]) => nameDefinition(crd, takenNames([crd, ...others]));
  it('that nobody has are given', () => {
    const { acceptedNames, namesAccepted, established: e } = decide(definition(a));
    expect(acceptedNames).toEqual(a);
    expect(namesAccepted).toMatchObject({ status: 'True', reason: 'NoConflicts', message: 'no conflicts found' });
    expect(e).toMatchObject({ status: 'False', reason: 'Installing', message: 'the initial names have been accepted' });
  });
  const taken = definition(a, a);
  const cases: [string, any, string, string][] = [
    ['plural', names('as', 'B'), 'PluralConflict', '"as" is already in use'],
    ['singular', names('bs', 'B', { singular: 'a' }), 'SingularConflict', '"a" is already in use'],
    ['short name', names('bs', 'B', { shortNames: ['x', 'y'] }), 'ShortNamesConflict', '"x" is already in use'],
    [
      'short names',
      names('bs', 'B', { shortNames: ['x', 'as'] }),
      'ShortNamesConflict',
      '["x" is already in use, "as" is already in use]',
    ],
    ['kind', names('bs', 'A', { singular: 'b', listKind: 'BList' }), 'KindConflict', '"A" is already in use'],
    ['list kind', names('bs', 'B', { listKind: 'AList' }), 'ListKindConflict', '"AList" is already in use'],
    ['kind of a list', names('bs', 'AList', { singular: 'b' }), 'KindConflict', '"AList" is already in use'],
  ];
  it.each(cases)('a %s that another has is not', (_, wanted, reason, message) => {
    const crd = { ...definition(wanted), metadata: { name: 'other.example.com', resourceVersion: '2' } };
    const { namesAccepted, established: e } = decide(crd, taken);
    expect(namesAccepted).toMatchObject({ status: 'False', reason, message });
    expect(e).toMatchObject({ status: 'False', reason: 'NotAccepted', message: 'not all names are accepted' });
  });
  it('stay with an established one that asks for others in vain', () => {
    const crd = definition({ ...names('bs', 'B'), shortNames: ['x'] }, names('bs', 'B'), [
      { type: 'Established', status: 'True' },
    ]);
    const { acceptedNames, established: e } = decide(crd, taken);
    expect(acceptedNames).toEqual(names('bs', 'B'));
    expect(e).toMatchObject({ status: 'True' });
  });
});

describe('status', () => {
  it('goes from names to Established in two steps, and then rests', () => {
    const crd: any = definition(a);
    crd.status = statusOf(crd, [crd], time);
    expect(crd.status.conditions.map((c: any) => [c.type, c.status, c.lastTransitionTime])).toEqual([
      ['NamesAccepted', 'True', time],
      ['Established', 'False', time],
    ]);
    expect(mayBeEstablished(crd)).toBe(true);
    crd.status = established(crd, time);
    expect(crd.status.conditions[1]).toMatchObject({ status: 'True', reason: 'InitialNamesAccepted' });
    expect(mayBeEstablished(crd)).toBe(false);
    expect(statusOf(crd, [crd], '2027-01-01T00:00:00Z')).toBe(crd.status);
  });
  it('is not Established while the certificates of its webhook cannot be read', () => {
    const crd: any = definition(a);
    crd.status = statusOf(crd, [crd], time);
    const withBundle = (caBundle?: string) => {
      crd.spec.conversion = { strategy: 'Webhook', webhook: { clientConfig: { caBundle } } };
      crd.status = established(crd, time);
      const { status, reason } = crd.status.conditions.find((c: any) => c.type === 'Established');
      return [status, reason, mayBeEstablished(crd)];
    };
    expect(withBundle('Cg==')).toEqual(['False', 'InvalidCABundle', true]);
    expect(withBundle()).toEqual(['True', 'InitialNamesAccepted', false]);
  });
  it('says when a schema is not structural, and stops saying it', () => {
    const crd: any = definition(a);
    crd.spec.versions = [{ schema: { openAPIV3Schema: { properties: {} } } }];
    crd.status = statusOf(crd, [crd], time);
    expect(crd.status.conditions.at(-1)).toMatchObject({
      type: 'NonStructuralSchema',
      reason: 'Violations',
      message: 'spec.versions[0].schema.openAPIV3Schema.type: Required value: must not be empty at the root',
    });
    crd.spec.versions = [];
    expect(statusOf(crd, [crd], time).conditions.some((c: any) => c.type === 'NonStructuralSchema')).toBe(false);
  });
  it('names go to who accepted them first when two servers gave them away at once', () => {
    const first = definition(a, a, [], '5');
    const second = { ...definition(a, a, [], '6'), metadata: { name: 'bs.example.com', resourceVersion: '6' } };
    expect(beatenBy(first, [first, second])).toBeUndefined();
    expect(beatenBy(second, [first, second])).toBe(first);
    const older = { ...second, status: { ...second.status, conditions: [{ type: 'Established', status: 'True' }] } };
    expect(beatenBy(first, [first, older])).toBe(older);
  });
});

describe('a definition that another server has let go of', () => {
  const going = (deletionTimestamp?: string): any => {
    const crd = definition(a, a, [
      { type: 'NamesAccepted', status: 'True' },
      { type: 'Established', status: 'True' },
    ]);
    const finalizers = ['customresourcecleanup.apiextensions.k8s.io'];
    return { ...crd, metadata: { ...crd.metadata, uid: deletionTimestamp ?? 'anew', deletionTimestamp, finalizers } };
  };
  /** The controller sees `seen`, late; `live` is what is stored. */
  async function run(seen: any, live: any): Promise<{ asked: number; live: any }> {
    let asked = 0;
    const api: any = {
      clock: { now: () => 0, setTimeout: () => ({ cancel() {} }) },
      random: () => 0,
      log: { warn() {}, error() {} },
      registry: { byResource: () => ({ kind: {} }) },
      cache: { fresh: async () => {} },
      cluster: {
        async update(_: any, __: string, ___: undefined, change: (live: any) => unknown) {
          asked++;
          change(live);
        },
      },
    };
    const cached = { object: () => seen };
    const cache: any = { spec: { prefix: '' }, list: () => [cached], get: () => cached, subscribe: () => () => {} };
    await startCrdController(api, cache, { put() {}, remove() {}, names: () => [], storageRow: undefined! }).stop();
    return { asked, live };
  }
  it('loses its finalizer', async () => {
    const { asked, live } = await run(going(time), going(time));
    expect([asked, live.metadata.finalizers]).toEqual([2, []]);
  });
  it('and that was made anew meanwhile is left alone', async () => {
    const { asked, live } = await run(going(time), going());
    expect(asked).toBe(1);
    expect(live).toEqual(going());
  });
});

describe('approval', () => {
  it.each(['k8s.io', 'x.k8s.io', 'kubernetes.io', 'x.y.kubernetes.io'])('%s needs it', (g) =>
    expect(isProtectedGroup(g)).toBe(true),
  );
  it.each(['example.com', 'xk8s.io', 'k8s.io.example.com'])('%s does not', (g) =>
    expect(isProtectedGroup(g)).toBe(false),
  );
  it.each([
    [undefined, 'missing'],
    ['', 'missing'],
    ['https://github.com/kubernetes/kubernetes/pull/78458', 'approved'],
    ['unapproved', 'bypassed'],
    ['unapproved, why not', 'bypassed'],
    ['github.com/x', 'invalid'],
  ])('%s is %s', (text, state) => {
    expect(approvalOf(text === undefined ? {} : { 'api-approved.kubernetes.io': text }).state).toBe(state);
  });
});
