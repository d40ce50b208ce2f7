// How long a cluster takes to start: from `up` to three Ready nodes, the first time (keys, compile cache) and later.
// Beside it: how long its own API server took, which is the least that it could be, and what kind's authors publish.
import { benchCluster } from './benchCluster.ts';
import { median } from './processes.ts';
import type { Row } from './table.ts';

const rounds = 5;

export async function startRows(log: (text: string) => void): Promise<Row[]> {
  const first: Record<string, number>[] = [];
  const warm: Record<string, number>[] = [];
  for (let round = 1; round <= rounds; round++) {
    log(`start: round ${round} of ${rounds}`);
    const cluster = await benchCluster();
    try {
      first.push(cluster.readyAfter);
      await cluster.down();
      await cluster.up();
      warm.push(cluster.readyAfter);
    } finally {
      await cluster.remove();
    }
  }
  const of = (runs: Record<string, number>[], name: string) => median(runs.map((r) => r[name]!));
  const row = (what: string, runs: Record<string, number>[]): Row => ({
    what,
    ours: of(runs, 'all'),
    unit: ' s',
    reference: 'its API server alone',
    theirs: of(runs, 'apiserver'),
  });
  return [
    row('start: `up` to three Ready nodes, first time', first),
    row('start: `up` to three Ready nodes, later', warm),
    {
      what: 'start: the same, beside kind',
      text: `${of(warm, 'all').toFixed(1)} s`,
      reference: 'kind 33 s (published, another machine)',
    },
  ];
}
