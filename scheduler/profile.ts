// A profile: the plugins of each extension point in their order, with the weights of those that score.
// Reads: the plugin list of the configuration. Mirrors: pkg/scheduler/profile/profile.go, framework/runtime/framework.go.
// Next along the chain: schedule.ts runs it; plugins/registry.ts says which plugins there are.
import { type ClusterEvent, type EventResource, matchesEvent } from './clusterEvents.ts';
import type { EventHint, Plugin, Sortable } from './framework.ts';

export interface Profile {
  schedulerName: string;
  preEnqueue: readonly Plugin[];
  compare(a: Sortable, b: Sortable): number;
  filters: readonly Plugin[];
  postFilters: readonly Plugin[];
  scorers: readonly { plugin: Plugin; weight: number }[];
  reserve: readonly Plugin[];
  permit: readonly Plugin[];
  preBind: readonly Plugin[];
  bind: readonly Plugin[];
  postBind: readonly Plugin[];
  /** The hints of plugins that such an event concerns. */
  hintsFor(event: ClusterEvent): readonly { plugin: string; hint: EventHint }[];
  /** What the plugins want to hear of. */
  resources: ReadonlySet<EventResource>;
  /** Of so many nodes, how many that fit are enough to choose from. */
  nodesToFind(nodes: number): number;
}

/** The extension points by which a configuration turns plugins on and off; PreFilter goes with Filter, PreScore with Score. */
export const extensionPoints = [
  'preEnqueue',
  'queueSort',
  'filter',
  'postFilter',
  'score',
  'reserve',
  'permit',
  'preBind',
  'bind',
  'postBind',
] as const;
export type ExtensionPoint = (typeof extensionPoints)[number];

/** The plugin's part in each point. */
export const takesPart: Record<ExtensionPoint, (p: Plugin) => boolean> = {
  preEnqueue: (p) => p.preEnqueue !== undefined,
  queueSort: (p) => p.compare !== undefined,
  filter: (p) => p.preFilter !== undefined,
  postFilter: (p) => p.postFilter !== undefined,
  score: (p) => p.preScore !== undefined,
  reserve: (p) => p.reserve !== undefined || p.unreserve !== undefined,
  permit: (p) => p.permit !== undefined,
  preBind: (p) => p.preBind !== undefined,
  bind: (p) => p.bind !== undefined,
  postBind: (p) => p.postBind !== undefined,
};

export interface ProfilePlan {
  schedulerName: string;
  /** In order, with what the configuration turned on at each point. */
  points: Record<ExtensionPoint, readonly { plugin: Plugin; weight: number }[]>;
  /** 0: by the size of the cluster. */
  percentageOfNodesToScore: number;
}

export function makeProfile({ schedulerName, points, percentageOfNodesToScore }: ProfilePlan): Profile {
  const at = (point: ExtensionPoint) => points[point].map(({ plugin }) => plugin);
  const sorters = at('queueSort');
  if (sorters.length !== 1) throw new Error(`profile ${schedulerName}: exactly one queue sort plugin is needed`);
  const all = new Set(Object.values(points).flatMap((list) => list.map(({ plugin }) => plugin)));
  return {
    schedulerName,
    preEnqueue: at('preEnqueue'),
    compare: sorters[0]!.compare!,
    filters: at('filter'),
    postFilters: at('postFilter'),
    scorers: points.score,
    reserve: at('reserve'),
    permit: at('permit'),
    preBind: at('preBind'),
    bind: at('bind'),
    postBind: at('postBind'),
    hintsFor: hintIndex([...all]),
    resources: new Set([...all].flatMap(({ events = [anyEvent] }) => events.map((e) => e.resource))),
    nodesToFind: (nodes) => nodesToFind(nodes, percentageOfNodesToScore),
  };
}

const anyEvent: EventHint = { resource: '*', actions: ~0 };

function hintIndex(plugins: readonly Plugin[]): Profile['hintsFor'] {
  const all = plugins.flatMap(({ name, events = [anyEvent] }) => events.map((hint) => ({ plugin: name, hint })));
  const known = new Map<string, { plugin: string; hint: EventHint }[]>();
  return (event) => {
    const key = `${event.resource} ${event.actions}`;
    let found = known.get(key);
    if (!found) {
      found = all.filter(({ hint }) => hint.resource === '*' || matchesEvent(hint, event));
      known.set(key, found);
    }
    return found;
  };
}

const leastNodes = 100;
const leastPercentage = 5;

/** Half of a small cluster, less and less of a large one. */
export function nodesToFind(nodes: number, percentage: number): number {
  if (nodes < leastNodes) return nodes;
  const part = percentage || Math.max(50 - Math.floor(nodes / 125), leastPercentage);
  return Math.max(Math.floor((nodes * part) / 100), leastNodes);
}
