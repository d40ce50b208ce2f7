import { expect, test } from 'vitest';
import { deployment } from '../../../../apiserver/kinds/deployment.ts';
import { created, made } from '../said.ts';
import { type Row, refused } from './pods.ts';

const ofPod = (securityContext: any) => (spec: any) => Object.assign(spec, { securityContext });
const of = (securityContext: any) => (spec: any) => Object.assign(spec.containers[0], { securityContext });
const at = 'spec.containers[0].securityContext';
const sysctls = (...names: string[]) => ofPod({ sysctls: names.map((name) => ({ name, value: '1' })) });
const pattern = '^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$';
const badSysctl = (i: number, name: string) =>
  `spec.securityContext.sysctls[${i}].name: Invalid value: "${name}": must have at most 253 characters and match regex ${pattern}`;

test.each<Row>([
  ['user', ofPod({ runAsUser: 0, fsGroup: 2147483647 }), []],
  [
    'negative user',
    ofPod({ runAsUser: -1 }),
    ['spec.securityContext.runAsUser: Invalid value: -1: must be between 0 and 2147483647, inclusive'],
  ],
  ['sysctls', sysctls('kernel.shm_rmid_forced', 'net/ipv4/tcp_syncookies'), []],
  ['bad sysctls', sysctls('foo-', 'bar..'), [badSysctl(0, 'foo-'), badSysctl(1, 'bar..')]],
  [
    'net sysctl on the host network',
    (spec) => {
      sysctls('net.ipv4.ip_forward')(spec);
      spec.hostNetwork = true;
    },
    [
      `spec.securityContext.sysctls[0].name: Invalid value: "net.ipv4.ip_forward": may not be specified when 'hostNetwork' is true`,
    ],
  ],
  [
    'change policy',
    ofPod({ fsGroupChangePolicy: 'x' }),
    ['spec.securityContext.fsGroupChangePolicy: Unsupported value: "x": supported values: "Always", "OnRootMismatch"'],
  ],
  [
    'MountOption waits for its gate',
    ofPod({ seLinuxChangePolicy: 'MountOption' }),
    ['spec.securityContext.seLinuxChangePolicy: Unsupported value: "MountOption": supported values: "Recursive"'],
  ],
  ['privileged', of({ privileged: true }), []],
  [
    'privileged without escalation',
    of({ privileged: true, allowPrivilegeEscalation: false }),
    [
      `${at}: Invalid value: {"privileged":true,"allowPrivilegeEscalation":false}: cannot set \`allowPrivilegeEscalation\` to false and \`privileged\` to true`,
    ],
  ],
  ['seccomp', of({ seccompProfile: { type: 'RuntimeDefault' } }), []],
  [
    'seccomp without file',
    of({ seccompProfile: { type: 'Localhost' } }),
    [`${at}.seccompProfile.localhostProfile: Required value: must be set when seccomp type is Localhost`],
  ],
  [
    'seccomp type',
    of({ seccompProfile: { type: 'x' } }),
    [
      `${at}.seccompProfile.type: Unsupported value: "x": supported values: "Localhost", "RuntimeDefault", "Unconfined"`,
    ],
  ],
  [
    'AppArmor without name',
    of({ appArmorProfile: { type: 'Localhost' } }),
    [`${at}.appArmorProfile.localhostProfile: Required value: must be set when AppArmor type is Localhost`],
  ],
  [
    'proc',
    of({ procMount: 'Unmasked' }),
    [`${at}.procMount: Invalid value: "Unmasked": \`hostUsers\` must be false to use \`Unmasked\``],
  ],
  [
    'user namespace and host network',
    (spec) => Object.assign(spec, { hostUsers: false, hostNetwork: true }),
    ['spec.hostNetwork: Forbidden: when `hostUsers` is false'],
  ],
  [
    'Windows options on linux',
    (spec) => {
      spec.os = { name: 'linux' };
      of({ windowsOptions: {} })(spec);
    },
    [`${at}.windowsOptions: Forbidden: windows options cannot be set for a linux pod`],
  ],
  [
    'linux options on Windows',
    (spec) => {
      spec.os = { name: 'windows' };
      of({ runAsUser: 1 })(spec);
    },
    [`${at}.runAsUser: Forbidden: cannot be set for a windows pod`],
  ],
  [
    'unknown system',
    (spec) => {
      spec.os = { name: 'plan9' };
    },
    ['spec.os: Unsupported value: "plan9": supported values: "linux", "windows"'],
  ],
  [
    'Windows user',
    of({ windowsOptions: { runAsUserName: 'a\\b\\c' } }),
    [
      `${at}.windowsOptions.runAsUserName: Invalid value: "a\\\\b\\\\c": runAsUserName cannot contain more than one backslash`,
    ],
  ],
  [
    'host process on a network of its own',
    of({ windowsOptions: { hostProcess: true } }),
    ['spec.hostNetwork: Invalid value: false: hostNetwork must be true if pod contains any hostProcess containers'],
  ],
])('%s', (_what, change, expected) => {
  expect(refused(change)).toEqual(expected);
});

const annotation = (key: string, value: string) => (_spec: any, pod: any) => {
  pod.metadata.annotations = { [key]: value };
};
test.each<Row>([
  ['deletion cost', annotation('controller.kubernetes.io/pod-deletion-cost', '-5'), []],
  ['deletion cost with zeros', annotation('controller.kubernetes.io/pod-deletion-cost', '-05'), []],
  [
    'zeros without a minus',
    annotation('controller.kubernetes.io/pod-deletion-cost', '05'),
    ['metadata.annotations[controller.kubernetes.io/pod-deletion-cost]: Invalid value: "05": must be a 32bit integer'],
  ],
  [
    'no number',
    annotation('controller.kubernetes.io/pod-deletion-cost', '+5'),
    ['metadata.annotations[controller.kubernetes.io/pod-deletion-cost]: Invalid value: "+5": must be a 32bit integer'],
  ],
  [
    'mirror without node',
    annotation('kubernetes.io/config.mirror', 'x'),
    [
      'metadata.annotations[kubernetes.io/config.mirror]: Invalid value: "x": must set spec.nodeName if mirror pod annotation is set',
    ],
  ],
  [
    'AppArmor of no container',
    annotation('container.apparmor.security.beta.kubernetes.io/z', 'unconfined'),
    ['metadata.annotations[container.apparmor.security.beta.kubernetes.io/z]: Invalid value: "z": container not found'],
  ],
  [
    'AppArmor said twice',
    (spec, pod) => {
      of({ appArmorProfile: { type: 'RuntimeDefault' } })(spec);
      annotation('container.apparmor.security.beta.kubernetes.io/c', 'unconfined')(spec, pod);
    },
    [`${at}.appArmorProfile.type: Forbidden: apparmor type in annotation and field must match`],
  ],
])('annotation: %s', (_what, change, expected) => {
  expect(refused(change)).toEqual(expected);
});

test.each<[string, string[]]>([
  ['runtime/default', []],
  [
    'unconfined',
    [
      'spec.template.spec.containers[0].securityContext.appArmorProfile.type: Forbidden: apparmor type in annotation and field must match',
    ],
  ],
])('a template whose AppArmor annotation is %s', (profile, expected) => {
  const labels = { a: 'b' };
  const annotations = { 'container.apparmor.security.beta.kubernetes.io/c': profile };
  const securityContext = { appArmorProfile: { type: 'RuntimeDefault' } };
  const spec = { containers: [{ name: 'c', image: 'b', securityContext }] };
  const template = { metadata: { labels, annotations }, spec };
  expect(created(deployment, made(deployment, { spec: { selector: { matchLabels: labels }, template } }))).toEqual(
    expected,
  );
});
