import { expect, test } from 'vitest';
import { fromOldForm } from '../../../apiserver/aggregator/extensionDiscovery.ts';
import { identityHeaders } from '../../../apiserver/aggregator/frontProxy.ts';
import { priorityOf } from '../../../apiserver/aggregator/priorities.ts';
import { createServiceOrigin } from '../../../apiserver/aggregator/serviceOrigin.ts';
import { kinds } from '../../../apiserver/kinds/kinds.ts';
import { memoryCluster } from '../memoryCluster.ts';

test('every built-in group version has its place', () => {
  const without = kinds.filter((kind) => !priorityOf(kind.group, kind.version)).map((k) => `${k.group}/${k.version}`);
  expect([...new Set(without)]).toEqual(['apiregistration.k8s.io/v1']);
});

test('a caller as headers', () => {
  const user = { username: 'jane', uid: '7', groups: ['a', 'b'], extra: { 'x.io/a b%(é)': ['1', '2'] } };
  expect(identityHeaders(user)).toEqual({
    'x-remote-user': 'jane',
    'x-remote-uid': '7',
    'x-remote-group': ['a', 'b'],
    'x-remote-extra-x.io%2Fa%20b%25%28%C3%A9%29': ['1', '2'],
  });
});

const cluster = memoryCluster();
const put = (name: string, spec: object) =>
  cluster.put({ group: '', plural: 'services' }, { metadata: { name, namespace: 'a' }, spec });
const ports = [{ name: 'https', port: 443 }];
put('plain', { clusterIP: '10.0.0.1', ports });
put('v6', { clusterIP: 'fd00::1', ports, type: 'NodePort' });
put('headless', { clusterIP: 'None', ports });
put('named', { type: 'ExternalName', externalName: 'example.com' });
cluster.put(
  { group: 'discovery.k8s.io', plural: 'endpointslices' },
  {
    metadata: { name: 's', namespace: 'a', labels: { 'kubernetes.io/service-name': 'plain' } },
    addressType: 'IPv4',
    endpoints: [{ addresses: ['10.1.0.9'], conditions: { ready: false } }, { addresses: ['10.1.0.1'] }],
    ports: [{ name: 'https', port: 8443 }],
  },
);

test.each<[string, number, boolean, string]>([
  ['plain', 443, false, 'https://10.0.0.1:443'],
  ['v6', 443, false, 'https://[fd00::1]:443'],
  ['named', 8443, false, 'https://example.com:8443'],
  ['plain', 80, false, 'no service port 80 found for service "plain"'],
  ['headless', 443, false, 'cannot route to service with ClusterIP "None"'],
  ['none', 443, false, 'service "none" not found'],
  ['plain', 443, true, 'https://10.1.0.1:8443'],
  ['headless', 443, true, 'no endpoints available for service "headless"'],
  ['named', 443, true, 'unsupported service type "ExternalName"'],
])('%s at %i, to endpoints: %s', (name, port, toEndpoints, expected) => {
  const origin = createServiceOrigin(cluster, toEndpoints, () => 0.99);
  let found: string;
  try {
    found = origin({ namespace: 'a', name, port });
  } catch (error) {
    found = (error as Error).message;
  }
  expect(found).toBe(expected);
});

test('an old discovery document in the new form', () => {
  const resources = [
    { name: 'things/status', singularName: '', namespaced: true, kind: 'Thing', verbs: ['get'] },
    { name: 'things', singularName: 'thing', namespaced: true, kind: 'Thing', verbs: ['list'], shortNames: ['t'] },
    { name: 'things/scale', namespaced: true, group: 'autoscaling', version: 'v1', kind: 'Scale', verbs: ['get'] },
  ];
  const responseKind = { group: 'g', version: 'v1', kind: 'Thing' };
  expect(fromOldForm({ resources }, { group: 'g', version: 'v1' })).toEqual([
    {
      resource: 'things',
      responseKind,
      scope: 'Namespaced',
      singularResource: 'thing',
      verbs: ['list'],
      shortNames: ['t'],
      subresources: [
        { subresource: 'status', responseKind, verbs: ['get'] },
        { subresource: 'scale', responseKind: { group: 'autoscaling', version: 'v1', kind: 'Scale' }, verbs: ['get'] },
      ],
    },
  ]);
});
