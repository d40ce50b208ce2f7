// One node's proxy: hears of Services and EndpointSlices, and syncs the rules of each family a moment later, many changes in one sync.
// Reads: informers. Writes: through a data plane, and a report of each sync. Mirrors: pkg/proxy/iptables/proxier.go, cmd/kube-proxy/app.
// Used by: main.ts, once a node. Next along the chain: rules.ts, iptables.ts.
import type { Cause } from '../apimachinery/cause.ts';
import type { Clock } from '../apimachinery/clock.ts';
import { endpointSlices, nodes, services } from '../apimachinery/resources.ts';
import type { KubeObject, Node } from '../apimachinery/types.ts';
import { collectCauses } from '../client/causes.ts';
import type { Informer, InformerFactory, InformerOptions } from '../client/informer.ts';
import { causesOf } from '../client/runner.ts';
import { type BoundedRunner, boundedRunner } from './boundedRunner.ts';
import type { Applied, DataPlane } from './dataPlane.ts';
import { type Family, serviceProxyNameLabel } from './ports.ts';
import type { ReportSync } from './reportSync.ts';
import { type RuleOptions, rulesOfNode, type ServiceState } from './rules.ts';

/** What another proxy serves, and what has no virtual address, is not even watched. */
export const sliceOptions: InformerOptions = {
  labelSelector: `!${serviceProxyNameLabel},!service.kubernetes.io/headless`,
};
export const serviceOptions: InformerOptions = { labelSelector: `!${serviceProxyNameLabel}` };

export interface ProxierOptions {
  nodeName: string;
  /** Where this node's Node comes from: one name's informer, or that of all nodes. */
  nodeOptions: InformerOptions;
  informers: InformerFactory;
  planes: ReadonlyMap<Family, DataPlane>;
  /** The state of one family, read once for all nodes of the process. */
  stateOf(family: Family): ServiceState;
  /** One value for all nodes of the process. */
  rules: Omit<RuleOptions, 'node' | 'nodeIPs'>;
  minSyncPeriod: number;
  syncPeriod: number;
  clock: Clock;
  random(): number;
  report: ReportSync;
  /** After each successful sync: what else follows the same state. */
  synced?(node: RuleOptions['node'], states: ServiceState[]): void;
  signal: AbortSignal;
}

export interface Proxier {
  /** When rules were last brought up to date, and since when changes wait; milliseconds, 0: never, nothing waits. */
  health(): { lastUpdated: number; pendingSince: number };
  done: Promise<void>;
}

/** Call before the informers start, then `begin` once they are synced. */
export function prepareProxier(o: ProxierOptions): { begin(): Proxier } {
  const pending = new Map<string, Cause>();
  let pendingSince = 0;
  let lastUpdated = 0;
  let runner: BoundedRunner | undefined;

  const changed = (object: KubeObject, informer: Informer<any>) => {
    collectCauses(pending, causesOf(object, informer));
    pendingSince ||= o.clock.now();
    runner?.ask();
  };
  const follow = <T extends KubeObject>(informer: Informer<T>, matters: (now: T, old?: T) => boolean) =>
    informer.addHandler({
      added: (object) => matters(object) && changed(object, informer),
      updated: (object, old) => matters(object, old) && changed(object, informer),
      deleted: (object) => matters(object) && changed(object, informer),
    });
  const nodeInformer = o.informers.informer(nodes, o.nodeOptions);
  follow(o.informers.informer(services, serviceOptions), () => true);
  follow(o.informers.informer(endpointSlices, sliceOptions), () => true);
  follow(nodeInformer, (now, old) => now.metadata.name === o.nodeName && viewText(now) !== (old && viewText(old)));

  async function sync(due: boolean): Promise<void> {
    const causes = pending.size ? [...pending.values()] : [{ word: 'resync' } as const];
    const since = pendingSince;
    pending.clear();
    pendingSince = 0;
    const view = nodeView(o.nodeName, nodeInformer.get(o.nodeName));
    try {
      const states: ServiceState[] = [];
      for (const [family, plane] of o.planes) {
        const state = o.stateOf(family);
        states.push(state);
        await syncFamily(o, state, plane, view, due, causes);
      }
      lastUpdated = o.clock.now();
      o.synced?.(view.node, states);
    } catch (error) {
      collectCauses(pending, causes);
      pendingSince = since || o.clock.now();
      throw error;
    }
  }

  return {
    begin() {
      runner = boundedRunner({
        job: sync,
        minInterval: o.minSyncPeriod,
        maxInterval: o.syncPeriod,
        clock: o.clock,
        random: o.random,
        // The report has told the reason already.
        onError: () => {},
        signal: o.signal,
      });
      return { health: () => ({ lastUpdated, pendingSince }), done: runner.done };
    },
  };
}

async function syncFamily(
  o: ProxierOptions,
  state: ServiceState,
  plane: DataPlane,
  view: NodeFacts,
  full: boolean,
  causes: readonly Cause[],
): Promise<void> {
  const startedAt = o.clock.now();
  const report = (outcome: Applied & { error?: string }) =>
    o.report({
      node: o.nodeName,
      family: state.family,
      mode: plane.mode,
      startedAt,
      finishedAt: o.clock.now(),
      ports: state.ports.length,
      endpoints: state.endpointCount,
      causes,
      ...outcome,
    });
  try {
    report(await plane.apply(rulesOfNode(state, o.rules, view), full));
  } catch (error) {
    report({ written: 0, removed: 0, total: 0, error: (error as Error).message });
    throw error;
  }
}

type NodeFacts = Pick<RuleOptions, 'node' | 'nodeIPs'>;

function nodeView(name: string, node: Node | undefined): NodeFacts {
  const addresses = node?.status?.addresses ?? [];
  return {
    node: { name, zone: node?.metadata.labels?.['topology.kubernetes.io/zone'] ?? '' },
    nodeIPs: addresses.filter((a) => a.type === 'InternalIP' || a.type === 'ExternalIP').map((a) => a.address),
  };
}
const viewText = (node: Node) => JSON.stringify(nodeView(node.metadata.name, node));
