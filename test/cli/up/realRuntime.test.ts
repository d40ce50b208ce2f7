// `up --runtime unix://…` on a machine with a containerd and an address of its own: one node with real containers, logs and all.
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cniConfig, writeAtomically } from '../../../addons/network/cniConfig.ts';
import { until } from '../../kit/apiServer.ts';
import { answers, busyboxImage, noRealNode, type RealNode, startRealNode } from '../../kit/realNode.ts';

const root = join(import.meta.dirname, '..', '..', '..');
const why = noRealNode();

describe.skipIf(why !== undefined)(`up --runtime${why ? ` (${why})` : ''}`, { timeout: 90_000 }, () => {
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
  }, 90_000);
  afterAll(async () => {
    miniK8s('down');
    await node?.stop();
  }, 60_000);

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
    await until(log, 10_000, 'the log');
    const code = 'jsonpath={.status.containerStatuses[0].state.terminated.exitCode}';
    expect(kubectl('get', 'pod', 'hello', '-o', code)).toBe('7');
    kubectl('delete', 'pod', 'hello', '--wait=true');
    await until(() => answers(() => expect(kubectl('get', 'pods', '-A', '-o', 'name')).toBe('')), 20_000, 'no pods');
  });
});
