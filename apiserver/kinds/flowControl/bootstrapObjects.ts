// The flow schemas and priority levels that every server has: the mandatory ones, whose specs are fixed, and the suggested ones.
// Mirrors: staging/src/k8s.io/apiserver/pkg/apis/flowcontrol/bootstrap/default.go, as v1.35 has them.
// Read by: validation.ts (what is mandatory stays so), ../../bootstrap/flowControl.ts (makes and keeps them).

/** An administrator sets it to `false` to keep an own spec of a suggested object. */
export const autoUpdateAnnotation = 'apf.kubernetes.io/autoupdate-spec';

const named = (name: string, spec: object) => ({
  metadata: { name, annotations: { [autoUpdateAnnotation]: 'true' } },
  spec,
});

const limited = (name: string, shares: number, lendablePercent: number, limitResponse: object) =>
  named(name, {
    type: 'Limited',
    limited: { nominalConcurrencyShares: shares, limitResponse, lendablePercent },
  });
const queued = (name: string, shares: number, lendable: number, queues: number, handSize: number) =>
  limited(name, shares, lendable, { type: 'Queue', queuing: { queues, handSize, queueLengthLimit: 50 } });

export const mandatoryLevels = [
  limited('catch-all', 5, 0, { type: 'Reject' }),
  named('exempt', { type: 'Exempt', exempt: { nominalConcurrencyShares: 0, lendablePercent: 0 } }),
];
export const suggestedLevels = [
  queued('system', 30, 33, 64, 6),
  queued('node-high', 40, 25, 64, 6),
  queued('leader-election', 10, 0, 16, 4),
  queued('workload-high', 40, 50, 128, 6),
  queued('workload-low', 100, 90, 128, 6),
  queued('global-default', 20, 50, 128, 6),
];

const group = (name: string) => ({ kind: 'Group', group: { name } });
const user = (name: string) => ({ kind: 'User', user: { name } });
const account = (name: string) => ({ kind: 'ServiceAccount', serviceAccount: { namespace: 'kube-system', name } });
const everyone = [group('system:unauthenticated'), group('system:authenticated')];
const manager = user('system:kube-controller-manager');
const scheduler = user('system:kube-scheduler');

const resources = (verbs: string[], apiGroup: string, names: string[], clusterScope = false) => ({
  verbs,
  apiGroups: [apiGroup],
  resources: names,
  ...(clusterScope && { clusterScope }),
  namespaces: ['*'],
});
const everything = {
  resourceRules: [resources(['*'], '*', ['*'], true)],
  nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
};
const electing = ['get', 'create', 'update'];
const elections = { resourceRules: [resources(electing, 'coordination.k8s.io', ['leases'])] };

function schema(name: string, level: string, precedence: number, by: string, subjects: object[], rules: object) {
  return named(name, {
    priorityLevelConfiguration: { name: level },
    matchingPrecedence: precedence,
    ...(by && { distinguisherMethod: { type: by } }),
    rules: [{ subjects, ...rules }],
  });
}

export const mandatorySchemas = [
  schema('exempt', 'exempt', 1, '', [group('system:masters')], everything),
  schema('catch-all', 'catch-all', 10_000, 'ByUser', everyone, everything),
];
export const suggestedSchemas = [
  schema('system-nodes', 'system', 500, 'ByUser', [group('system:nodes')], everything),
  schema('system-node-high', 'node-high', 400, 'ByUser', [group('system:nodes')], {
    resourceRules: [
      resources(['*'], '', ['nodes', 'nodes/status'], true),
      resources(['*'], 'coordination.k8s.io', ['leases']),
    ],
  }),
  schema('probes', 'exempt', 2, '', everyone, {
    nonResourceRules: [{ verbs: ['get'], nonResourceURLs: ['/healthz', '/readyz', '/livez'] }],
  }),
  schema('system-leader-election', 'leader-election', 100, 'ByUser', [manager, scheduler, account('*')], elections),
  schema('workload-leader-election', 'leader-election', 200, 'ByUser', [account('*')], elections),
  schema(
    'endpoint-controller',
    'workload-high',
    150,
    'ByUser',
    [manager, account('endpoint-controller'), account('endpointslicemirroring-controller')],
    { resourceRules: [resources(electing, '', ['endpoints'])] },
  ),
  schema('kube-controller-manager', 'workload-high', 800, 'ByNamespace', [manager], everything),
  schema('kube-scheduler', 'workload-high', 800, 'ByNamespace', [scheduler], everything),
  schema('kube-system-service-accounts', 'workload-high', 900, 'ByNamespace', [account('*')], everything),
  schema('service-accounts', 'workload-low', 9000, 'ByUser', [group('system:serviceaccounts')], everything),
  schema('global-default', 'global-default', 9900, 'ByUser', everyone, everything),
];
