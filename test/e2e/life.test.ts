// A whole cluster's life under `up`: SIGKILL of it leaves nothing behind and loses nothing; two clusters do not meet.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { namespaces, pods, serviceAccounts } from '../../apimachinery/resources.ts';
import type { Pod } from '../../apimachinery/types.ts';
import { dataDir } from '../../cli/up/dataDir.ts';
import { isAlive, type ProcessId } from '../../cli/up/lock.ts';
import { readState } from '../../cli/up/state.ts';
import { until } from '../kit/apiServer.ts';
import { clientOf, createPods, createRollout, expectPods, expectRollout, insist } from '../kit/faults.ts';
import { type UpCluster, upCluster } from '../kit/upCluster.ts';

let one: UpCluster;
let two: UpCluster;
beforeAll(async () => {
  // One after the other: started at once they would wait for each other's compilers.
  one = await upCluster('--nodes', '1');
  two = await upCluster('--nodes', '2', '--nodes-per-process', '1', '--schedulers', '2', '--controller-managers', '2');
}, 400_000);
afterAll(async () => {
  await one?.stop();
  await two?.stop();
});

const state = (cluster: UpCluster) => readState(dataDir(cluster.dataDir).state)!;
const processes = (cluster: UpCluster): ProcessId[] => state(cluster).components.map((c) => c.process!);

it('two clusters side by side know nothing of each other', async () => {
  expect(processes(one)).toHaveLength(7);
  // Two of each but the API server and the maker of volumes: nodes in processes of their own, and two candidates for each lead.
  expect(processes(two)).toHaveLength(12);
  for (const [cluster, nodes] of [
    [one, ['node-1']],
    [two, ['node-1', 'node-2']],
  ] as const) {
    const client = await clientOf(cluster.kubeconfig);
    await createRollout(client, 'default', nodes.length);
    const list = (await client.list(pods)).items as Pod[];
    expect(new Set(list.map((p) => p.spec?.nodeName))).toEqual(new Set(nodes));
    client.close();
    expect(await cluster.mini('status')).toContain(`https://127.0.0.1:${cluster.port}`);
  }
}, 400_000);

it('SIGKILL of up in the middle of the work: no process is left, and the next up goes on', async () => {
  const client = await clientOf(one.kubeconfig);
  await client.create(namespaces, { metadata: { name: 'work' } });
  await until(
    () =>
      client.get(serviceAccounts, 'default', 'work').then(
        () => true,
        () => false,
      ),
    30_000,
    'the account',
  );
  const all = processes(one);
  let again: Promise<unknown> | undefined;
  const acknowledged = await createPods(client, 'work', 60, {
    20: () => {
      process.kill(state(one).supervisor.pid, 'SIGKILL');
      again = until(() => all.every((id) => !isAlive(id)), 30_000, 'the end of all processes').then(() =>
        one.mini('up', '--detach', '--port', String(one.port), '--nodes', '1'),
      );
    },
  });
  await again;
  expect(processes(one).filter((id) => all.some((old) => old.pid === id.pid && old.started === id.started))).toEqual(
    [],
  );
  await expectPods(client, 'work', 60, acknowledged);
  await expectRollout(client, 'default', 1, 'v0');
  const restarted = ((await insist(() => client.list(pods))).items as Pod[]).flatMap(
    (p) => p.status?.containerStatuses?.filter((c) => c.restartCount) ?? [],
  );
  expect(restarted).toEqual([]);
  client.close();
}, 400_000);
