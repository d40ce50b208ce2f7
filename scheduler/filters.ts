// The filters of one pod: prepared once (PreFilter), then asked of each node (Filter), also of nodes as they would be.
// Mirrors: RunPreFilterPlugins and RunFilterPluginsWithNominatedPods in pkg/scheduler/framework/runtime/framework.go.
// Used by: schedule.ts and plugins/defaultPreemption.ts.
import { type ForkedFilter, isStatus, type NodeFilter, type Plugin, type Status, unresolvable } from './framework.ts';
import { type NodeInfo, withoutPod, withPod } from './nodeInfo.ts';
import type { Nominations } from './nominations.ts';
import type { PodInfo } from './podInfo.ts';

export type Test = (node: NodeInfo) => Status | undefined;

export interface PodFilters {
  tests: readonly Test[];
  filters: readonly NodeFilter[];
  /** Absent: all nodes. */
  nodes?: ReadonlySet<string>;
  /** The plugins that narrowed them down. */
  narrowing: readonly string[];
}

/** PreFilter of all plugins; a Status when one refuses the pod altogether. */
export function prepareFilters(pod: PodInfo, plugins: readonly Plugin[]): PodFilters | Status {
  const filters: NodeFilter[] = [];
  const narrowing: string[] = [];
  let nodes: ReadonlySet<string> | undefined;
  for (const plugin of plugins) {
    const filter = plugin.preFilter?.(pod);
    if (!filter) continue;
    if (isStatus(filter)) return filter;
    filters.push(filter);
    if (!filter.nodes) continue;
    narrowing.push(plugin.name);
    nodes = nodes ? nodes.intersection(filter.nodes) : filter.nodes;
    if (nodes.size === 0) return unresolvable(plugin.name, noneLeft(narrowing));
  }
  const tests = filters.map((f) => f.test).filter((t) => t !== undefined);
  return { tests, filters, narrowing, ...(nodes && { nodes }) };
}

export const pluginList = (plugins: readonly string[]): string => `[${plugins.toSorted().join(' ')}]`;

const noneLeft = (plugins: readonly string[]) =>
  plugins.length === 1
    ? `node(s) didn't satisfy plugin ${plugins[0]}`
    : `node(s) didn't satisfy plugin(s) ${pluginList(plugins)} simultaneously`;

export function firstRefusal(tests: readonly Test[], node: NodeInfo): Status | undefined {
  for (const test of tests) {
    const status = test(node);
    if (status) return status;
  }
  return undefined;
}

/** As `firstRefusal`, once with the pods that wait for this node and once without: it must fit whether they come or not. */
export function refusalBeside(
  pod: PodInfo,
  { tests, filters }: PodFilters,
  node: NodeInfo,
  nominations: Nominations,
): Status | undefined {
  const waiting = nominations.on(node.name).filter((p) => p.uid !== pod.uid && p.priority >= pod.priority);
  if (waiting.length) {
    const world = imagine(filters, node);
    for (const other of waiting) world.add(other);
    const refusal = world.refusal();
    if (refusal) return refusal;
  }
  return firstRefusal(tests, node);
}

export interface ImaginedNode {
  readonly node: NodeInfo;
  add(pod: PodInfo): void;
  remove(pod: PodInfo): void;
  refusal(): Status | undefined;
}

/** A node to which pods come and from which they go in thought alone. */
export function imagine(filters: readonly NodeFilter[], start: NodeInfo): ImaginedNode {
  let node = start;
  const forks: ForkedFilter[] = [];
  const tests = filters.flatMap((filter): Test[] => {
    const fork = filter.fork?.();
    if (!fork) return filter.test ? [filter.test] : [];
    forks.push(fork);
    return [fork.test];
  });
  return {
    get node() {
      return node;
    },
    add(pod) {
      node = withPod(node, pod);
      for (const fork of forks) fork.change(pod, node, 1);
    },
    remove(pod) {
      node = withoutPod(node, pod.uid);
      for (const fork of forks) fork.change(pod, node, -1);
    },
    refusal: () => firstRefusal(tests, node),
  };
}
