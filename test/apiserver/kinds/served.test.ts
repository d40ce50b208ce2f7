// The least that each of these kinds takes, through a real server: made, read in every form, written back unchanged, deleted.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestApiServer, type TestApiServer } from '../../kit/apiServer.ts';
import { type Http, httpTo } from '../../kit/http.ts';
import { template } from './sample.ts';

let server: TestApiServer;
let http: Http & { close(): void };
beforeAll(async () => {
  server = await startTestApiServer();
  http = httpTo(server);
});
afterAll(async () => {
  http?.close();
  await server?.stop();
});

const selector = { matchLabels: { app: 'web' } };
const web = { service: { name: 'web', port: { number: 80 } } };
const claim = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } };
const volume = { capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'], hostPath: { path: '/d' } };
const autoscaled = { scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' }, maxReplicas: 3 };
const admission = '/apis/admissionregistration.k8s.io/v1';
const webhook = {
  name: 'a.b.io',
  clientConfig: { service: { name: 'a', namespace: 'b' } },
  sideEffects: 'None',
  admissionReviewVersions: ['v1'],
};
const devices = '/apis/resource.k8s.io/v1';
const claimed = { devices: { requests: [{ name: 'a', exactly: { deviceClassName: 'gpu' } }] } };
const opaque = { driver: 'a.io', parameters: { kind: 'Odd', a: [1] } };
const jobTemplate = { spec: { template: template({ restartPolicy: 'Never' }) } };
const body =
  'MIHJMHECAQAwDzENMAsGA1UEAwwEamFuZTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABJ293/nEwLcKxRyoShemlc+hGvt3KZ5mbyYehhS+V40oq1NKKyhL30RD8EPUOl1Sihd31ZwJWZTAhR9RZHu82pmgADAKBggqhkjOPQQDAgNIADBFAiEA4zAsuQYlvHNY1/lZ07FuMeXaO9UMLEqcodPdnZLjdn4CIDHuxWjQgA9J47evHXpTelnRIYX+0weV3xz6e3Bdagxr';
const request = Buffer.from(
  `-----BEGIN CERTIFICATE REQUEST-----\n${body}\n-----END CERTIFICATE REQUEST-----\n`,
).toString('base64');

const apps = '/apis/apps/v1/namespaces/default';
const core = '/api/v1/namespaces/default';
const storage = '/apis/storage.k8s.io/v1';
const networking = '/apis/networking.k8s.io/v1';
const all: [path: string, fields: object, gone?: 'Object' | 'Status' | 'Orphan'][] = [
  [
    `${apps}/statefulsets`,
    { spec: { selector, template: template(), volumeClaimTemplates: [{ metadata: { name: 'd' }, spec: claim }] } },
  ],
  [`${apps}/daemonsets`, { spec: { selector, template: template() } }],
  [`${apps}/controllerrevisions`, { data: { spec: { a: [1] } }, revision: 2 }],
  ['/apis/batch/v1/namespaces/default/jobs', jobTemplate, 'Orphan'],
  ['/apis/batch/v1/namespaces/default/cronjobs', { spec: { schedule: '@daily', jobTemplate } }],
  ['/apis/autoscaling/v2/namespaces/default/horizontalpodautoscalers', { spec: autoscaled }],
  ['/apis/autoscaling/v1/namespaces/default/horizontalpodautoscalers', { spec: autoscaled }],
  [`${admission}/validatingwebhookconfigurations`, { webhooks: [webhook] }],
  [`${admission}/mutatingwebhookconfigurations`, { webhooks: [webhook] }],
  [`${admission}/validatingadmissionpolicybindings`, { spec: { policyName: 'p', validationActions: ['Warn'] } }],
  [`${devices}/deviceclasses`, { spec: { config: [{ opaque }] } }, 'Object'],
  [`${devices}/namespaces/default/resourceclaims`, { spec: claimed }, 'Object'],
  [`${devices}/namespaces/default/resourceclaimtemplates`, { spec: { spec: claimed } }, 'Object'],
  [
    `${devices}/resourceslices`,
    {
      spec: {
        driver: 'a.io',
        pool: { name: 'p', generation: 1, resourceSliceCount: 1 },
        nodeName: 'n',
        devices: [{ name: 'd', attributes: { a: { int: 1 } }, capacity: { memory: { value: '1Gi' } } }],
      },
    },
    'Object',
  ],
  ['/apis/flowcontrol.apiserver.k8s.io/v1/flowschemas', { spec: { priorityLevelConfiguration: { name: 'a' } } }],
  [
    '/apis/flowcontrol.apiserver.k8s.io/v1/prioritylevelconfigurations',
    { spec: { type: 'Limited', limited: { limitResponse: { type: 'Reject' } } } },
  ],
  ['/apis/policy/v1/namespaces/default/poddisruptionbudgets', { spec: { selector, minAvailable: '50%' } }],
  [`${core}/replicationcontrollers`, { spec: { template: template() } }, 'Orphan'],
  [`${core}/podtemplates`, { template: template() }, 'Object'],
  ['/apis/scheduling.k8s.io/v1/priorityclasses', { value: 5 }],
  ['/apis/node.k8s.io/v1/runtimeclasses', { handler: 'runc', overhead: { podFixed: { cpu: '1m' } } }],
  [`${storage}/storageclasses`, { provisioner: 'a.io/b' }, 'Object'],
  ['/api/v1/persistentvolumes', { spec: volume }, 'Object'],
  [`${core}/persistentvolumeclaims`, { spec: claim }, 'Object'],
  [`${core}/limitranges`, { spec: { limits: [{ type: 'Container', max: { cpu: '1' } }] } }],
  [`${core}/resourcequotas`, { spec: { hard: { pods: '3' } } }, 'Object'],
  [`${networking}/namespaces/default/ingresses`, { spec: { defaultBackend: web } }],
  [`${networking}/ingressclasses`, { spec: { controller: 'a.io/b' } }],
  [`${networking}/namespaces/default/networkpolicies`, { spec: { egress: [{ ports: [{ port: 53 }] }] } }],
  [
    `${storage}/volumeattachments`,
    { spec: { attacher: 'a.io', nodeName: 'n', source: { persistentVolumeName: 'v' } } },
    'Object',
  ],
  [`${storage}/csidrivers`, { spec: {} }, 'Object'],
  [`${storage}/csinodes`, { spec: { drivers: [{ name: 'a.io', nodeID: 'n' }] } }, 'Object'],
  [`${storage}/namespaces/default/csistoragecapacities`, { storageClassName: 'a', capacity: '1Gi' }],
  [`${storage}/volumeattributesclasses`, { driverName: 'a.io', parameters: { a: 'b' } }, 'Object'],
  [
    '/apis/certificates.k8s.io/v1/certificatesigningrequests',
    { spec: { request, signerName: 'a.io/b', usages: ['any'] } },
  ],
];

test.each(all)('%s', async (path, fields, gone = 'Status') => {
  const made = await http(path, { body: { metadata: { name: 'x' }, ...fields } });
  expect([made.code, made.json.message]).toEqual([201, undefined]);
  const read = await http(`${path}/x`);
  const { apiVersion, kind } = read.json;
  expect(read.json).toEqual({ ...made.json, apiVersion, kind });
  const again = await http(`${path}/x`, { method: 'PUT', body: read.json });
  expect([again.code, again.json.metadata.resourceVersion]).toEqual([200, made.json.metadata.resourceVersion]);
  const table = await http(path, { headers: { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' } });
  expect(table.json.rows.map((row: any) => row.cells[0])).toContain('x');
  const deleted = await http(`${path}/x`, { method: 'DELETE' });
  expect(deleted.code).toBe(200);
  if (gone === 'Orphan') expect(deleted.json.metadata.finalizers).toEqual(['orphan']);
  else expect(deleted.json.kind).toBe(gone === 'Status' ? 'Status' : kind);
});

const approval = '/apis/certificates.k8s.io/v1/certificatesigningrequests';
test('a request is approved through its own door', async () => {
  const made = await http(approval, {
    body: { metadata: { name: 'y' }, spec: { request, signerName: 'a.io/b', usages: ['any'], username: 'me' } },
  });
  expect(made.json.spec.username).not.toBe('me');
  const approved = await http(`${approval}/y/approval`, {
    method: 'PUT',
    body: { ...made.json, status: { conditions: [{ type: 'Approved', status: 'True', reason: 'Test' }] } },
  });
  expect(approved.code).toBe(200);
  expect(approved.json.status.conditions[0]).toMatchObject({
    type: 'Approved',
    lastUpdateTime: expect.stringMatching(/Z$/),
  });
});

test('a Job’s selector is its uid, and scale reaches a ReplicationController', async () => {
  const job = await http('/apis/batch/v1/namespaces/default/jobs', {
    body: { metadata: { name: 'y' }, ...jobTemplate },
  });
  expect(job.json.spec.selector.matchLabels).toEqual({ 'batch.kubernetes.io/controller-uid': job.json.metadata.uid });
  const path = `${core}/replicationcontrollers`;
  await http(path, { body: { metadata: { name: 'y' }, spec: { template: template() } } });
  const scaled = await http(`${path}/y/scale`, {
    method: 'PUT',
    body: { metadata: { name: 'y', namespace: 'default' }, spec: { replicas: 4 } },
  });
  expect([scaled.code, (await http(`${path}/y`)).json.spec.replicas]).toEqual([200, 4]);
});

test('an autoscaler is one object in two versions', async () => {
  const path = (version: string) => `/apis/autoscaling/${version}/namespaces/default/horizontalpodautoscalers`;
  const scaleUp = { stabilizationWindowSeconds: 5 };
  await http(path('v2'), { body: { metadata: { name: 'y' }, spec: { ...autoscaled, behavior: { scaleUp } } } });
  const shown = (await http(`${path('v1')}/y`)).json;
  expect(shown.spec.targetCPUUtilizationPercentage).toBe(80);
  const annotation = 'autoscaling.alpha.kubernetes.io/behavior';
  expect(JSON.parse(shown.metadata.annotations[annotation]).ScaleUp.StabilizationWindowSeconds).toBe(5);
  shown.spec.targetCPUUtilizationPercentage = 60;
  expect((await http(`${path('v1')}/y`, { method: 'PUT', body: shown })).code).toBe(200);
  const stored = await http(`${path('v2')}/y`);
  expect(stored.json.metadata.annotations).toBeUndefined();
  expect(stored.json.spec.metrics[0].resource.target.averageUtilization).toBe(60);
  expect(stored.json.spec.behavior.scaleUp.stabilizationWindowSeconds).toBe(5);
});

const zeroTemplate = { metadata: { creationTimestamp: null }, spec: { containers: null } };
const condition = { type: 'Odd', status: 'True', lastTransitionTime: null };
test.each<[string, object, object]>([
  [
    `${apps}/daemonsets`,
    { selector: null, template: zeroTemplate, updateStrategy: {} },
    { numberReady: 0, conditions: [condition] },
  ],
  [
    `${apps}/statefulsets`,
    { selector: null, template: zeroTemplate, serviceName: '' },
    { replicas: 0, conditions: [condition] },
  ],
  ['/apis/batch/v1/namespaces/default/jobs', { selector: null, template: zeroTemplate }, { conditions: [condition] }],
  [
    '/apis/batch/v1/namespaces/default/cronjobs',
    { schedule: '', jobTemplate: { spec: { template: zeroTemplate } } },
    { lastScheduleTime: '2026-01-01T00:00:00Z' },
  ],
])('%s: a status of a client that sends empty structs along', async (path, spec, status) => {
  const fields = all.find(([p]) => p === path)![1];
  const made = await http(path, { body: { metadata: { name: 'z' }, ...fields } });
  const body = { metadata: { annotations: { told: 'so' }, creationTimestamp: null }, spec, status };
  const patched = await http(`${path}/z/status`, { method: 'PATCH', type: 'application/merge-patch+json', body });
  expect([patched.code, patched.json.message]).toEqual([200, undefined]);
  expect(patched.json.spec).toEqual(made.json.spec);
  expect(patched.json.metadata.annotations).toMatchObject({ told: 'so' });
  expect(Object.keys(patched.json.status)).toEqual(expect.arrayContaining(Object.keys(status)));
});
