// What is taken in a pod, and most likely not meant. More rows of the first table are in columns.test.ts.
import { expect, test } from 'vitest';
import { deployment } from '../../../../apiserver/kinds/deployment.ts';
import { pod } from '../../../../apiserver/kinds/pod.ts';
import { made } from '../said.ts';
import { aPod } from './pods.ts';

const volumes =
  (...list: any[]) =>
  (s: any) =>
    Object.assign(s, { volumes: list });
const items = (...paths: string[]) => paths.map((path, i) => ({ key: `k${i}`, path }));
const port =
  (...ports: any[]) =>
  (s: any) =>
    Object.assign(s.containers[0], { ports });
const required = 'requiredDuringSchedulingIgnoredDuringExecution';
const preferred = 'preferredDuringSchedulingIgnoredDuringExecution';
const noSelector = 'a null labelSelector results in matching no pod';
const token = { serviceAccountToken: { path: 'token' } };

test.each<[string, (s: any) => void, string[]]>([
  ['files side by side', volumes({ name: 'v', configMap: { name: 'm', items: items('a', 'b/c') } }), []],
  [
    'a file over a file',
    volumes({ name: 'v', configMap: { name: 'm', items: items('a', 'a') } }),
    ['volume "v" (ConfigMap "m"): overlapping paths: "a" with "a"'],
  ],
  [
    'a file where a folder is',
    volumes({ name: 'v', secret: { secretName: 's', items: items('path', 'path/path2') } }),
    ['volume "v" (Secret "s"): overlapping paths: "path/path2" with "path"'],
  ],
  [
    'downward',
    volumes({
      name: 'v',
      downwardAPI: { items: items('a/', 'a').map((i) => ({ ...i, fieldRef: { fieldPath: 'metadata.name' } })) },
    }),
    ['volume "v" (DownwardAPI): overlapping paths: "a" with "a"'],
  ],
  [
    'projected apart',
    volumes({ name: 'v', projected: { sources: [token, { configMap: { name: 'm', items: items('ca') } }] } }),
    [],
  ],
  [
    'projected over the token',
    volumes({ name: 'v', projected: { sources: [token, { configMap: { name: 'm', items: items('token') } }] } }),
    ['volume "v" (Projected ConfigMap "m"): overlapping paths: "token" with "token"'],
  ],
  [
    'projected secret under the token',
    volumes({ name: 'v', projected: { sources: [token, { secret: { name: 's', items: items('token/x') } }] } }),
    ['volume "v" (Projected Secret "s"): overlapping paths: "token/x" with "token"'],
  ],
  [
    'nothing projected',
    volumes({ name: 'v', projected: { sources: [{}] } }),
    ['volume "v" (Projected) has no sources provided'],
  ],
  [
    'a claim of half a byte',
    volumes({
      name: 'v',
      ephemeral: {
        volumeClaimTemplate: { spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '500m' } } } },
      },
    }),
    [
      'spec.volumes[0].ephemeral.volumeClaimTemplate.spec.resources.requests[storage]: fractional byte value "500m" is invalid, must be an integer',
    ],
  ],
  ['address of a port', port({ containerPort: 80, hostPort: 80, hostIP: '127.0.0.1' }), []],
  [
    'address of no port',
    port({ containerPort: 80, hostIP: '127.0.0.1' }),
    [
      'spec.containers[0].ports[0]: hostIP set without hostPort: {Name: HostPort:0 ContainerPort:80 Protocol:TCP HostIP:127.0.0.1}',
    ],
  ],
  [
    'any address and one',
    port({ containerPort: 80, hostPort: 80 }, { containerPort: 80, hostPort: 80, hostIP: '127.0.0.1' }),
    ['spec.containers[0].ports[1]: dangerously ambiguous port definition with spec.containers[0].ports[0]'],
  ],
  [
    'two addresses',
    port(
      { containerPort: 80, hostPort: 80, hostIP: '127.0.0.2' },
      { containerPort: 80, hostPort: 80, hostIP: '127.0.0.1' },
    ),
    [],
  ],
  [
    'with and without a port of the node',
    port({ containerPort: 80 }, { containerPort: 80, hostPort: 80 }),
    ['spec.containers[0].ports[1]: overlapping port definition with spec.containers[0].ports[0]'],
  ],
  [
    'affinity to nobody',
    (s) =>
      Object.assign(s, {
        affinity: {
          podAffinity: { [required]: [{ topologyKey: 'a' }, { topologyKey: 'a', labelSelector: {} }] },
          podAntiAffinity: { [preferred]: [{ weight: 1, podAffinityTerm: { topologyKey: 'a' } }] },
        },
      }),
    [
      `spec.affinity.podAffinity.${required}[0].labelSelector: ${noSelector}`,
      `spec.affinity.podAntiAffinity.${preferred}[0].podAffinityTerm.labelSelector: ${noSelector}`,
    ],
  ],
  [
    'odd addresses',
    (s) => Object.assign(s, { dnsConfig: { nameservers: ['8.8.8.8', '8.8.8.08'] }, hostAliases: [{ ip: '::FFFF' }] }),
    [
      'spec.dnsConfig.nameservers[1]: non-standard IP address "8.8.8.08" will be considered invalid in a future Kubernetes release: use "8.8.8.8"',
      'spec.hostAliases[0].ip: IPv6 address "::FFFF" should be in RFC 5952 canonical format ("::ffff")',
    ],
  ],
])('a pod: %s', (_what, change, expected) => {
  expect(pod.warnings!(aPod(change), undefined)).toEqual(expected);
});

test('a template that gives its pods no time', () => {
  const spec = { containers: [{ name: 'c', image: 'b' }], terminationGracePeriodSeconds: -5 };
  const labels = { a: 'b' };
  const it = made(deployment, {
    spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec } },
  });
  expect(deployment.warnings!(it, undefined)).toEqual([
    'spec.template.spec.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1',
  ]);
});

const status = pod.subresources!.find((s) => s.name === 'status')!;
test.each<[any, string[]]>([
  [{}, []],
  [{ podIPs: [{ ip: '10.0.0.1' }], hostIPs: [{ ip: 'fd00::1' }] }, []],
  [
    { podIPs: [{ ip: '10.0.0.01' }], hostIPs: [{ ip: 'FD00::1' }] },
    [
      'status.podIPs[0].ip: non-standard IP address "10.0.0.01" will be considered invalid in a future Kubernetes release: use "10.0.0.1"',
      'status.hostIPs[0].ip: IPv6 address "FD00::1" should be in RFC 5952 canonical format ("fd00::1")',
    ],
  ],
])('the status %j', (fields, expected) => {
  expect(status.warnings!({ status: fields }, {})).toEqual(expected);
});
