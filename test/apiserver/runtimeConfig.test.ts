import { describe, expect, test } from 'vitest';
import { kinds } from '../../apiserver/kinds/kinds.ts';
import { olderVersions } from '../../apiserver/kinds/olderVersions.ts';
import { runtimeConfig } from '../../apiserver/runtimeConfig.ts';
import { startTestApiServer } from '../kit/apiServer.ts';
import { httpTo } from '../kit/http.ts';

const all = [...kinds, ...olderVersions];
const find = (version: string, plural: string) =>
  all.find(
    (kind) => (kind.group ? `${kind.group}/${kind.version}` : kind.version) === version && kind.plural === plural,
  )!;
const warned: string[] = [];
const isServed = (flag: Record<string, string>, version: string, plural: string) =>
  runtimeConfig(flag, all, (text) => warned.push(text))(find(version, plural));

test.each<[Record<string, string>, string, string, boolean]>([
  [{}, 'apps/v1', 'deployments', true],
  [{}, 'networking.k8s.io/v1beta1', 'servicecidrs', false],
  [{ 'api/all': 'true' }, 'networking.k8s.io/v1beta1', 'servicecidrs', true],
  [{ 'api/beta': 'true' }, 'resource.k8s.io/v1beta2', 'resourceclaims', true],
  [{ 'api/beta': '' }, 'resource.k8s.io/v1beta2', 'resourceclaims', true],
  [{ 'api/beta': 'true', 'resource.k8s.io/v1beta1': 'false' }, 'resource.k8s.io/v1beta1', 'resourceclaims', false],
  [{ 'resource.k8s.io/v1beta1': 'true' }, 'resource.k8s.io/v1beta2', 'resourceclaims', false],
  [{ 'resource.k8s.io/v1beta1/resourceclaims': 'true' }, 'resource.k8s.io/v1beta1', 'resourceclaims', true],
  [{ 'resource.k8s.io/v1beta1/resourceclaims': 'true' }, 'resource.k8s.io/v1beta1', 'deviceclasses', false],
  [{ 'apps/v1/deployments': 'false' }, 'apps/v1', 'deployments', false],
  [{ 'api/all': 'false', v1: 'true' }, 'v1', 'pods', true],
  [{ 'api/all': 'false', 'api/v1': 'true' }, 'v1', 'pods', true],
  [{ 'api/all': 'false', v1: 'true' }, 'apps/v1', 'deployments', false],
  [{ 'api/ga': 'false', 'api/all': 'true' }, 'apps/v1', 'deployments', false],
])('%o: %s %s is served: %s', (flag, version, plural, served) => {
  expect(isServed(flag, version, plural)).toBe(served);
});

test('what is unknown: a group is refused, a version or resource skipped', () => {
  warned.length = 0;
  isServed({ 'apps/v9': 'true', 'apps/v1/odd': 'true', 'apps/v1': 'true' }, 'apps/v1', 'deployments');
  expect(warned.map((text) => text.split(',')[0])).toEqual([
    '--runtime-config names apps/v1/odd',
    '--runtime-config names apps/v9',
  ]);
  expect(() => isServed({ 'odd.io/v1': 'true' }, 'v1', 'pods')).toThrow(
    'unknown api groups odd.io in --runtime-config',
  );
  expect(() => isServed({ 'apps/v1': 'yes' }, 'v1', 'pods')).toThrow('apps/v1=yes: must be true or false');
  expect(() => isServed({ 'api/all': 'false' }, 'v1', 'pods')).toThrow('invalid key with only api/all=false');
});

describe('older versions', () => {
  const { toStored, fromStored } = find('resource.k8s.io/v1beta1', 'resourceclaims').storedAs!;
  const old = {
    apiVersion: 'resource.k8s.io/v1beta1',
    kind: 'ResourceClaim',
    metadata: { name: 'x' },
    spec: {
      devices: {
        requests: [
          { name: 'a', deviceClassName: 'gpu', allocationMode: 'ExactCount', count: 2 },
          { name: 'b', firstAvailable: [{ name: 'c', deviceClassName: 'gpu' }] },
        ],
      },
    },
  } as any;

  test('go to the stable form and back', () => {
    const stored: any = toStored(old);
    expect(stored.spec.devices.requests).toEqual([
      { name: 'a', exactly: { deviceClassName: 'gpu', allocationMode: 'ExactCount', count: 2 } },
      { name: 'b', firstAvailable: [{ name: 'c', deviceClassName: 'gpu' }] },
    ]);
    expect(fromStored(stored)).toEqual(old);
    const slices = find('resource.k8s.io/v1beta1', 'resourceslices').storedAs!;
    const slice = {
      ...old,
      kind: 'ResourceSlice',
      spec: { devices: [{ name: 'd', basic: { attributes: { a: { int: 1 } } } }] },
    };
    expect(slices.fromStored(slices.toStored(slice))).toEqual(slice);
    expect((slices.toStored(slice).spec as any).devices).toEqual([{ name: 'd', attributes: { a: { int: 1 } } }]);
  });

  test('of a real server: one object in each version, hidden ones keep their objects, unserved paths are none', async () => {
    const flags = [
      '--runtime-config=api/beta=true,scheduling.k8s.io/v1alpha1=true,autoscaling/v2=false,apps/v1/replicasets=false',
      '--feature-gates=GenericWorkload=true,ClusterTrustBundle=true',
    ];
    const server = await startTestApiServer({ flags });
    const http = httpTo(server);
    try {
      const path = (version: string) => `/apis/resource.k8s.io/${version}/namespaces/default/resourceclaims`;
      const made = await http(path('v1beta1'), { body: old });
      expect([made.code, made.json.message]).toEqual([201, undefined]);
      expect(made.warnings.join()).toContain(
        'resource.k8s.io/v1beta1 ResourceClaim is deprecated in v1.35+, unavailable in v1.38+',
      );
      expect(made.json.spec.devices.requests[1].firstAvailable[0]).toMatchObject({
        allocationMode: 'ExactCount',
        count: 1,
      });
      const stable = await http(`${path('v1')}/x`);
      expect(stable.json.spec.devices.requests[0].exactly.count).toBe(2);
      expect((await http(`${path('v1beta2')}/x`)).json.spec).toEqual(stable.json.spec);
      const containers = [{ name: 'c', image: 'i', lifecycle: { stopSignal: 'SIGTERM' } }];
      const template = { template: { spec: { containers, workloadRef: { name: 'w', podGroup: 'g' } } } };
      const kept = await http('/api/v1/namespaces/default/podtemplates', {
        body: { metadata: { name: 't' }, ...template },
      });
      expect(kept.json.template.spec.workloadRef).toEqual({ name: 'w', podGroup: 'g' });
      expect(kept.json.template.spec.containers[0].lifecycle).toBeUndefined();
      const autoscalers = '/namespaces/default/horizontalpodautoscalers';
      const spec = { scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'w' }, maxReplicas: 2 };
      expect((await http(`/apis/autoscaling/v1${autoscalers}`, { body: { metadata: { name: 'h' }, spec } })).code).toBe(
        201,
      );
      expect((await http(`/apis/autoscaling/v2${autoscalers}`)).code).toBe(404);
      const groups = (await http('/apis')).json.groups;
      expect(groups.find((group: any) => group.name === 'autoscaling').preferredVersion.version).toBe('v1');
      const versions = groups.find((group: any) => group.name === 'resource.k8s.io').versions;
      expect(versions.map((version: any) => version.version)).toEqual(['v1', 'v1beta2', 'v1beta1']);
      expect((await http('/apis/apps/v1/replicasets')).code).toBe(404);
      // Beta and alpha alone: on demand, and only while their feature gates are on.
      const podGroups = [{ name: 'g', policy: { gang: { minCount: 2 } } }];
      const workloads = '/apis/scheduling.k8s.io/v1alpha1/namespaces/default/workloads';
      const asProtobuf = { accept: 'application/vnd.kubernetes.protobuf' };
      expect((await http(workloads, { body: { metadata: { name: 'w' }, spec: { podGroups } } })).json.message).toBe(
        undefined,
      );
      const bytes = (await http(`${workloads}/w`, asProtobuf)).bytes;
      const again = { method: 'PUT', type: asProtobuf.accept, body: bytes };
      expect((await http(`${workloads}/w`, again)).json.spec).toEqual({ podGroups });
      const listed = async (version: string) =>
        (await http(`/apis/${version}`)).json.resources.map((resource: any) => resource.name);
      expect(await listed('certificates.k8s.io/v1beta1')).toEqual(['clustertrustbundles']);
      expect(await listed('admissionregistration.k8s.io/v1beta1')).toEqual([
        'mutatingadmissionpolicies',
        'mutatingadmissionpolicybindings',
      ]);
      expect(await listed('coordination.k8s.io/v1beta1')).toEqual(['leasecandidates']);
      expect((await http('/apis/storagemigration.k8s.io/v1beta1')).code).toBe(404);
      expect((await http('/apis/certificates.k8s.io/v1alpha1')).code).toBe(404);
      expect((await http('/openapi/v3/apis/scheduling.k8s.io/v1alpha1')).code).toBe(200);
      expect((await http('/apis/apps/v1/deployments')).code).toBe(200);
    } finally {
      http.close();
      await server.stop();
    }
  });
});
