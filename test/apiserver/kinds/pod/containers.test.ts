import { expect, test } from 'vitest';
import { type Row, refused } from './pods.ts';

const c = (fields: any) => (spec: any) => Object.assign(spec.containers[0], fields);
const label =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";

test.each<Row>([
  ['the least', () => {}, []],
  [
    'no containers',
    (spec) => {
      spec.containers = [];
    },
    ['spec.containers: Required value'],
  ],
  ['no name', c({ name: '' }), ['spec.containers[0].name: Required value']],
  ['bad name', c({ name: 'A_b' }), [`spec.containers[0].name: Invalid value: "A_b": ${label}`]],
  ['no image', c({ image: '' }), ['spec.containers[0].image: Required value']],
  [
    'padded image',
    c({ image: ' a' }),
    ['spec.containers[0].image: Invalid value: " a": must not have leading or trailing whitespace'],
  ],
  [
    'same name twice',
    (spec) => spec.containers.push({ name: 'c', image: 'b' }),
    ['spec.containers[1].name: Duplicate value: "c"'],
  ],
  [
    'pull policy',
    c({ imagePullPolicy: 'Sometimes' }),
    [
      'spec.containers[0].imagePullPolicy: Unsupported value: "Sometimes": supported values: "Always", "IfNotPresent", "Never"',
    ],
  ],
  [
    'message policy',
    c({ terminationMessagePolicy: 'x' }),
    [
      'spec.containers[0].terminationMessagePolicy: Unsupported value: "x": supported values: "File", "FallbackToLogsOnError"',
    ],
  ],
  ['port zero', c({ ports: [{ containerPort: 0 }] }), ['spec.containers[0].ports[0].containerPort: Required value']],
  [
    'port too high',
    c({ ports: [{ containerPort: 65536 }] }),
    ['spec.containers[0].ports[0].containerPort: Invalid value: 65536: must be between 1 and 65535, inclusive'],
  ],
  [
    'port names',
    c({
      ports: [
        { name: 'a', containerPort: 1 },
        { name: 'a', containerPort: 2 },
      ],
    }),
    ['spec.containers[0].ports[1].name: Duplicate value: "a"'],
  ],
  [
    'protocol',
    c({ ports: [{ containerPort: 1, protocol: 'ICMP' }] }),
    ['spec.containers[0].ports[0].protocol: Unsupported value: "ICMP": supported values: "SCTP", "TCP", "UDP"'],
  ],
  [
    'two claims on a host port',
    (spec) => {
      const ports = [{ containerPort: 1, hostPort: 80 }];
      spec.containers[0].ports = ports;
      spec.containers.push({ name: 'd', image: 'b', ports: structuredClone(ports) });
    },
    ['spec.containers[1].ports[0].hostPort: Duplicate value: "TCP//80"'],
  ],
  [
    'host network',
    (spec) => {
      spec.hostNetwork = true;
      spec.containers[0].ports = [{ containerPort: 80, hostPort: 81 }];
    },
    ['spec.containers[0].ports[0].hostPort: Invalid value: 81: must match `containerPort` when `hostNetwork` is true'],
  ],
  [
    'restart rules alone',
    c({ restartPolicyRules: [{ action: 'Restart', exitCodes: { operator: 'In', values: [1] } }] }),
    ['spec.containers[0].restartPolicy: Required value: must specify restartPolicy when restart rules are used'],
  ],
  [
    'restart rule with policy',
    c({
      restartPolicy: 'Never',
      restartPolicyRules: [{ action: 'Restart', exitCodes: { operator: 'In', values: [1] } }],
    }),
    [],
  ],
  [
    'restart rule of an off gate',
    c({ restartPolicy: 'Never', restartPolicyRules: [{ action: 'RestartAllContainers' }] }),
    [
      'spec.containers[0].restartPolicyRules[0].action: Unsupported value: "RestartAllContainers": supported values: "Restart"',
      'spec.containers[0].restartPolicyRules[0].exitCodes: Required value: must be specified',
    ],
  ],
  [
    'resize policy twice',
    c({ resizePolicy: ['cpu', 'cpu'].map((resourceName) => ({ resourceName, restartPolicy: 'NotRequired' })) }),
    ['spec.containers[0].resizePolicy[1]: Duplicate value: "cpu"'],
  ],
  [
    'ephemeral on create',
    (spec) => {
      spec.ephemeralContainers = [{ name: 'e', image: 'b' }];
    },
    ['spec.ephemeralContainers: Forbidden: cannot be set on create'],
  ],
])('%s', (_what, change, expected) => {
  expect(refused(change)).toEqual(expected);
});

const init = (fields: any) => (spec: any) => {
  spec.initContainers = [{ name: 'i', image: 'b', ...fields }];
};
const probe = { exec: { command: ['true'] } };

test.each<Row>([
  ['plain', init({}), []],
  ['sidecar with a probe', init({ restartPolicy: 'Always', readinessProbe: probe }), []],
  [
    'probe without sidecar',
    init({ livenessProbe: probe }),
    [
      'spec.initContainers[0].livenessProbe: Forbidden: may not be set for init containers without restartPolicy=Always',
    ],
  ],
  ['name of a main one', init({ name: 'c' }), ['spec.initContainers[0].name: Duplicate value: "c"']],
  [
    'sidecar with rules',
    init({ restartPolicy: 'Always', restartPolicyRules: [{ action: 'Restart', exitCodes: { operator: 'In' } }] }),
    [
      'spec.initContainers[0].restartPolicyRules: Forbidden: restartPolicyRules are not allowed for init containers with restart policy Always',
    ],
  ],
])('init container: %s', (_what, change, expected) => {
  expect(refused(change)).toEqual(expected);
});

const env = (...list: any[]) => c({ env: list });
const from = (valueFrom: any) => env({ name: 'A', valueFrom });

test.each<Row>([
  ['any printable name', env({ name: 'a b:c' }), []],
  [
    'equals sign',
    env({ name: 'a=b' }),
    [
      'spec.containers[0].env[0].name: Invalid value: "a=b": a valid environment variable name must consist only of printable ASCII characters other than \'=\'',
    ],
  ],
  ['no name', env({}), ['spec.containers[0].env[0].name: Required value']],
  ['field', from({ fieldRef: { fieldPath: 'status.podIP' } }), []],
  ['label', from({ fieldRef: { fieldPath: "metadata.labels['app']" } }), []],
  [
    'unknown field',
    from({ fieldRef: { fieldPath: 'spec.replicas' } }),
    [
      'spec.containers[0].env[0].valueFrom.fieldRef.fieldPath: Invalid value: "spec.replicas": error converting fieldPath: field label not supported: spec.replicas',
    ],
  ],
  [
    'field for volumes alone',
    from({ fieldRef: { fieldPath: 'metadata.labels' } }),
    [
      'spec.containers[0].env[0].valueFrom.fieldRef.fieldPath: Unsupported value: "metadata.labels": supported values: "metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "spec.serviceAccountName", "status.hostIP", "status.hostIPs", "status.podIP", "status.podIPs"',
    ],
  ],
  ['resource', from({ resourceFieldRef: { resource: 'limits.cpu', divisor: '1m' } }), []],
  [
    'divisor',
    from({ resourceFieldRef: { resource: 'limits.cpu', divisor: '10m' } }),
    [
      'spec.containers[0].env[0].valueFrom.resourceFieldRef.divisor: Invalid value: "limits.cpu": only divisor\'s values 1m and 1 are supported with the cpu resource',
    ],
  ],
  ['secret', from({ secretKeyRef: { name: 's', key: 'k' } }), []],
  [
    'secret without key',
    from({ secretKeyRef: { name: 's' } }),
    ['spec.containers[0].env[0].valueFrom.secretKeyRef.key: Required value'],
  ],
  [
    'nothing',
    from({}),
    [
      'spec.containers[0].env[0].valueFrom: Invalid value: "": must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`',
    ],
  ],
  [
    'value too',
    env({ name: 'A', value: 'x', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } }),
    ['spec.containers[0].env[0].valueFrom: Invalid value: "": may not be specified when `value` is not empty'],
  ],
  [
    'file of no volume',
    from({ fileKeyRef: { key: 'K', volumeName: 'v', path: 'p' } }),
    ['spec.containers[0].env[0].valueFrom.fileKeyRef.volumeName: Not found: "v"'],
  ],
  [
    'envFrom nothing',
    c({ envFrom: [{}] }),
    ['spec.containers[0].envFrom: Invalid value: "": must specify one of: `configMapRef` or `secretRef`'],
  ],
  ['envFrom', c({ envFrom: [{ prefix: 'P_', configMapRef: { name: 'm' } }] }), []],
])('env: %s', (_what, change, expected) => {
  expect(refused(change)).toEqual(expected);
});
