// The decision when others have a say over HTTP: the plugins' nodes go through the extenders' filters, scores are added up.
// Mirrors: findNodesThatPassExtenders and prioritizeNodes in pkg/scheduler/schedule_one.go.
// Called by: scheduler.ts instead of schedulePod. Next along the chain: schedule.ts, extender.ts.
import type { Logger } from '../component-base/logger.ts';
import type { Extender } from './extender.ts';
import type { Status } from './framework.ts';
import type { NodeInfo } from './nodeInfo.ts';
import { best, type Decision, diagnosisOf, type Found, findFeasible, findNominated, type Run } from './schedule.ts';

/** `extenders` are those that are interested in the pod. */
export async function schedulePodWith(extenders: readonly Extender[], run: Run, log: Logger): Promise<Decision> {
  const nominated = findNominated(run);
  if (nominated) {
    const passed = await filter(extenders, run, nominated, log).catch(() => undefined);
    if (passed?.length) return placed(nominated, passed, passed[0]!);
  }
  const found = findFeasible(run, false);
  if (!('statuses' in found)) return found;
  try {
    const passed = await filter(extenders, run, found, log);
    if (!passed.length) return refusedByExtender(run, found);
    if (passed.length === 1) return placed(found, passed, passed[0]!);
    return placed(found, passed, best(run, passed, await scores(extenders, run, passed, log)));
  } catch (error) {
    return { error: { code: 'Error', reasons: [(error as Error).message], plugin: '' } };
  }
}

const placed = ({ evaluated }: Found, among: NodeInfo[], node: NodeInfo): Decision => ({
  node: node.name,
  evaluated,
  feasible: among.length,
  among,
});

/** Extenders tell of no events: whatever happens may help. */
function refusedByExtender(run: Run, found: Found): Decision {
  const diagnosis = diagnosisOf(run, found);
  diagnosis.plugins = new Set();
  return { diagnosis };
}

async function filter(extenders: readonly Extender[], { pod }: Run, found: Found, log: Logger): Promise<NodeInfo[]> {
  let nodes = found.feasible;
  for (const extender of extenders) {
    if (!nodes.length) break;
    if (!extender.can.filter) continue;
    try {
      const answer = await extender.filter(pod.pod, nodes);
      nodes = answer.nodes;
      for (const [name, status] of answer.refused) note(found.statuses, name, status);
    } catch (error) {
      if (!extender.ignorable) throw error;
      log.warn({ extender: extender.url, error: (error as Error).message }, 'skipped an extender that failed');
    }
  }
  return nodes;
}

/** Whatever another said too, a refusal that no preemption helps stays one. */
function note(statuses: Map<string, Status>, name: string, status: Status): void {
  const known = statuses.get(name);
  const reasons = [...(known?.reasons ?? []), ...status.reasons];
  const code = known?.code === 'Unresolvable' ? known.code : status.code;
  statuses.set(name, { ...status, code, reasons });
}

/** One that gives no scores counts as if it found all nodes equal. */
async function scores(
  extenders: readonly Extender[],
  { pod }: Run,
  nodes: readonly NodeInfo[],
  log: Logger,
): Promise<Float64Array> {
  const sums = new Float64Array(nodes.length);
  const asked = extenders.filter((e) => e.can.prioritize);
  const answers = await Promise.all(
    asked.map((e) =>
      e.prioritize(pod.pod, nodes).catch((error: Error) => {
        log.warn({ extender: e.url, error: error.message }, 'an extender gave no scores');
        return new Map<string, number>();
      }),
    ),
  );
  for (const given of answers) for (const [i, { name }] of nodes.entries()) sums[i]! += given.get(name) ?? 0;
  return sums;
}
