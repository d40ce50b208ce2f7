// Each controller acts under a name of its own with what upstream's bootstrap policy gives that name, and that is enough: a cluster
// in which every one of them has work to do, and no request is forbidden.
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clusterRoleBindings, events, nodes, pods, secrets, serviceAccounts } from '../../apimachinery/resources.ts';
import type { Client } from '../../client/client.ts';
import { parseFlags } from '../../component-base/flags.ts';
import { enabledControllers } from '../../controllers/controllers.ts';
import { flags } from '../../controllers/flags.ts';
import { knownControllers } from '../../controllers/names.ts';
import { startTestApiServer, type TestApiServer, until } from '../kit/apiServer.ts';
import { type RunningManager, runPods, startManager } from './manager.ts';

let server: TestApiServer;
let client: Client;
let manager: RunningManager;
let player: { stop(): void };
const everything = (folder: string) => [
  '--controllers=*,bootstrapsigner,tokencleaner',
  `--root-ca-file=${folder}/pki/ca.crt`,
  `--service-account-private-key-file=${folder}/pki/sa.key`,
  `--cluster-signing-cert-file=${folder}/pki/ca.crt`,
  `--cluster-signing-key-file=${folder}/pki/ca.key`,
  '--cloud-provider=mini-k8s',
  '--horizontal-pod-autoscaler-sync-period=1s',
  '--allocate-node-cidrs',
  '--cluster-cidr=10.244.0.0/16',
];

beforeAll(async () => {
  server = await startTestApiServer({ flagsFor: (pki) => [`--service-account-key-file=${pki}/sa.pub`] });
  client = await server.client();
  manager = startManager(server, [...everything(server.folder), `--port-file=${server.folder}/manager-port`]);
  player = runPods(client);
});
afterAll(async () => {
  player?.stop();
  await manager?.stop();
  client?.close();
  await server?.stop();
});

const metrics = async (): Promise<string> =>
  (await fetch(`http://127.0.0.1:${readFileSync(`${server.folder}/manager-port`, 'utf8')}/metrics`)).text();
const post = (path: string, object: object) => client.raw<any>('POST', path, object);
const inDefault = (group: string, plural: string, object: any) =>
  post(`${group === 'v1' ? '/api/v1' : `/apis/${group}`}/namespaces/default/${plural}`, {
    apiVersion: group,
    ...object,
  });

const labels = { app: 'a' };
const template = { metadata: { labels }, spec: { containers: [{ name: 'c', image: 'i' }] } };
const selector = { matchLabels: labels };
const claim = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } };

describe('controllers', () => {
  it('are each someone with a role, and none may do everything', async () => {
    const { config } = parseFlags(flags, everything(server.folder));
    const accounts = enabledControllers(config).map((c) => c.serviceAccount ?? c.name);
    const bindings = (await client.list(clusterRoleBindings)).items;
    const namespaced = (await client.raw<any>('GET', '/apis/rbac.authorization.k8s.io/v1/rolebindings')).items;
    const rolesOf = (name: string) =>
      [...bindings, ...namespaced].filter((b: any) =>
        b.subjects?.some((s: any) => s.kind === 'ServiceAccount' && s.namespace === 'kube-system' && s.name === name),
      );
    const without = accounts.filter((name) => name !== '' && rolesOf(name).length === 0);
    expect(without).toEqual([]);
    const all = accounts.flatMap((name) => rolesOf(name).map((b: any) => b.roleRef.name));
    expect(all).not.toContain('cluster-admin');
    expect(all.every((name) => name.startsWith('system:controller:'))).toBe(true);
  });

  it('are all of upstream’s that v1.35 runs by default', () => {
    const { config } = parseFlags(flags, everything(server.folder));
    const there = new Set(enabledControllers(config).map((c) => c.name));
    expect(knownControllers.filter((name) => !there.has(name))).toEqual([
      'device-taint-eviction-controller',
      'kube-apiserver-serving-clustertrustbundle-publisher-controller',
      // The cloud that is built in has no routes: the pod network makes its own.
      'node-route-controller',
      'podcertificaterequest-cleaner-controller',
      'selinux-warning-controller',
      'storage-version-migrator-controller',
      'storageversion-garbage-collector-controller',
    ]);
  });

  it('may do all that they have to', async () => {
    const isThere = () =>
      client.get(serviceAccounts, 'default', 'default').then(
        () => true,
        () => false,
      );
    await until(isThere);
    await client.create(nodes, { metadata: { name: 'node-1', labels: { 'kubernetes.io/os': 'linux' } } });
    const ready = { type: 'Ready', status: 'True', lastTransitionTime: '2026-01-01T00:00:00Z' };
    const status = { conditions: [ready], allocatable: { cpu: '4', memory: '4Gi', pods: '50' } };
    await client.patch(nodes, 'node-1', undefined, 'merge', { status }, { subresource: 'status' });
    const spec = { replicas: 1, selector, template };
    await Promise.all([
      inDefault('apps/v1', 'deployments', { kind: 'Deployment', metadata: { name: 'd' }, spec }),
      inDefault('apps/v1', 'statefulsets', {
        kind: 'StatefulSet',
        metadata: { name: 's' },
        spec: { ...spec, serviceName: 's', volumeClaimTemplates: [{ metadata: { name: 'v' }, spec: claim }] },
      }),
      inDefault('apps/v1', 'daemonsets', { kind: 'DaemonSet', metadata: { name: 'ds' }, spec: { selector, template } }),
      inDefault('v1', 'replicationcontrollers', {
        kind: 'ReplicationController',
        metadata: { name: 'rc' },
        spec: { replicas: 1, selector: { app: 'rc' }, template: { ...template, metadata: { labels: { app: 'rc' } } } },
      }),
      inDefault('batch/v1', 'jobs', {
        kind: 'Job',
        metadata: { name: 'j' },
        spec: { ttlSecondsAfterFinished: 0, template: { spec: { ...template.spec, restartPolicy: 'Never' } } },
      }),
      inDefault('batch/v1', 'cronjobs', {
        kind: 'CronJob',
        metadata: { name: 'cj' },
        spec: {
          schedule: '* * * * *',
          jobTemplate: { spec: { template: { spec: { ...template.spec, restartPolicy: 'Never' } } } },
        },
      }),
      inDefault('policy/v1', 'poddisruptionbudgets', {
        kind: 'PodDisruptionBudget',
        metadata: { name: 'b' },
        spec: { selector, minAvailable: 1 },
      }),
      inDefault('autoscaling/v2', 'horizontalpodautoscalers', {
        kind: 'HorizontalPodAutoscaler',
        metadata: { name: 'h' },
        spec: {
          maxReplicas: 3,
          scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'd' },
          metrics: [
            { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } } },
          ],
        },
      }),
      inDefault('v1', 'services', {
        kind: 'Service',
        metadata: { name: 'lb' },
        spec: { type: 'LoadBalancer', selector: labels, ports: [{ port: 80 }] },
      }),
      inDefault('v1', 'services', { kind: 'Service', metadata: { name: 'own' }, spec: { ports: [{ port: 80 }] } }),
      inDefault('v1', 'endpoints', {
        kind: 'Endpoints',
        metadata: { name: 'own' },
        subsets: [{ addresses: [{ ip: '9.9.9.9' }], ports: [{ port: 80 }] }],
      }),
      inDefault('v1', 'resourcequotas', {
        kind: 'ResourceQuota',
        metadata: { name: 'q' },
        spec: { hard: { pods: '50' } },
      }),
      inDefault('v1', 'pods', {
        kind: 'Pod',
        metadata: { name: 'ephemeral' },
        spec: { ...template.spec, volumes: [{ name: 'v', ephemeral: { volumeClaimTemplate: { spec: claim } } }] },
      }),
      inDefault('v1', 'secrets', {
        kind: 'Secret',
        metadata: { name: 't', annotations: { 'kubernetes.io/service-account.name': 'default' } },
        type: 'kubernetes.io/service-account-token',
      }),
      post('/api/v1/persistentvolumes', {
        apiVersion: 'v1',
        kind: 'PersistentVolume',
        metadata: { name: 'pv' },
        spec: { capacity: { storage: '5Gi' }, accessModes: ['ReadWriteOnce'], hostPath: { path: '/x' } },
      }),
      post('/apis/networking.k8s.io/v1/servicecidrs', {
        apiVersion: 'networking.k8s.io/v1',
        kind: 'ServiceCIDR',
        metadata: { name: 'more' },
        spec: { cidrs: ['10.222.0.0/24'] },
      }),
      post('/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies', {
        apiVersion: 'admissionregistration.k8s.io/v1',
        kind: 'ValidatingAdmissionPolicy',
        metadata: { name: 'p' },
        spec: {
          matchConstraints: {
            resourceRules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] }],
          },
          validations: [{ expression: 'object.metadata.name != "x"' }],
        },
      }),
      post('/api/v1/namespaces/kube-public/configmaps', {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: 'cluster-info' },
        data: { kubeconfig: 'x' },
      }),
    ]);
    const adds = async (name: string) =>
      Number(new RegExp(`workqueue_adds_total\\{name="${name}"\\} (\\d+)`).exec(await metrics())?.[1]);
    await until(async () => Boolean((await client.get(secrets, 't', 'default')).data?.['token']));
    const running = async () =>
      (await client.list(pods, { namespace: 'default' })).items.filter((p) => p.status?.phase === 'Running');
    await until(async () => (await running()).length >= 5, 20_000);
    // Pods come and go as well: a deletion and an eviction by taint go through other rights.
    const taint = { key: 'example.com/out', effect: 'NoExecute' };
    await client.patch(nodes, 'node-1', undefined, 'strategic', { spec: { taints: [taint] } });
    await client.raw('DELETE', '/apis/apps/v1/namespaces/default/deployments/d', { propagationPolicy: 'Foreground' });
    await until(async () => (await adds('noexec_taint_pod')) > 0);
    await until(async () => {
      const { items } = await client.list(events, { namespace: 'default' });
      return items.some((e) => e.reason === 'TaintManagerEviction');
    });
    await until(async () => (await adds('horizontalpodautoscaler')) > 0);
    const forbidden = (await metrics()).split('\n').filter((l) => /^rest_client_requests_total\{code="403"/.test(l));
    expect(forbidden).toEqual([]);
  });
});
