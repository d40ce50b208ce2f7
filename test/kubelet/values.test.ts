// Small pure parts of the kubelet, by tables: names, environment, DNS, resources, security, images, patches, node status.
import { X509Certificate } from 'node:crypto';
import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { realClock } from '../../apimachinery/clock.ts';
import type { Container, Pod, PodStatus, Secret, Service } from '../../apimachinery/types.ts';
import { parseFlags } from '../../component-base/flags.ts';
import { selfSigned } from '../../component-base/selfSigned.ts';
import { admit } from '../../kubelet/admission.ts';
import { createBackOff } from '../../kubelet/backOff.ts';
import { kubeletFlags, nodeConfig, nodeConfigs } from '../../kubelet/config.ts';
import { cpuQuota, cpuShares } from '../../kubelet/container/containerResources.ts';
import { oomScoreAdj, qosClass } from '../../kubelet/container/qos.ts';
import { cgroupParent, podHostname, sandboxConfig } from '../../kubelet/container/sandboxConfig.ts';
import { containerSecurity, rootRefusal } from '../../kubelet/container/securityContext.ts';
import { fieldValue, resourceValue } from '../../kubelet/env/downwardValue.ts';
import { expand } from '../../kubelet/env/expand.ts';
import { serviceEnv, servicesSeenBy } from '../../kubelet/env/serviceEnv.ts';
import { deadContainers } from '../../kubelet/garbage.ts';
import { repositoryOf, withDefaultTag } from '../../kubelet/images/imageName.ts';
import { credentialsFor } from '../../kubelet/images/pullSecrets.ts';
import { rotate } from '../../kubelet/logRotation.ts';
import { etcHosts } from '../../kubelet/network/etcHosts.ts';
import { podDns } from '../../kubelet/network/podDns.ts';
import { allocatable, newNode, parseTaint } from '../../kubelet/node/nodeStatus.ts';
import { countResult } from '../../kubelet/probes/probeState.ts';
import { resolvePort } from '../../kubelet/probes/target.ts';
import { subresourcesOf } from '../../kubelet/server/authorization.ts';
import { parseLogLine, readLog } from '../../kubelet/server/logReader.ts';
import { annotations, mirrorOf, staticPod } from '../../kubelet/sources/staticPods.ts';
import { statusPatch } from '../../kubelet/status/statusPatch.ts';
import { unsupportedFields } from '../../kubelet/unsupportedFields.ts';
import { writeAtomically } from '../../kubelet/volumes/atomicWriter.ts';
import { prepareSubPath } from '../../kubelet/volumes/subPath.ts';
import { needsRenewal } from '../../kubelet/volumes/tokens.ts';

const folder = mkdtempSync(join(tmpdir(), 'kubelet-values-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const podOf = (spec: object = {}, metadata: object = {}): Pod =>
  ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web', namespace: 'ns', uid: '1-2', ...metadata },
    spec: { containers: [{ name: 'a', image: 'app' }], ...spec },
  }) as Pod;

test.each([
  ['$(A)', 'one'],
  ['$$(A)', '$(A)'],
  ['$(NOPE)', '$(NOPE)'],
  ['$(A);;$(B)', 'one;;two'],
  ['$A $(', '$A $('],
  ['$(id -u)', '$(id -u)'],
  ['100$$', '100$'],
])('expand %s', (text, expected) => {
  expect(expand(text, (name) => ({ A: 'one', B: 'two' })[name])).toBe(expected);
});

test('a Service as environment', () => {
  const service = (name: string, namespace: string, clusterIP: string) =>
    ({
      metadata: { name, namespace },
      spec: { clusterIP, ports: [{ name: 'http', port: 80, protocol: 'TCP' }] },
    }) as Service;
  const all = [
    service('my-db', 'ns', '10.0.0.9'),
    service('kubernetes', 'default', '10.0.0.1'),
    service('x', 'other', '10.0.0.2'),
    service('h', 'ns', 'None'),
  ];
  expect(serviceEnv(servicesSeenBy('ns', false, all))).toMatchObject({ KUBERNETES_SERVICE_HOST: '10.0.0.1' });
  const env = serviceEnv(servicesSeenBy('ns', true, all));
  expect(env).toMatchObject({
    MY_DB_SERVICE_HOST: '10.0.0.9',
    MY_DB_SERVICE_PORT: '80',
    MY_DB_SERVICE_PORT_HTTP: '80',
    MY_DB_PORT: 'tcp://10.0.0.9:80',
    MY_DB_PORT_80_TCP: 'tcp://10.0.0.9:80',
    MY_DB_PORT_80_TCP_PROTO: 'tcp',
    MY_DB_PORT_80_TCP_PORT: '80',
    MY_DB_PORT_80_TCP_ADDR: '10.0.0.9',
  });
  expect(Object.keys(env).some((k) => k.startsWith('X_') || k.startsWith('H_'))).toBe(false);
});

test('what a pod may know of itself', () => {
  const facts = { podIPs: ['10.1.1.1', 'fd00::1'], hostIPs: ['192.0.2.1'], allocatable: { cpu: '4', memory: '1Gi' } };
  const pod = podOf({ nodeName: 'n' }, { annotations: { "it's": 'x' }, labels: { b: '2', a: '1' } });
  expect(fieldValue("metadata.annotations['it's']", pod, facts)).toBe('x');
  expect(fieldValue("metadata.annotations['no']", pod, facts)).toBe('');
  expect(fieldValue('metadata.labels', pod, facts)).toBe('a="1"\nb="2"');
  expect(fieldValue('status.podIPs', pod, facts)).toBe('10.1.1.1,fd00::1');
  expect(fieldValue('status.hostIP', pod, facts)).toBe('192.0.2.1');
  const c = {
    name: 'a',
    resources: { limits: { cpu: '1250m' }, requests: { memory: '32Mi' } },
  } as unknown as Container;
  expect(resourceValue('limits.cpu', undefined, c, facts)).toBe('2');
  expect(resourceValue('limits.cpu', '1m', c, facts)).toBe('1250');
  expect(resourceValue('limits.memory', '0', c, facts)).toBe(String(2 ** 30));
  expect(resourceValue('requests.memory', '1Mi', c, facts)).toBe('32');
});

test('DNS by policy', () => {
  const o = {
    clusterDNS: ['10.96.0.10'],
    clusterDomain: 'cluster.local',
    resolvConf: 'nameserver 9.9.9.9\nsearch corp.example\noptions ndots:2\n',
  };
  expect(podDns(podOf(), o)).toEqual({
    servers: ['10.96.0.10'],
    searches: ['ns.svc.cluster.local', 'svc.cluster.local', 'cluster.local', 'corp.example'],
    options: ['ndots:5'],
  });
  expect(podDns(podOf({ hostNetwork: true }), o).servers).toEqual(['9.9.9.9']);
  expect(podDns(podOf({ hostNetwork: true, dnsPolicy: 'ClusterFirstWithHostNet' }), o).servers).toEqual(['10.96.0.10']);
  expect(podDns(podOf({ dnsPolicy: 'Default' }), o)).toEqual({
    servers: ['9.9.9.9'],
    searches: ['corp.example'],
    options: ['ndots:2'],
  });
  const dnsConfig = {
    nameservers: ['1.1.1.1'],
    searches: ['x.y'],
    options: [{ name: 'ndots', value: '1' }, { name: 'edns0' }],
  };
  expect(podDns(podOf({ dnsPolicy: 'None', dnsConfig }), o)).toEqual({
    servers: ['1.1.1.1'],
    searches: ['x.y'],
    options: ['ndots:1', 'edns0'],
  });
});

test('the hosts file', () => {
  const pod = podOf({
    hostname: 'h',
    subdomain: 's',
    hostAliases: [{ ip: '123.45.67.89', hostnames: ['foo', 'bar'] }],
  });
  const text = etcHosts(pod, ['10.1.1.1'], 'cluster.local', '');
  expect(text).toMatch(/^# Kubernetes-managed hosts file\.\n127\.0\.0\.1\tlocalhost\n/);
  expect(text).toContain('10.1.1.1\th.s.ns.svc.cluster.local\th\n');
  expect(text).toContain('\n# Entries added by HostAliases.\n123.45.67.89\tfoo\tbar\n');
  expect(etcHosts(podOf({ hostNetwork: true }), [], '', 'x\n')).toBe(
    '# Kubernetes-managed hosts file (host network).\nx\n',
  );
});

test.each([
  [0, 2, 0],
  [1, 2, 1000],
  [100, 102, 10_000],
  [1000, 1024, 100_000],
  [500_000, 262_144, 50_000_000],
])('%im of CPU', (milli, shares, quota) => {
  expect([cpuShares(milli), cpuQuota(milli)]).toEqual([shares, quota]);
});

test('quality of service, and who is killed first', () => {
  const with_ = (resources: object) => podOf({ containers: [{ name: 'a', resources }] });
  const guaranteed = with_({ limits: { cpu: '1', memory: '1Gi' }, requests: { cpu: '1', memory: '1Gi' } });
  const burstable = with_({ requests: { memory: '1Gi' } });
  expect([guaranteed, burstable, with_({})].map(qosClass)).toEqual(['Guaranteed', 'Burstable', 'BestEffort']);
  const score = (p: Pod) => oomScoreAdj(p, p.spec!.containers[0]!, 4 * 2 ** 30);
  expect([guaranteed, burstable, with_({})].map(score)).toEqual([-997, 750, 1000]);
  expect(cgroupParent(burstable, 'cgroupfs')).toBe('/kubepods/burstable/pod1-2');
  expect(cgroupParent(guaranteed, 'systemd')).toBe('/kubepods.slice/kubepods-pod1_2.slice');
});

test('security: the container over the pod; root refused where it is unwanted', () => {
  const pod = podOf({
    securityContext: { runAsUser: 1001, runAsGroup: 2002, fsGroup: 3, supplementalGroups: [4] },
    hostPID: true,
  });
  const c = {
    name: 'a',
    securityContext: { runAsUser: 1002, capabilities: { drop: ['ALL'] }, readOnlyRootFilesystem: true },
  } as Container;
  const image = { uid: null, username: '' };
  expect(containerSecurity(pod, c, image, { seccompFolder: '/x' })).toMatchObject({
    runAsUser: { value: 1002 },
    runAsGroup: { value: 2002 },
    readonlyRootfs: true,
    noNewPrivs: false,
    supplementalGroups: [4, 3],
    namespaceOptions: { network: 'POD', pid: 'NODE', ipc: 'POD' },
    capabilities: { dropCapabilities: ['ALL'] },
    seccomp: { profileType: 'Unconfined' },
  });
  const wary = podOf({ securityContext: { runAsNonRoot: true } });
  const main = wary.spec!.containers[0]!;
  const about = '(pod: "web_ns(1-2)", container: a)';
  expect(rootRefusal(wary, main, image)).toBe(`container has runAsNonRoot and image will run as root ${about}`);
  expect(rootRefusal(wary, main, { uid: { value: 5n }, username: '' })).toBeUndefined();
  expect(rootRefusal(wary, main, { uid: null, username: 'app' })).toBe(
    `container has runAsNonRoot and image has non-numeric user (app), cannot verify user is non-root ${about}`,
  );
});

test('the sandbox: names, ports, host name', () => {
  const settings = {
    attempt: 2,
    nodeName: 'n',
    podLogsDir: '/logs',
    dns: {},
    clusterDomain: 'c',
    seccompFolder: '',
    cgroupDriver: 'cgroupfs',
  };
  const config = sandboxConfig(
    podOf({ containers: [{ name: 'a', ports: [{ containerPort: 80, hostPort: 8080 }] }] }),
    settings,
  );
  expect(config).toMatchObject({
    metadata: { name: 'web', namespace: 'ns', uid: '1-2', attempt: 2 },
    hostname: 'web',
    logDirectory: '/logs/ns_web_1-2',
    labels: { 'io.kubernetes.pod.name': 'web', 'io.kubernetes.pod.uid': '1-2' },
    portMappings: [{ containerPort: 80, hostPort: 8080, protocol: 'TCP' }],
  });
  expect(podHostname(podOf({}, { name: `${'x'.repeat(62)}-y` }))).toBe('x'.repeat(62));
});

test.each([
  ['nginx', 'nginx:latest', 'docker.io/library/nginx'],
  ['nginx:1', 'nginx:1', 'docker.io/library/nginx'],
  ['me/app', 'me/app:latest', 'docker.io/me/app'],
  ['localhost:5000/a/b:x', 'localhost:5000/a/b:x', 'localhost:5000/a/b'],
  [`r.io/a@sha256:${'0'.repeat(64)}`, `r.io/a@sha256:${'0'.repeat(64)}`, 'r.io/a'],
])('image %s', (image, tagged, repository) => {
  expect([withDefaultTag(image), repositoryOf(image)]).toEqual([tagged, repository]);
});
test.each(['UPPER', 'a b', 'x:', 'http://x/y', ''])('image name %j is none', (image) => {
  expect(() => withDefaultTag(image)).toThrow('invalid reference format');
});

test('credentials: the longest match first', () => {
  const auths = {
    'https://index.docker.io/v1/': { auth: Buffer.from('u:p:q').toString('base64') },
    'r.io': { username: 'wide', password: '1' },
    'r.io/team': { username: 'narrow', password: '2' },
    '*.example.com': { username: 'star', password: '3' },
  };
  const data = { '.dockerconfigjson': Buffer.from(JSON.stringify({ auths })).toString('base64') };
  const secrets = [{ type: 'kubernetes.io/dockerconfigjson', data }] as unknown as Secret[];
  const users = (image: string) => credentialsFor(image, secrets).map((c) => c.username);
  expect(users('r.io/team/app:1')).toEqual(['narrow', 'wide']);
  expect(users('a.example.com/x')).toEqual(['star']);
  expect(users('a.b.example.com/x')).toEqual([]);
  expect(credentialsFor('nginx', secrets)[0]).toMatchObject({ username: 'u', password: 'p:q' });
});

test('a status patch holds what changed, and nothing else', () => {
  const have = {
    phase: 'Pending',
    podIPs: [],
    conditions: [
      { type: 'Ready', status: 'False', reason: 'x' },
      { type: 'gate', status: 'True' },
    ],
  } as unknown as PodStatus;
  const want = {
    phase: 'Running',
    podIPs: [{ ip: '10.0.0.1' }],
    conditions: [
      { type: 'Ready', status: 'True' },
      { type: 'gate', status: 'True' },
    ],
  } as unknown as PodStatus;
  expect(statusPatch(have, want)).toEqual({
    phase: 'Running',
    podIPs: [{ ip: '10.0.0.1' }, { $patch: 'replace' }],
    conditions: [{ type: 'Ready', status: 'True', reason: null, message: null }],
  });
  expect(statusPatch(want, want)).toBeUndefined();
  expect(statusPatch({ ...want, message: undefined, hostIPs: [] } as PodStatus, want)).toBeUndefined();
  expect(statusPatch({ ...want, reason: 'Old' } as PodStatus, want)).toEqual({ reason: null });
});

test('verdicts of probes', () => {
  const probe = { failureThreshold: 2, successThreshold: 1 };
  const one = countResult({ length: 0 }, 'failure', probe);
  expect(one.verdict).toBeUndefined();
  expect(countResult(one.streak, 'failure', probe).verdict).toBe('failure');
  expect(countResult(one.streak, 'success', probe)).toEqual({
    streak: { outcome: 'success', length: 1 },
    verdict: 'success',
  });
  expect(resolvePort('http', { name: 'a', ports: [{ name: 'http', containerPort: 8080 }] } as Container)).toBe(8080);
  expect(() => resolvePort('nope', { name: 'a' } as Container)).toThrow('strconv.Atoi: parsing "nope": invalid syntax');
});

test('back-off doubles, and is forgotten', () => {
  let now = 0;
  const b = createBackOff({ ...realClock, now: () => now });
  expect(b.remaining('k', 0)).toBe(0);
  b.next('k', 0);
  expect(b.remaining('k', 0)).toBe(10_000);
  now = 10_000;
  expect(b.remaining('k', 0)).toBe(0);
  for (let i = 0; i < 9; i++) b.next('k', now);
  expect(b.current('k')).toBe(300_000);
  now += 601_000;
  expect(b.remaining('k', now)).toBe(0);
});

test('a pod from a file', () => {
  const manifest = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web' },
    spec: { containers: [{ name: 'a', image: 'app' }] },
  };
  const pod = staticPod(manifest, '/etc/x.yaml', 'node-1', 'now');
  expect(pod.metadata).toMatchObject({
    name: 'web-node-1',
    namespace: 'default',
    uid: pod.metadata.annotations![annotations.hash],
  });
  expect(pod.spec).toMatchObject({ nodeName: 'node-1', restartPolicy: 'Always' });
  expect(pod.spec!.containers[0]).toMatchObject({
    imagePullPolicy: 'Always',
    terminationMessagePath: '/dev/termination-log',
  });
  expect(staticPod(manifest, '/etc/y.yaml', 'node-1', 'now').metadata.uid).not.toBe(pod.metadata.uid);
  expect(mirrorOf(pod, { name: 'node-1', uid: 'n' }).metadata.annotations![annotations.mirror]).toBe(pod.metadata.uid);
  expect(() => staticPod({ kind: 'Service' }, '', '', '')).toThrow('not a v1 Pod');
});

test('fields that cannot be honoured are named', () => {
  const pod = podOf({
    resourceClaims: [{ name: 'gpu', resourceClaimName: 'c' }],
    hostUsers: false,
    volumes: [
      { name: 'v', iscsi: {} },
      { name: 'ok', persistentVolumeClaim: { claimName: 'c' } },
    ],
    containers: [
      { name: 'a', resources: { limits: { 'nvidia.com/gpu': '1', 'hugepages-2Mi': '2Mi' } }, volumeDevices: [{}] },
    ],
  });
  expect(unsupportedFields(pod)).toEqual([
    'spec.resourceClaims',
    'spec.hostUsers',
    'spec.volumes[0].iscsi',
    'spec.containers[0].volumeDevices',
    'spec.containers[0].resources.limits[hugepages-2Mi]',
  ]);
});

test('admission on the node', () => {
  const node = {
    metadata: { name: 'n', labels: { disk: 'hdd' } },
    status: { allocatable: { cpu: '1', memory: '1Gi', pods: '2' } },
  } as any;
  const cpu = (amount: string) => podOf({ containers: [{ name: 'a', resources: { requests: { cpu: amount } } }] });
  expect(admit(cpu('500m'), node, [], [])).toBeUndefined();
  expect(admit(cpu('500m'), node, [cpu('600m')], [])).toEqual({
    reason: 'OutOfcpu',
    message: "Pod was rejected: Node didn't have enough resource: cpu, requested: 500, used: 600, capacity: 1000",
  });
  expect(admit(podOf(), node, [podOf(), podOf()], [])?.reason).toBe('OutOfpods');
  expect(admit(podOf({ nodeSelector: { disk: 'ssd' } }), node, [], [])?.reason).toBe('NodeAffinity');
  const sysctl = (name: string) => podOf({ securityContext: { sysctls: [{ name, value: '1' }] } });
  expect(admit(sysctl('kernel.shm_rmid_forced'), node, [], [])).toBeUndefined();
  expect(admit(sysctl('kernel.msgmax'), node, [], [])?.message).toBe(
    'forbidden sysctl: "kernel.msgmax" not allowlisted',
  );
  expect(admit(sysctl('kernel.msgmax'), node, [], ['kernel.msg*'])).toBeUndefined();
});

test('paths and the subresources of nodes', () => {
  expect(
    ['/containerLogs/a/b/c', '/pods', '/metrics/resource', '/stats/summary', '/healthz', '/exec/x'].map((p) =>
      subresourcesOf(p).join(),
    ),
  ).toEqual(['proxy', 'pods,proxy', 'metrics', 'stats', 'healthz,proxy', 'proxy']);
});

test('old containers: the newest dead one is kept', () => {
  const c = (id: string, name: string, state: string, createdAt: number) =>
    ({
      id,
      state,
      createdAt: BigInt(createdAt),
      labels: { 'io.kubernetes.pod.uid': 'u', 'io.kubernetes.container.name': name },
    }) as any;
  const all = [
    c('1', 'a', 'CONTAINER_EXITED', 1),
    c('2', 'a', 'CONTAINER_EXITED', 2),
    c('3', 'a', 'CONTAINER_RUNNING', 3),
    c('4', 'b', 'CONTAINER_EXITED', 1),
  ];
  expect(deadContainers(all, 1).map((x) => x.id)).toEqual(['1']);
});

test('allocatable is what is left', () => {
  const config = nodeConfig(parseFlags(kubeletFlags, ['--kube-reserved=cpu=100m,memory=100Mi']).config);
  const left = allocatable({ cpu: '2', memory: '1048576Ki', 'ephemeral-storage': '1000Ki', pods: '110' }, config);
  expect(left).toEqual({
    cpu: '1900m',
    memory: `${1048576 - 200 * 1024}Ki`,
    'ephemeral-storage': '921600',
    pods: '110',
  });
  const node = (...args: string[]) =>
    newNode(parseFlags(kubeletFlags, args).config as never, { architecture: 'amd64' } as never, {});
  expect(node().spec).toEqual({});
  expect(node('--cloud-provider=external', '--provider-id=x://n', '--register-with-taints=a=b:NoExecute').spec).toEqual(
    {
      providerID: 'x://n',
      taints: [
        { key: 'a', value: 'b', effect: 'NoExecute' },
        { key: 'node.cloudprovider.kubernetes.io/uninitialized', value: 'true', effect: 'NoSchedule' },
      ],
    },
  );
  expect(parseTaint('a=b:NoSchedule')).toEqual({ key: 'a', value: 'b', effect: 'NoSchedule' });
  expect(() => parseTaint('a=b')).toThrow('invalid taint "a=b"');
});

test("upstream's defaults, and many nodes from one file", () => {
  const { config } = parseFlags(kubeletFlags, []);
  expect(config).toMatchObject({
    port: 10250,
    'max-pods': 110,
    'node-status-update-frequency': 10_000,
    'sync-frequency': 60_000,
    'file-check-frequency': 20_000,
    'node-lease-duration': 40_000,
    'read-only-port': 10255,
    'healthz-port': 10248,
  });
  const file = join(folder, 'nodes.json');
  writeFileSync(
    file,
    JSON.stringify([
      { 'hostname-override': 'N1', 'root-dir': '/a', 'max-pods': 5 },
      { 'hostname-override': 'n2', 'node-labels': { a: 'b' } },
    ]),
  );
  const nodes = nodeConfigs(parseFlags(kubeletFlags, [`--nodes-config=${file}`, '--port=0']).config);
  expect(nodes.map((n) => [n.nodeName, n.port, n['max-pods'], n.podLogsDir])).toEqual([
    ['n1', 0, 5, '/a/logs/pods'],
    ['n2', 0, 110, '/var/log/pods'],
  ]);
  writeFileSync(file, '[{"nope": 1}]');
  expect(() => nodeConfigs(parseFlags(kubeletFlags, [`--nodes-config=${file}`]).config)).toThrow(
    'unknown flag: --nope',
  );
});

test('tokens are renewed at four fifths of their life', () => {
  const held = { token: 't', issued: 0, expires: 3600_000 };
  expect([2879_000, 2881_000].map((now) => needsRenewal(held, now, 0))).toEqual([false, true]);
});

test('files are swapped at once', async () => {
  const dir = join(folder, 'atomic');
  const { mkdirSync } = await import('node:fs');
  mkdirSync(dir);
  const files = (entries: Record<string, string>) =>
    new Map(Object.entries(entries).map(([k, v]) => [k, { data: Buffer.from(v), mode: 0o644 }]));
  expect(await writeAtomically(dir, files({ a: '1', 'd/b': '2' }))).toBe(true);
  expect([readFileSync(join(dir, 'a'), 'utf8'), readFileSync(join(dir, 'd/b'), 'utf8')]).toEqual(['1', '2']);
  expect(readlinkSync(join(dir, 'a'))).toBe('..data/a');
  const first = readlinkSync(join(dir, '..data'));
  expect(await writeAtomically(dir, files({ a: '1', 'd/b': '2' }))).toBe(false);
  expect(await writeAtomically(dir, files({ a: '3' }))).toBe(true);
  expect(readFileSync(join(dir, 'a'), 'utf8')).toBe('3');
  expect(existsSync(join(dir, 'd'))).toBe(false);
  expect(existsSync(join(dir, first))).toBe(false);
  await expect(writeAtomically(dir, files({ '../x': '' }))).rejects.toThrow("must not contain '..'");
});

test('a subPath stays in its volume', async () => {
  const { mkdirSync } = await import('node:fs');
  const volume = join(folder, 'vol');
  mkdirSync(volume);
  symlinkSync('/etc', join(volume, 'out'));
  expect(await prepareSubPath(volume, 'x/y', 0o755)).toBe(join(volume, 'x/y'));
  await expect(prepareSubPath(volume, 'out', 0o755)).rejects.toThrow('not within volume path');
  await expect(prepareSubPath(volume, 'out/new', 0o755)).rejects.toThrow('not within volume path');
});

test('a certificate for a server that was given none', () => {
  const { cert } = selfSigned('node-1', ['10.0.0.1', 'fd00::1'], Date.now());
  const x = new X509Certificate(cert);
  expect(x.checkHost('node-1')).toBe('node-1');
  expect([x.checkIP('10.0.0.1'), x.checkIP('fd00::1')]).toEqual(['10.0.0.1', 'fd00::1']);
  expect(x.verify(x.publicKey)).toBe(true);
  expect(Date.parse(x.validTo)).toBeGreaterThan(Date.now());
});

test('the last lines are as many as were asked for, also of a log that grows meanwhile', async () => {
  const path = join(folder, 'growing.log');
  const line = (n: number) => `2026-01-01T00:00:00.000000001Z stdout F line ${n}\n`;
  writeFileSync(path, line(1) + line(2) + line(3));
  let out = '';
  const o = { follow: false, timestamps: false, tail: 2 };
  for await (const piece of readLog(path, o, async () => true, new AbortController().signal)) {
    if (!out) appendFileSync(path, line(4));
    out += piece;
  }
  expect(out).toBe('line 2\nline 3\n');
});

test('log lines, and following over a rotation', async () => {
  const line = (n: number, tag = 'F') => `2026-01-01T00:00:0${n}.000000001Z stdout ${tag} line ${n}`;
  expect(parseLogLine(Buffer.from(line(1, 'P:x')))).toMatchObject({ stream: 'stdout', full: false });
  expect(parseLogLine(Buffer.from('nonsense'))).toBeUndefined();
  const path = join(folder, '0.log');
  writeFileSync(path, `${line(1)}\n${line(2, 'P')}\n${line(3)}\n`);
  const collect = async (o: object, running = async () => false) => {
    let out = '';
    const base = { follow: false, timestamps: false };
    for await (const b of readLog(path, { ...base, ...o }, running, new AbortController().signal)) out += b;
    return out;
  };
  expect(await collect({})).toBe('line 1\nline 2line 3\n');
  expect(await collect({ tail: 1 })).toBe('line 3\n');
  expect(await collect({ since: Date.parse('2026-01-01T00:00:03Z') })).toBe('line 3\n');
  expect(await collect({ stream: 'stderr' })).toBe('');
  let polls = 0;
  const followed = collect({ follow: true }, async () => {
    polls++;
    if (polls === 1) await rotate(path, 5, Date.now(), async () => writeFileSync(path, `${line(4)}\n`));
    return polls < 3;
  });
  expect(await followed).toBe('line 1\nline 2line 3\nline 4\n');
  expect(readdirSync(folder).filter((n) => n.startsWith('0.log')).length).toBe(2);
});
