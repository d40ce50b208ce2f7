import { afterEach, describe, expect, it } from 'vitest';
import { deployments, leases, namespaces, nodes, pods, serviceAccounts } from '../../apimachinery/resources.ts';
import type { Node, Pod } from '../../apimachinery/types.ts';
import { parseFlags } from '../../component-base/flags.ts';
import { flags } from '../../controllers/flags.ts';
import { startTestApiServer, until } from '../kit/apiServer.ts';
import { runPods, startManager } from './manager.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function begin() {
  const server = await startTestApiServer();
  const client = await server.client();
  cleanups.push(
    () => server.stop(),
    () => client.close(),
  );
  return { server, client };
}

describe('the flags', () => {
  it('have upstream’s times as defaults', () => {
    const { config } = parseFlags(flags, []);
    expect([
      config['node-monitor-period'],
      config['node-monitor-grace-period'],
      config['node-startup-grace-period'],
      config['leader-elect-lease-duration'],
      config['leader-elect-renew-deadline'],
      config['leader-elect-retry-period'],
    ]).toEqual([5_000, 50_000, 60_000, 15_000, 10_000, 2_000]);
    expect([
      config['secure-port'],
      config['leader-elect'],
      config['concurrent-deployment-syncs'],
      config['node-eviction-rate'],
    ]).toEqual([10257, true, 5, '0.1']);
  });
});

describe('a node that falls silent', () => {
  it('is tainted, its pods leave it, and it is welcome again', async () => {
    const { server, client } = await begin();
    const manager = startManager(server, [
      '--node-monitor-period=200ms',
      '--node-monitor-grace-period=3s',
      '--node-startup-grace-period=2s',
    ]);
    cleanups.push(() => manager.stop());
    const ready = () => ({
      type: 'Ready',
      status: 'True',
      reason: 'KubeletReady',
      message: '',
      lastHeartbeatTime: `${new Date().toISOString().slice(0, 19)}Z`,
      lastTransitionTime: `${new Date().toISOString().slice(0, 19)}Z`,
    });
    const report = (name: string) =>
      client.patch(
        nodes,
        name,
        undefined,
        'strategic',
        { status: { conditions: [ready()] } },
        { subresource: 'status' },
      );
    for (const name of ['good', 'bad']) {
      await client.create(nodes, { metadata: { name } } as never);
      await report(name);
    }
    const alive = new Set(['good', 'bad']);
    const renewing = setInterval(() => void Promise.all([...alive].map(report)).catch(() => {}), 500);
    cleanups.push(() => clearInterval(renewing));
    await until(async () => Boolean(await client.get(serviceAccounts, 'default', 'default').catch(() => undefined)));
    const tolerations = [
      { key: 'node.kubernetes.io/unreachable', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 1 },
    ];
    await client.create(pods, {
      metadata: { name: 'p', namespace: 'default' },
      spec: {
        nodeName: 'bad',
        tolerations,
        terminationGracePeriodSeconds: 0,
        containers: [{ name: 'c', image: 'v1' }],
      },
    } as never);
    alive.delete('bad');
    const bad = async () => (await client.get(nodes, 'bad')) as Node;
    await until(
      async () =>
        Boolean(
          (await bad()).spec?.taints?.some(
            (t) => t.key === 'node.kubernetes.io/unreachable' && t.effect === 'NoExecute',
          ),
        ),
      30_000,
      'the taint',
    );
    expect((await bad()).status?.conditions?.find((c) => c.type === 'Ready')).toMatchObject({
      status: 'Unknown',
      reason: 'NodeStatusUnknown',
    });
    await until(
      async () => {
        const pod = (await client.get(pods, 'p', 'default').catch(() => undefined)) as Pod | undefined;
        return !pod || Boolean(pod.metadata.deletionTimestamp);
      },
      30_000,
      'the eviction',
    );
    await until(
      async () => !(await client.get(nodes, 'good')).spec?.taints?.length,
      30_000,
      'a good node without taints',
    );
    alive.add('bad');
    await until(async () => !(await bad()).spec?.taints?.length, 30_000, 'the taints to go');
  });
});

describe('two managers', () => {
  it('share the work by turns: one leads, the other takes over, nothing is done twice', async () => {
    const { server, client } = await begin();
    const elect = [
      '--leader-elect=true',
      '--leader-elect-lease-duration=15s',
      '--leader-elect-renew-deadline=10s',
      '--leader-elect-retry-period=200ms',
      '--node-monitor-grace-period=1h',
      '--node-startup-grace-period=1h',
    ];
    const one = startManager(server, elect);
    const holder = async () =>
      (await client.get(leases, 'kube-controller-manager', 'kube-system').catch(() => undefined))?.spec?.holderIdentity;
    await until(async () => Boolean(await holder()), 30_000, 'a leader');
    const first = await holder();
    const two = startManager(server, elect);
    cleanups.push(() => two.stop());
    const agents = runPods(client);
    cleanups.push(() => agents.stop());
    await client.create(nodes, { metadata: { name: 'node-1' } } as never);
    await client.create(namespaces, { metadata: { name: 'work' } });
    await until(async () => Boolean(await client.get(serviceAccounts, 'default', 'work').catch(() => undefined)));
    const labels = { app: 'web' };
    await client.create(deployments, {
      metadata: { name: 'web', namespace: 'work' },
      spec: {
        replicas: 50,
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { containers: [{ name: 'c', image: 'v1' }] } },
      },
    } as never);
    await one.stop();
    await until(
      async () => ((await client.get(deployments, 'web', 'work')).status?.availableReplicas ?? 0) === 50,
      30_000,
      'the rollout under the other',
    );
    expect(await holder()).not.toBe(first);
    expect((await client.list(pods, { namespace: 'work' })).items).toHaveLength(50);
  });
});
