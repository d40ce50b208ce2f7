import { afterEach, beforeEach, expect, test } from 'vitest';
import { StatusError } from '../../../apimachinery/status.ts';
import { admissionPlugins, pluginNames } from '../../../apiserver/admission/admission.ts';
import { defaultTolerationSeconds } from '../../../apiserver/admission/defaultTolerationSeconds.ts';
import { namespaceLifecycle } from '../../../apiserver/admission/namespaceLifecycle.ts';
import type { AdmissionPlugin, Attributes, Operation } from '../../../apiserver/admission/plugin.ts';
import { serviceAccount } from '../../../apiserver/admission/serviceAccount.ts';
import { configMap } from '../../../apiserver/kinds/configMap.ts';
import { defineKind } from '../../../apiserver/kinds/kind.ts';
import { localSubjectAccessReview } from '../../../apiserver/kinds/localSubjectAccessReview.ts';
import { namespace } from '../../../apiserver/kinds/namespace.ts';
import { memoryCluster } from '../memoryCluster.ts';

const pod = defineKind({ group: '', version: 'v1', kind: 'Pod', plural: 'pods', namespaced: true, schema: 'Pod' });
const namespaces = { group: '', plural: 'namespaces' };
const accounts = { group: '', plural: 'serviceaccounts' };
let cluster: ReturnType<typeof memoryCluster>;
let now = 0;

beforeEach(() => {
  now = 0;
  cluster = memoryCluster();
});
afterEach(() => {
  cluster = memoryCluster();
});

const attributes = (operation: Operation, kind: Attributes['kind'], more: Partial<Attributes> = {}): Attributes => ({
  operation,
  kind,
  subresource: '',
  namespace: kind.namespaced ? 'a' : '',
  name: 'x',
  options: {},
  context: { cluster, now: () => now } as unknown as Attributes['context'],
  ...more,
});

async function outcome(plugin: AdmissionPlugin, a: Attributes): Promise<string> {
  try {
    await plugin.admit?.(a);
    await plugin.validate?.(a);
    return 'accepted';
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    return `${error.code} ${error.message}`;
  }
}

const withNamespace = (phase = 'Active') => cluster.put(namespaces, { metadata: { name: 'a' }, status: { phase } });

test.each<[Operation, string | undefined, string]>([
  ['CREATE', 'Active', 'accepted'],
  [
    'CREATE',
    'Terminating',
    '403 configmaps "x" is forbidden: unable to create new content in namespace a because it is being terminated',
  ],
  ['UPDATE', 'Terminating', 'accepted'],
  ['DELETE', undefined, 'accepted'],
  ['CREATE', undefined, '404 namespaces "a" not found'],
  ['UPDATE', undefined, '404 namespaces "a" not found'],
])('%s of an object in a namespace that is %s', async (operation, phase, expected) => {
  if (phase) withNamespace(phase);
  expect(await outcome(namespaceLifecycle(), attributes(operation, configMap))).toBe(expected);
});

test('a refusal in a Terminating namespace says so to programs', async () => {
  withNamespace('Terminating');
  const error = await Promise.resolve(namespaceLifecycle().admit!(attributes('CREATE', configMap))).catch(
    (e: StatusError) => e,
  );
  expect((error as StatusError).status.details).toMatchObject({
    kind: 'configmaps',
    causes: [
      { reason: 'NamespaceTerminating', message: 'namespace a is being terminated', field: 'metadata.namespace' },
    ],
  });
});

test('access reviews tell nothing of namespaces; a created name is called by its prefix', async () => {
  expect(await outcome(namespaceLifecycle(), attributes('CREATE', localSubjectAccessReview))).toBe('accepted');
  withNamespace('Terminating');
  const unnamed = attributes('CREATE', configMap, { name: '', object: { metadata: { generateName: 'web-' } } });
  expect(await outcome(namespaceLifecycle(), unnamed)).toMatch(/^403 configmaps "web-" is forbidden/);
});

test.each<[string, string]>([
  ['default', '403 namespaces "default" is forbidden: this namespace may not be deleted'],
  ['kube-system', '403 namespaces "kube-system" is forbidden: this namespace may not be deleted'],
  ['kube-public', '403 namespaces "kube-public" is forbidden: this namespace may not be deleted'],
  ['kube-node-lease', 'accepted'],
  ['a', 'accepted'],
])('deleting the namespace %s', async (name, expected) => {
  expect(await outcome(namespaceLifecycle(), attributes('DELETE', namespace, { name }))).toBe(expected);
});

test('after a deletion came through here, the cache is not believed for half a minute', async () => {
  const plugin = namespaceLifecycle();
  withNamespace('Active');
  const newest = { metadata: { name: 'a' }, status: { phase: 'Terminating' } };
  Object.assign(cluster, { get: async () => newest });
  expect(await outcome(plugin, attributes('CREATE', configMap))).toBe('accepted');
  expect(await outcome(plugin, attributes('DELETE', namespace, { name: 'a' }))).toBe('accepted');
  expect(await outcome(plugin, attributes('CREATE', configMap))).toMatch(/^403/);
  now = 31_000;
  expect(await outcome(plugin, attributes('CREATE', configMap))).toBe('accepted');
});

const quick = () => serviceAccount(() => 1);
const withAccount = (name = 'default', fields: Record<string, unknown> = {}, annotations?: Record<string, string>) =>
  cluster.put(accounts, { metadata: { name, namespace: 'a', annotations }, ...fields });
const podWith = (spec: Record<string, unknown> = {}, metadata: Record<string, unknown> = {}) =>
  attributes('CREATE', pod, {
    object: { metadata: { name: 'x', namespace: 'a', ...metadata }, spec: { containers: [{ name: 'c' }], ...spec } },
  });

test('a pod gets the account default and its token', async () => {
  withAccount();
  const a = podWith({ initContainers: [{ name: 'i' }] });
  expect(await outcome(quick(), a)).toBe('accepted');
  const { spec } = a.object;
  expect(spec.serviceAccountName).toBe('default');
  const name = spec.volumes[0].name;
  expect(name).toMatch(/^kube-api-access-[bcdfghjklmnpqrstvwxz2456789]{5}$/);
  const mount = { name, readOnly: true, mountPath: '/var/run/secrets/kubernetes.io/serviceaccount' };
  expect([spec.containers[0].volumeMounts, spec.initContainers[0].volumeMounts]).toEqual([[mount], [mount]]);
  expect(spec.volumes).toEqual([
    {
      name,
      projected: {
        defaultMode: 420,
        sources: [
          { serviceAccountToken: { expirationSeconds: 3607, path: 'token' } },
          { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
          {
            downwardAPI: {
              items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }],
            },
          },
        ],
      },
    },
  ]);
  const again = structuredClone(spec);
  await quick().admit!(a);
  expect(a.object.spec).toEqual(again);
});

test.each<[boolean | undefined, boolean | undefined, boolean]>([
  [undefined, undefined, true],
  [undefined, true, true],
  [undefined, false, false],
  [true, undefined, true],
  [true, false, true],
  [false, undefined, false],
  [false, true, false],
])('automount: pod %s, account %s', async (ofPod, ofAccount, mounted) => {
  withAccount('default', { automountServiceAccountToken: ofAccount });
  const a = podWith({ automountServiceAccountToken: ofPod });
  await outcome(quick(), a);
  expect(a.object.spec.containers[0].volumeMounts !== undefined).toBe(mounted);
});

test('a container that mounts something there itself is left alone', async () => {
  withAccount();
  const volumeMounts = [{ name: 'own', mountPath: '/var/run/secrets/kubernetes.io/serviceaccount' }];
  const a = podWith({ containers: [{ name: 'c', volumeMounts }] });
  await outcome(quick(), a);
  expect(a.object.spec.containers[0].volumeMounts).toEqual(volumeMounts);
  expect(a.object.spec).not.toHaveProperty('volumes');
});

test('pull secrets come from the account, unless the pod has its own', async () => {
  withAccount('default', { imagePullSecrets: [{ name: 's' }] });
  const given = podWith();
  await outcome(quick(), given);
  expect(given.object.spec.imagePullSecrets).toEqual([{ name: 's' }]);
  const own = podWith({ imagePullSecrets: [{ name: 'own' }] });
  await outcome(quick(), own);
  expect(own.object.spec.imagePullSecrets).toEqual([{ name: 'own' }]);
});

test('an account that is not there', async () => {
  const gone = (name: string) =>
    `403 pods "x" is forbidden: error looking up service account a/${name}: serviceaccount "${name}" not found`;
  expect(await outcome(quick(), podWith({ serviceAccountName: 'b' }))).toBe(gone('b'));
  expect(await outcome(quick(), podWith())).toBe(gone('default'));
});

test('the account default is waited for', async () => {
  let looks = 0;
  Object.assign(cluster, { get: async () => (++looks === 4 ? { metadata: { name: 'default' } } : undefined) });
  const a = podWith({ automountServiceAccountToken: false });
  await quick().admit!(a);
  expect([looks, a.object.spec.serviceAccountName]).toEqual([4, 'default']);
});

const mirror = { annotations: { 'kubernetes.io/config.mirror': 'x' } };
test.each<[string, Record<string, unknown>, string]>([
  ['plain', {}, 'accepted'],
  [
    'with an account',
    { serviceAccountName: 'b' },
    '403 pods "x" is forbidden: a mirror pod may not reference service accounts',
  ],
  [
    'with a secret',
    { volumes: [{ name: 'v', secret: { secretName: 's' } }] },
    '403 pods "x" is forbidden: a mirror pod may not reference secrets',
  ],
  [
    'with a token',
    { volumes: [{ name: 'v', projected: { sources: [{ serviceAccountToken: { path: 't' } }] } }] },
    '403 pods "x" is forbidden: a mirror pod may not use ServiceAccountToken volume projections',
  ],
])('a mirror pod %s', async (_name, spec, expected) => {
  const a = podWith(spec, mirror);
  const before = structuredClone(a.object);
  expect(await outcome(quick(), a)).toBe(expected);
  expect(a.object).toEqual(before);
});

const rule = 'is not allowed because service account default does not reference that';
const environment = [{ name: 'E', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } }];
test.each<[string, Record<string, unknown>, string]>([
  ['none', {}, 'accepted'],
  ['a listed one', { volumes: [{ name: 'v', secret: { secretName: 'listed' } }] }, 'accepted'],
  [
    'a volume',
    { volumes: [{ name: 'v', secret: { secretName: 's' } }] },
    `volume with secret.secretName="s" ${rule} secret`,
  ],
  [
    'a variable',
    { containers: [{ name: 'c', env: environment }] },
    `container c with envVar E referencing secret.secretName="s" ${rule} secret`,
  ],
  ['a pull secret', { imagePullSecrets: [{ name: 's' }] }, `imagePullSecrets[0].name="s" ${rule} imagePullSecret`],
])('an account that limits Secrets, and a pod with %s', async (_name, spec, why) => {
  withAccount('default', { secrets: [{ name: 'listed' }] }, { 'kubernetes.io/enforce-mountable-secrets': 'true' });
  const expected = why === 'accepted' ? why : `403 pods "x" is forbidden: ${why}`;
  expect(await outcome(quick(), podWith({ automountServiceAccountToken: false, ...spec }))).toBe(expected);
});

const tolerations = defaultTolerationSeconds({ notReady: 300, unreachable: 60 });
const added = (key: string, tolerationSeconds: number) => ({
  key: `node.kubernetes.io/${key}`,
  operator: 'Exists',
  effect: 'NoExecute',
  tolerationSeconds,
});
test.each<[string, unknown[] | undefined, unknown[] | undefined]>([
  ['nothing', undefined, [added('not-ready', 300), added('unreachable', 60)]],
  ['everything', [{ operator: 'Exists' }], [{ operator: 'Exists' }]],
  ['one', [added('not-ready', 5)], [added('not-ready', 5), added('unreachable', 60)]],
  [
    'another effect',
    [{ key: 'node.kubernetes.io/unreachable', operator: 'Exists', effect: 'NoSchedule' }],
    [
      { key: 'node.kubernetes.io/unreachable', operator: 'Exists', effect: 'NoSchedule' },
      added('not-ready', 300),
      added('unreachable', 60),
    ],
  ],
])('a pod that tolerates %s', (_name, given, expected) => {
  const a = podWith({ tolerations: given });
  tolerations.admit!(a);
  expect(a.object.spec.tolerations).toEqual(expected);
});

test('subresources and other kinds are left alone', async () => {
  const status = { ...podWith(), subresource: 'status' };
  tolerations.admit!(status);
  expect(status.object.spec).not.toHaveProperty('tolerations');
  expect(await outcome(quick(), attributes('CREATE', configMap, { object: { metadata: {} } }))).toBe('accepted');
});

const options = { enable: [] as string[], disable: [] as string[], notReadySeconds: 300, unreachableSeconds: 300 };
const names = (change: Partial<typeof options>) => admissionPlugins({ ...options, ...change }).map((p) => p.name);
test('the order, and what the flags change in it', () => {
  expect(names({})).toEqual([
    ...['NamespaceLifecycle', 'LimitRanger', 'ServiceAccount', 'TaintNodesByCondition', 'Priority'],
    ...['DefaultTolerationSeconds', 'DefaultStorageClass', 'StorageObjectInUseProtection'],
    ...['PersistentVolumeClaimResize', 'RuntimeClass', 'CertificateApproval', 'CertificateSigning'],
    ...['ClusterTrustBundleAttest', 'CertificateSubjectRestriction', 'DefaultIngressClass', 'PodTopologyLabels'],
    'ResourceQuota',
  ]);
  expect(names({ disable: ['ServiceAccount'], enable: ['NodeRestriction', 'NamespaceLifecycle'] })).not.toContain(
    'ServiceAccount',
  );
  expect(pluginNames.slice(-2)).toEqual(['ResourceQuota', 'AlwaysDeny']);
  expect(new Set(pluginNames).size).toBe(pluginNames.length);
});

test.each<[Partial<typeof options>, RegExp]>([
  [{ enable: ['Nonsense'] }, /--enable-admission-plugins: plugin "Nonsense" is unknown/],
  [{ disable: ['nodeRestriction'] }, /--disable-admission-plugins: plugin "nodeRestriction" is unknown/],
  [{ enable: ['Priority'], disable: ['Priority'] }, /Priority in both/],
])('%j is refused', (change, expected) => {
  expect(() => names(change)).toThrow(expected);
});
