// The rows of workloads against a cluster as a user starts it: three simulated nodes, scheduler and controllers. Times are shortened.
import { afterAll, beforeAll, describe, it } from 'vitest';
import { type UpCluster, upCluster } from '../kit/upCluster.ts';
import { type Result, runRows } from './harness/runner.ts';
import { cronJobRows } from './rows/cronJobs.ts';
import { daemonSetRows } from './rows/daemonSets.ts';
import { deploymentRows } from './rows/deployments.ts';
import { disruptionBudgetRows } from './rows/disruptionBudgets.ts';
import { endpointRows } from './rows/endpoints.ts';
import { garbageRows } from './rows/garbage.ts';
import { jobRows } from './rows/jobs.ts';
import { jobByIndexRows } from './rows/jobsByIndex.ts';
import { kubectlPodRows } from './rows/kubectlPods.ts';
import { podRows } from './rows/pods.ts';
import { quotaRows } from './rows/quotas.ts';
import { replicaSetRows } from './rows/replicaSets.ts';
import { replicationControllerRows } from './rows/replicationControllers.ts';
import { schedulingPodRows } from './rows/schedulingPods.ts';
import { statefulSetRows } from './rows/statefulSets.ts';
import { brokenStatefulSetRows } from './rows/statefulSetsBroken.ts';
import { storageVolumeRows } from './rows/storageVolumes.ts';
import { taintRows } from './rows/taints.ts';

const rows = [
  // They wait for the clock, so they begin first.
  ...cronJobRows,
  ...daemonSetRows,
  ...statefulSetRows,
  ...brokenStatefulSetRows,
  ...replicationControllerRows,
  ...disruptionBudgetRows,
  ...quotaRows,
  ...jobRows,
  ...deploymentRows,
  ...replicaSetRows,
  ...jobByIndexRows,
  ...podRows,
  ...kubectlPodRows,
  ...endpointRows,
  ...storageVolumeRows,
  ...garbageRows,
  // Alone, behind all others.
  ...taintRows,
  ...schedulingPodRows,
];
const waiting = new Map(rows.map((r) => [r.id, Promise.withResolvers<Result>()]));
let cluster: UpCluster;
let run: Promise<unknown>;

beforeAll(async () => {
  cluster = await upCluster('--nodes', '3');
  run = runRows(rows, {
    kubeconfig: cluster.kubeconfig,
    parallel: 8,
    ended: (result) => waiting.get(result.row.id)!.resolve(result),
  });
});
afterAll(async () => {
  await run;
  await cluster?.stop();
});

describe('workloads', () => {
  for (const { id } of rows)
    it(id, { timeout: 300_000 }, async () => {
      const { outcome, error } = await waiting.get(id)!.promise;
      if (outcome !== 'passed') throw error;
    });
});
