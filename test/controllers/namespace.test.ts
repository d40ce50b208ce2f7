import { describe, expect, it } from 'vitest';
import { notFound } from '../../apimachinery/status.ts';
import type { ConfigMap, Namespace } from '../../apimachinery/types.ts';
import { isEnabled } from '../../controllers/isEnabled.ts';
import { type ContentReport, planConditions } from '../../controllers/namespace/conditions.ts';
import { namespaceController } from '../../controllers/namespace/namespace.ts';
import { planRootCa, rootCaName } from '../../controllers/rootCaPublisher.ts';
import { needsAccount } from '../../controllers/serviceAccount.ts';

const report = (o: Partial<ContentReport> = {}): ContentReport => ({
  discoveryFailures: [],
  deletionErrors: [],
  remaining: new Map(),
  finalizers: new Map(),
  ...o,
});

describe('a namespace that was seen going', () => {
  const seen = {
    metadata: { name: 'n', uid: 'old', deletionTimestamp: '2026-01-01T00:00:00Z' },
    spec: { finalizers: ['kubernetes'] },
    status: { phase: 'Terminating' },
  };
  /** The verbs that the controller asks of a server where the namespace is now `live`. */
  async function verbs(live: () => unknown): Promise<string[]> {
    const asked: string[] = [];
    const get = async () => live();
    const client = new Proxy(
      { get },
      {
        get: (known, verb: string) => {
          asked.push(verb);
          return verb in known ? get : async () => ({ items: [], groups: [], resources: [] });
        },
      },
    );
    const context: any = { client, clock: { now: () => 0 }, informers: { informer: () => ({ get: () => seen }) } };
    await namespaceController.reconcile('n', context);
    return asked;
  }
  it('keeps its content when it was made anew meanwhile', async () => {
    expect(await verbs(() => ({ metadata: { name: 'n', uid: 'new' }, spec: seen.spec }))).toEqual(['get']);
  });
  it('is not asked for when it is gone', async () => {
    expect(await verbs(() => Promise.reject(notFound({ group: '', plural: 'namespaces' }, 'n')))).toEqual(['get']);
  });
  it('is let go of when it is still there', async () => {
    expect(await verbs(() => seen)).toContain('update');
  });
});

describe('conditions of a namespace that goes', () => {
  it('all well', () => {
    expect(planConditions(undefined, report(), 'now')!.map((c) => [c.type, c.status, c.reason, c.message])).toEqual([
      ['NamespaceDeletionDiscoveryFailure', 'False', 'ResourcesDiscovered', 'All resources successfully discovered'],
      [
        'NamespaceDeletionGroupVersionParsingFailure',
        'False',
        'ParsedGroupVersions',
        'All legacy kube types successfully parsed',
      ],
      [
        'NamespaceDeletionContentFailure',
        'False',
        'ContentDeleted',
        'All content successfully deleted, may be waiting on finalization',
      ],
      ['NamespaceContentRemaining', 'False', 'ContentRemoved', 'All content successfully removed'],
      ['NamespaceFinalizersRemaining', 'False', 'ContentHasNoFinalizers', 'All content-preserving finalizers finished'],
    ]);
  });

  it.each([
    [
      { discoveryFailures: [{ groupVersion: 'x/v1', error: 'down' }] },
      'NamespaceDeletionDiscoveryFailure',
      'DiscoveryFailed',
      'Discovery failed for some groups, 1 failing: unable to retrieve the complete list of server APIs: x/v1: down',
    ],
    [
      { deletionErrors: ['b', 'a', 'a'] },
      'NamespaceDeletionContentFailure',
      'ContentDeletionFailed',
      'Failed to delete all resource types, 2 remaining: [a, b]',
    ],
    [
      {
        remaining: new Map([
          ['pods.', 2],
          ['deployments.apps', 1],
        ]),
      },
      'NamespaceContentRemaining',
      'SomeResourcesRemain',
      'Some resources are remaining: deployments.apps has 1 resource instances, pods. has 2 resource instances',
    ],
    [
      { finalizers: new Map([['x/y', 3]]) },
      'NamespaceFinalizersRemaining',
      'SomeFinalizersRemain',
      'Some content in the namespace has finalizers remaining: x/y in 3 resource instances',
    ],
  ])('%j', (o, type, reason, message) => {
    const found = planConditions(undefined, report(o as never), 'now')!.find((c) => c.type === type);
    expect(found).toEqual({ type, status: 'True', reason, message, lastTransitionTime: 'now' });
  });

  it('stay when nothing changed, keep their time when only the message did', () => {
    const first = planConditions(undefined, report({ remaining: new Map([['pods.', 2]]) }), 'then')!;
    expect(planConditions(first, report({ remaining: new Map([['pods.', 2]]) }), 'now')).toBeUndefined();
    const next = planConditions(first, report({ remaining: new Map([['pods.', 1]]) }), 'now')!;
    expect(next.find((c) => c.type === 'NamespaceContentRemaining')).toMatchObject({
      lastTransitionTime: 'then',
      message: expect.stringContaining('pods. has 1'),
    });
  });
});

describe('what a namespace gets', () => {
  const ns = (phase: string, o = {}) =>
    ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'n', ...o }, status: { phase } }) as Namespace;
  it.each([
    [ns('Active'), true],
    [ns('Terminating'), false],
    [ns('Active', { deletionTimestamp: 'x' }), false],
    [undefined, false],
  ])('an account, case %#', (namespace, needed) => {
    expect(needsAccount(namespace, undefined)).toBe(needed);
  });

  it('the bundle, again when it was changed', () => {
    const created = (planRootCa('n', undefined, 'PEM') as { create: ConfigMap }).create;
    expect(created).toMatchObject({ metadata: { name: rootCaName, namespace: 'n' }, data: { 'ca.crt': 'PEM' } });
    expect(planRootCa('n', created, 'PEM')).toBeUndefined();
    expect(planRootCa('n', { ...created, data: { 'ca.crt': 'x' } }, 'PEM')).toMatchObject({
      update: { data: { 'ca.crt': 'PEM' } },
    });
    expect(planRootCa('n', { ...created, data: { 'ca.crt': 'PEM', more: 'x' } }, 'PEM')).toMatchObject({
      update: { data: { 'ca.crt': 'PEM' } },
    });
  });

  it('an empty bundle, where the kubeconfig verifies nothing', () => {
    const created = (planRootCa('n', undefined, '') as { create: ConfigMap }).create;
    expect(created.data).toEqual({ 'ca.crt': '' });
    expect(planRootCa('n', created, '')).toBeUndefined();
  });
});

describe('--controllers', () => {
  it.each([
    [['*'], true],
    [['*', '-a'], false],
    [['b'], false],
    [['a'], true],
    [['-b', '*'], true],
    [[], false],
  ])('%j: %s', (wanted, on) => {
    expect(isEnabled('a', wanted)).toBe(on);
  });
});
