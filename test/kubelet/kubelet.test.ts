// The kubelet on the simulated runtime and a real API server: from a bound pod to its end.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { nodes, pods } from '../../apimachinery/resources.ts';
import { condition, ready, startTestNode, type TestNode, until } from './testNode.ts';

let node: TestNode;
beforeAll(async () => {
  node = await startTestNode();
});
afterAll(() => node.stop());

test('registers its Node and says that it is ready', async () => {
  await until(async () => {
    const found = await node.client.get(nodes, 'node-1');
    return found.status?.conditions?.some((c) => c.type === 'Ready' && c.status === 'True') ?? false;
  });
  const found = await node.client.get(nodes, 'node-1');
  expect(found.metadata.labels).toMatchObject({ 'kubernetes.io/hostname': 'node-1', 'kubernetes.io/os': 'linux' });
  expect(found.status?.conditions?.map((c) => [c.type, c.status, c.reason])).toEqual([
    ['MemoryPressure', 'False', 'KubeletHasSufficientMemory'],
    ['DiskPressure', 'False', 'KubeletHasNoDiskPressure'],
    ['PIDPressure', 'False', 'KubeletHasSufficientPID'],
    ['Ready', 'True', 'KubeletReady'],
  ]);
  expect(found.status?.daemonEndpoints?.kubeletEndpoint?.Port).toBe(node.port());
});

test('runs a pod and deletes it once its containers have ended', async () => {
  await node.run('web', { terminationGracePeriodSeconds: 3 });
  const pod = await node.until('web', ready);
  expect(pod.status).toMatchObject({ phase: 'Running', hostIP: '127.0.0.1', qosClass: 'BestEffort' });
  expect(pod.status?.podIP).toMatch(/^10\.244\.7\./);
  expect(pod.status?.containerStatuses?.[0]).toMatchObject({
    name: 'main',
    ready: true,
    started: true,
    restartCount: 0,
  });
  expect(condition(pod, 'PodReadyToStartContainers')?.status).toBe('True');
  await until(async () => (await node.events('web')).length >= 4);
  const seen = (await node.events('web')).map((e) => `${e.reason}: ${e.message}`);
  expect(seen).toContain('Pulling: Pulling image "nginx:1"');
  expect(seen).toContain('Created: Container created');
  expect(seen).toContain('Started: Container started');
  expect(
    seen.some((s) =>
      /^Pulled: Successfully pulled image "nginx:1" in .* \(.* including waiting\)\. Image size: \d+ bytes\.$/.test(s),
    ),
  ).toBe(true);
  await node.client.delete(pods, 'web', 'default');
  await node.untilGone('web');
  await until(async () => (await node.events('web')).some((e) => e.message === 'Stopping container main'));
});
