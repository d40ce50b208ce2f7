// Every row of class A against an API server and the controllers that its namespaces need. The rows run beside each other, as the
// command runs them; each test here waits for its own. Times are shortened: the row's own are kept by `npm run conformance -- --full`.
import { afterAll, beforeAll, describe, it } from 'vitest';
import { type Cluster, startCluster } from './cluster.ts';
import { type Result, runRows } from './harness/runner.ts';
import { rows } from './rows.ts';

const ofClassA = rows.filter((r) => r.class === 'A');
const waiting = new Map(ofClassA.map((r) => [r.id, Promise.withResolvers<Result>()]));
let cluster: Cluster;
let run: Promise<unknown>;

beforeAll(async () => {
  // A continue token lives as long as what it points to: upstream compacts every five minutes.
  cluster = await startCluster(['--etcd-compaction-interval=12s']);
  run = runRows(ofClassA, {
    kubeconfig: cluster.kubeconfig,
    ended: (result) => waiting.get(result.row.id)!.resolve(result),
  });
});
afterAll(async () => {
  await run;
  await cluster?.stop();
});

describe('class A', () => {
  for (const { id } of ofClassA)
    it(id, { timeout: 300_000 }, async (test) => {
      const { outcome, why, error } = await waiting.get(id)!.promise;
      if (outcome === 'failed') throw error;
      if (outcome === 'skipped') test.skip(why);
    });
});
