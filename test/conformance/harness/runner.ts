// Runs rows against one API server: some at a time, the serial ones after them, each with a limit; and counts them by subject.
// Reads a kubeconfig and rows; gives results. Used by main.ts (the command) and conformance.test.ts.
import { loadKubeconfig } from '../../../client/kubeconfig.ts';
import { kubectls } from '../../kit/kubectls.ts';
import type { Row } from '../row.ts';
import { openConnection } from './connection.ts';
import { makeContext, type Settings, Skip } from './context.ts';
import { kubectlRunner } from './kubectl.ts';

export interface Result {
  row: Row;
  outcome: 'passed' | 'failed' | 'skipped';
  /** Why it failed or was skipped. */
  why: string;
  error?: unknown;
  ms: number;
}

export interface RunOptions {
  kubeconfig: string;
  full?: boolean;
  protobuf?: boolean;
  /** Rows at a time; default 8. */
  parallel?: number;
  address?: string;
  /** Called as each row ends. */
  ended?(result: Result): void;
  /** Instead of each row's own limit. */
  timeout?: number;
}

export async function settingsFor(o: RunOptions): Promise<Settings> {
  const config = await loadKubeconfig(o.kubeconfig);
  const kubectlPath = kubectls().at(-1)?.path;
  return {
    kubeconfig: o.kubeconfig,
    connection: openConnection(config),
    connect: (token) =>
      openConnection(token ? { ...config, cert: undefined, key: undefined, tokenFile: undefined, token } : config),
    protobuf: o.protobuf ?? true,
    full: o.full ?? false,
    address: o.address ?? '127.0.0.1',
    ...(kubectlPath ? { kubectlPath, kubectl: kubectlRunner(kubectlPath, o.kubeconfig) } : {}),
  };
}

const underWay = new Set<() => Promise<void>>();

/** Removes what the rows that are under way have made: for a run that is broken off. */
export const cleanUp = (): Promise<unknown> => Promise.all([...underWay].map((clean) => clean()));

/** Resolves when all have ended; never rejects for a row. */
export async function runRows(rows: readonly Row[], o: RunOptions): Promise<Result[]> {
  const settings = await settingsFor(o);
  const results: Result[] = [];
  const work = async (queue: Row[]) => {
    for (let next = queue.shift(); next; next = queue.shift()) {
      const result = await runRow(next, settings, o.timeout);
      results.push(result);
      o.ended?.(result);
    }
  };
  const together = rows.filter((r) => !r.serial);
  await Promise.all(Array.from({ length: o.parallel ?? 8 }, () => work(together)));
  await work(rows.filter((r) => r.serial));
  settings.connection.close();
  return results;
}

async function runRow(row: Row, settings: Settings, timeout?: number): Promise<Result> {
  const start = Date.now();
  const { context, clean } = makeContext(settings, row.id);
  underWay.add(clean);
  const ends = (outcome: Result['outcome'], why = '', error?: unknown): Result => ({
    row,
    outcome,
    why,
    error,
    ms: Date.now() - start,
  });
  try {
    await limited(row.run(context), timeout ?? row.timeout ?? 120_000);
    return ends('passed');
  } catch (error) {
    if (error instanceof Skip) return ends('skipped', error.message);
    return ends('failed', (error as Error).message, error);
  } finally {
    underWay.delete(clean);
    await clean();
  }
}

function limited(work: Promise<void>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not done within ${ms / 1000} s`)), ms);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

const subjectOf = (row: Row) => row.id.split('.').slice(0, 2).join('.');

/** A line for each subject, then each row that did not pass with the reason. */
export function summary(results: readonly Result[]): string {
  const subjects = new Map<string, Record<Result['outcome'], number>>();
  const total = { passed: 0, failed: 0, skipped: 0 };
  for (const { row, outcome } of results) {
    const counts = subjects.get(subjectOf(row)) ?? { passed: 0, failed: 0, skipped: 0 };
    subjects.set(subjectOf(row), counts);
    counts[outcome]++;
    total[outcome]++;
  }
  const line = (name: string, c: typeof total) =>
    name.padEnd(32) + [c.passed, c.failed, c.skipped].map((n) => String(n || '').padStart(8)).join('');
  return [
    `${'subject'.padEnd(32)}  passed  failed skipped`,
    ...[...subjects].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, counts]) => line(name, counts)),
    line('all', total),
    ...results.filter((r) => r.outcome === 'failed').map((r) => `FAILED  ${r.row.id}: ${r.why}`),
    ...results.filter((r) => r.outcome === 'skipped').map((r) => `skipped ${r.row.id}: ${r.why}`),
  ].join('\n');
}
