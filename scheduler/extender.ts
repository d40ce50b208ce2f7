// One extender: questions over HTTP about nodes for a pod, scores, victims and bindings.
// Writes: what the extender does when it binds. Mirrors: pkg/scheduler/extender.go, kube-scheduler/extender/v1/types.go.
// Used by: extended.ts, plugins/defaultPreemption.ts and bindingCycle.ts. Its settings: extenderConfig.ts.
import type { Container, Node, Pod } from '../apimachinery/types.ts';
import { type Pool, takePool } from '../client/connectionPool.ts';
import { exchange } from '../client/httpRequest.ts';
import type { ExtenderConfig } from './extenderConfig.ts';
import { type Status, unresolvable, unschedulable } from './framework.ts';
import type { NodeInfo } from './nodeInfo.ts';
import type { PodInfo } from './podInfo.ts';

/** What a refusal by an extender is booked under. */
export const extenderName = 'Extender';

export interface Extender {
  readonly url: string;
  readonly ignorable: boolean;
  readonly can: { filter: boolean; prioritize: boolean; preempt: boolean; bind: boolean };
  isInterested(pod: Pod): boolean;
  /** Rejects when it gave no answer that can be used; so do the others. */
  filter(pod: Pod, nodes: readonly NodeInfo[]): Promise<{ nodes: NodeInfo[]; refused: Map<string, Status> }>;
  /** By node name, times the weight and up to the scale of plugins. */
  prioritize(pod: Pod, nodes: readonly NodeInfo[]): Promise<Map<string, number>>;
  preempt(pod: Pod, candidates: ReadonlyMap<string, Sacrifice>): Promise<Map<string, Sacrifice>>;
  bind(pod: Pod, node: string): Promise<void>;
  close(): void;
}

export interface Sacrifice {
  pods: readonly PodInfo[];
  violations: number;
}

/** Its scores go to 10, those of plugins to 100. */
const scale = 10;

export function createExtender(c: ExtenderConfig, signal: AbortSignal): Extender {
  const pool = poolFor(c);
  const ask = (verb: string, body: object) => post(pool, c, verb, body, signal);
  const nodesBody = (nodes: readonly NodeInfo[]) =>
    c.nodeCacheCapable
      ? { Nodes: null, NodeNames: nodes.map((n) => n.name) }
      : { Nodes: { items: nodes.map((n) => n.node!) }, NodeNames: null };
  return {
    url: c.url,
    ignorable: c.ignorable,
    can: {
      filter: c.filterVerb !== '',
      prioritize: c.prioritizeVerb !== '',
      preempt: c.preemptVerb !== '',
      bind: c.bindVerb !== '',
    },
    isInterested: (pod) => !c.managedResources.length || asksFor(pod, c.managedResources),
    async filter(pod, nodes) {
      const answer = await ask(c.filterVerb, { Pod: pod, ...nodesBody(nodes) });
      return readFilter(answer, nodes, c);
    },
    async prioritize(pod, nodes) {
      const list = await ask(c.prioritizeVerb, { Pod: pod, ...nodesBody(nodes) });
      if (!Array.isArray(list)) throw new Error(`extender ${c.url}: the scores are no list`);
      const entries = list.map(
        (item) => [field(item, 'Host'), Number(field(item, 'Score')) * c.weight * scale] as const,
      );
      return new Map(entries.filter(([, score]) => Number.isFinite(score)));
    },
    async preempt(pod, candidates) {
      const answer = await ask(c.preemptVerb, { Pod: pod, ...victimsBody(candidates, c.nodeCacheCapable) });
      return readVictims(answer, candidates, c.url);
    },
    async bind(pod, node) {
      const { name, namespace, uid } = pod.metadata;
      const answer = await ask(c.bindVerb, { PodName: name, PodNamespace: namespace, PodUID: uid, Node: node });
      refuseError(answer);
    },
    close: () => pool.release(),
  };
}

const poolFor = ({ url, tls }: ExtenderConfig): Pool =>
  takePool({
    server: url,
    ca: tls?.ca,
    cert: tls?.cert,
    key: tls?.key,
    insecureSkipTlsVerify: tls?.insecure ?? false,
    tlsServerName: tls?.serverName,
  });

async function post(pool: Pool, c: ExtenderConfig, verb: string, body: object, signal: AbortSignal): Promise<any> {
  const url = new URL(`${c.url}/${verb}`);
  const answer = await exchange(pool, {
    method: 'POST',
    server: url,
    path: url.pathname + url.search,
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    body: JSON.stringify(body),
    timeout: c.timeout,
    signal,
  });
  const text = await answer.text();
  if (answer.code !== 200) throw new Error(`failed ${verb} with extender at URL ${url.href}, code ${answer.code}`);
  try {
    return JSON.parse(text);
  } catch {
    throw new Error(`extender at URL ${url.href} did not answer in JSON`);
  }
}

/** As Go reads JSON: whatever the case of the name. */
function field(object: unknown, name: string): any {
  if (typeof object !== 'object' || object === null) return undefined;
  const wanted = name.toLowerCase();
  const key = Object.keys(object).find((k) => k.toLowerCase() === wanted);
  return key === undefined ? undefined : ((object as Record<string, unknown>)[key] ?? undefined);
}

function refuseError(answer: unknown): void {
  const error = field(answer, 'Error');
  if (error) throw new Error(String(error));
}

const refusals = (answer: unknown, name: string): [string, string][] =>
  Object.entries((field(answer, name) ?? {}) as Record<string, string>);

function readFilter(answer: unknown, nodes: readonly NodeInfo[], c: ExtenderConfig) {
  refuseError(answer);
  const known = new Map(nodes.map((n) => [n.name, n]));
  const names: string[] = c.nodeCacheCapable
    ? (field(answer, 'NodeNames') ?? [])
    : ((field(field(answer, 'Nodes'), 'items') ?? []) as Node[]).map((n) => n.metadata.name);
  const kept = names.map((name) => {
    const node = known.get(name);
    if (!node)
      throw new Error(`extender "${c.url}" claims a filtered node "${name}" which is not found in the input node list`);
    return node;
  });
  const refused = new Map<string, Status>();
  for (const [name, why] of refusals(answer, 'FailedNodes')) refused.set(name, unschedulable(extenderName, why));
  for (const [name, why] of refusals(answer, 'FailedAndUnresolvableNodes'))
    refused.set(name, unresolvable(extenderName, why));
  return { nodes: kept, refused };
}

function victimsBody(candidates: ReadonlyMap<string, Sacrifice>, namesOnly: boolean) {
  const byNode = (pods: (p: PodInfo) => object) =>
    Object.fromEntries(
      Array.from(candidates, ([node, s]) => [node, { Pods: s.pods.map(pods), NumPDBViolations: s.violations }]),
    );
  return namesOnly
    ? { NodeNameToVictims: null, NodeNameToMetaVictims: byNode(({ uid }) => ({ UID: uid })) }
    : { NodeNameToVictims: byNode(({ pod }) => pod), NodeNameToMetaVictims: null };
}

/** It may take nodes and victims away, and add pods of the same node that it was told of. */
function readVictims(answer: unknown, candidates: ReadonlyMap<string, Sacrifice>, url: string): Map<string, Sacrifice> {
  const kept = new Map<string, Sacrifice>();
  for (const [node, meta] of Object.entries((field(answer, 'NodeNameToMetaVictims') ?? {}) as object)) {
    const known = new Map(candidates.get(node)?.pods.map((p) => [p.uid, p]));
    const uids: string[] = (field(meta, 'Pods') ?? []).map((p: unknown) => field(p, 'UID'));
    const pods = uids.map((uid) => {
      const pod = known.get(uid);
      if (!pod)
        throw new Error(
          `extender: ${url} claims to preempt pod (UID: ${uid}) on node: ${node}, but the pod is not found on that node`,
        );
      return pod;
    });
    kept.set(node, { pods, violations: Number(field(meta, 'NumPDBViolations') ?? 0) });
  }
  return kept;
}

const asksFor = ({ spec }: Pod, resources: readonly string[]): boolean =>
  [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])].some(({ resources: r }: Container) =>
    resources.some((name) => r?.requests?.[name] !== undefined || r?.limits?.[name] !== undefined),
  );
