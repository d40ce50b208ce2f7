// `up --runtime unix://…` on a machine with a containerd and an address of its own: one node with real containers, logs and all.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cniConfig, writeAtomically } from '../../../addons/network/cniConfig.ts';
import { until } from '../../kit/apiServer.ts';
import { answers, busyboxImage, noRealNode, type RealNode, startRealNode } from '../../kit/realNode.ts';

const root = join(import.meta.dirname, '..', '..', '..');
const why = noRealNode();

describe.skipIf(why !== undefined)(`up --runtime${why ? ` (${why})` : ''}`, { timeout: 240_000 }, () => {
  let node: RealNode;
  const miniK8s = (command: string, ...args: string[]) => {
    const program = join(root, 'bin', 'mini-k8s.mjs');
    return node.sh(process.execPath, program, command, '--data-dir', join(node.folder, 'data'), ...args);
  };
  const kubectl = (...args: string[]) => miniK8s('kubectl', '--', ...args);

  beforeAll(async () => {
    node = await startRealNode();
    const config = cniConfig({ podCIDRs: ['10.244.0.0/24'], bridge: 'cni0', mtu: 0, dataDir: '/run/cni' });
    writeAtomically(join(node.cniConfDir, '10-test.conflist'), JSON.stringify(config));
    // As on any machine: the address that others see is not loopback, and nothing of ours listens there.
    for (const command of [
      'ip link add uplink type veth peer name far',
      'ip link set far up',
      'ip addr add 192.0.2.77/24 dev uplink',
      'ip link set uplink up',
      'ip route add default via 192.0.2.1',
    ]) {
      node.sh(...command.split(' '));
    }
    miniK8s('up', '--detach', '--runtime', node.runtime);
    // Pods need their account, which a controller makes in its own time.
    await until(() => answers(() => kubectl('get', 'serviceaccount', 'default')));
  });
  afterAll(async () => {
    miniK8s('down');
    await node?.stop();
  });

  test('a pod runs, and its log is read through the API server and the kubelet', async () => {
    kubectl(
      'run',
      'hello',
      `--image=${busyboxImage}`,
      '--restart=Never',
      '--command',
      '--',
      'sh',
      '-c',
      'echo hello; exit 7',
    );
    kubectl('wait', 'pod/hello', '--for=jsonpath={.status.phase}=Failed', '--timeout=60s');
    // containerd writes the last lines a moment after it has said that the container ended.
    const log = () => answers(() => expect(kubectl('logs', 'hello')).toBe('hello\n'));
    await until(log, 30_000, 'the log');
    const code = 'jsonpath={.status.containerStatuses[0].state.terminated.exitCode}';
    expect(kubectl('get', 'pod', 'hello', '-o', code)).toBe('7');
    kubectl('delete', 'pod', 'hello', '--wait=true');
    await until(() => answers(() => expect(kubectl('get', 'pods', '-A', '-o', 'name')).toBe('')), 30_000, 'no pods');
  });

  test('a claim of the default class is a folder of this machine, for whoever the pod runs as', async () => {
    const pod = (name: string, command: string) => `
---
apiVersion: v1
kind: Pod
metadata: {name: ${name}}
spec:
  restartPolicy: Never
  securityContext: {runAsUser: 1000, runAsNonRoot: true}
  containers:
  - {name: c, image: ${busyboxImage}, command: [sh, -c, "${command}"], volumeMounts: [{name: d, mountPath: /d}]}
  volumes: [{name: d, persistentVolumeClaim: {claimName: data}}]
`;
    const claim = `
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}`;
    const apply = (text: string) => {
      writeFileSync(join(node.folder, 'pods.yaml'), text);
      kubectl('apply', '-f', join(node.folder, 'pods.yaml'));
    };
    const succeeds = (name: string) =>
      kubectl('wait', `pod/${name}`, '--for=jsonpath={.status.phase}=Succeeded', '--timeout=60s');
    apply(claim + pod('writer', 'echo kept > /d/file'));
    succeeds('writer');
    apply(pod('reader', 'cat /d/file'));
    succeeds('reader');
    await until(() => answers(() => expect(kubectl('logs', 'reader')).toBe('kept\n')), 30_000, 'the log');
    kubectl('delete', 'pod', 'writer', 'reader', '--wait=true');
    kubectl('delete', 'pvc', 'data', '--wait=true');
    await until(() => answers(() => expect(kubectl('get', 'pv', '-o', 'name')).toBe('')), 30_000, 'no volumes');
  });
});
