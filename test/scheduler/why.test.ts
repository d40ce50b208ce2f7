// Seeing why: what is worked out of one pod, what is written on it when it asks, and what the command makes of that.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { namespaces, nodes, pods, serviceAccounts } from '../../apimachinery/resources.ts';
import type { Node, Pod } from '../../apimachinery/types.ts';
import { whyTable } from '../../cli/why/whyTable.ts';
import type { Client } from '../../client/client.ts';
import { parseFlags } from '../../component-base/flags.ts';
import { type Explanation, explain, shortened } from '../../scheduler/explain.ts';
import { flags } from '../../scheduler/flags.ts';
import { unschedulable } from '../../scheduler/framework.ts';
import { run } from '../../scheduler/main.ts';
import { podInfoOf } from '../../scheduler/podInfo.ts';
import { answerAnnotation, askAnnotation } from '../../scheduler/why.ts';
import { startTestApiServer, type TestApiServer, until } from '../kit/apiServer.ts';
import { node, pod } from './objects.ts';
import { createWorld } from './world.ts';

const taints = [{ key: 'k', value: 'v', effect: 'NoSchedule' }] as any;

function explained(nodeList: Node[], p: Pod, there: Pod[] = [], o: object = {}) {
  const world = createWorld(nodeList, there);
  world.cache.refresh(world.handle.snapshot);
  const { snapshot, nominations } = world.handle;
  return explain({ pod: podInfoOf(p), profile: world.defaultProfile(), snapshot, nominations, ...o });
}

describe('the answer', () => {
  it('has what every plugin says of every node, not the first refusal alone', () => {
    const answer = explained(
      [node('a', { cpu: '1', taints }), node('b', { cpu: '1500m' }), node('c', { unschedulable: true })],
      pod('p', { cpu: '2', spec: { nodeSelector: { 'kubernetes.io/hostname': 'b' } } }),
    );
    expect(answer.compared).toBe(0);
    expect(answer.nodes.find((n) => n.name === 'a')).toEqual({
      name: 'a',
      refused: {
        TaintToleration: 'node(s) had untolerated taint(s)',
        NodeAffinity: "node(s) didn't match Pod's node affinity/selector",
        NodeResourcesFit: 'Insufficient cpu',
      },
      lacks: { cpu: 1000 },
    });
    expect(answer.nodes.find((n) => n.name === 'b')).toEqual({
      name: 'b',
      refused: { NodeResourcesFit: 'Insufficient cpu' },
      lacks: { cpu: 500 },
    });
    expect(Object.keys(answer.nodes.find((n) => n.name === 'c')!.refused!)).toEqual([
      'NodeUnschedulable',
      'NodeAffinity',
    ]);
  });

  it('has the scores, weighed and summed as the decision does', () => {
    const nodeList = [node('a', { cpu: '2' }), node('b', { cpu: '8' })];
    const p = pod('p', { cpu: '1', memory: '1Gi' });
    const answer = explained(nodeList, p);
    const world = createWorld(nodeList);
    expect(answer.node).toBe((world.decide(p) as { node: string }).node);
    for (const n of answer.nodes) {
      const sum = Object.entries(n.scores!).reduce((s, [plugin, score]) => s + score * answer.weights[plugin]!, 0);
      expect(n.total).toBe(sum);
    }
    expect(answer.nodes.map((n) => n.name)).toEqual(['b', 'a']);
    expect(answer.weights).toMatchObject({ TaintToleration: 3, NodeResourcesFit: 1 });
  });

  it('names the plugins that refuse the pod before any node', () => {
    const volumes = [{ name: 'v', persistentVolumeClaim: { claimName: 'c' } }];
    const answer = explained([node('a')], pod('p', { spec: { volumes } }));
    expect(answer.preFilter).toMatchObject({ VolumeBinding: 'persistentvolumeclaim "c" not found' });
    expect(answer).toMatchObject({ nodes: [], compared: 0 });
    expect(answer.node).toBeUndefined();
  });

  it('counts pods that wait for a node, and what an extender said', () => {
    const world = createWorld([node('a', { cpu: '2' }), node('b')]);
    world.cache.refresh(world.handle.snapshot);
    const { snapshot, nominations } = world.handle;
    nominations.set(podInfoOf(pod('first', { cpu: '2', priority: 9 })), 'a');
    const statuses = new Map([['b', unschedulable('Extender', 'too warm')]]);
    const profile = world.defaultProfile();
    const answer = explain({ pod: podInfoOf(pod('p', { cpu: '1' })), profile, snapshot, nominations, statuses });
    expect(Object.fromEntries(answer.nodes.map((n) => [n.name, n.refused]))).toEqual({
      a: { 'beside pods that wait for the node': 'Insufficient cpu' },
      b: { Extender: 'too warm' },
    });
  });

  it('thinks a bound pod away from its node', () => {
    const there = pod('p', { cpu: '3', nodeName: 'a' });
    const two = [node('a', { cpu: '4' }), node('b')];
    const bound = explained(two, there, [there], { bound: true, chosen: 'a' });
    expect(bound.nodes.map((n) => [n.name, n.refused])).toEqual([
      ['a', undefined],
      ['b', undefined],
    ]);
    expect(explained([node('a', { cpu: '4' })], there, [there]).nodes[0]!.lacks).toEqual({ cpu: 2000 });
  });

  it('is shortened to some nodes of each kind', () => {
    const refused = (i: number, why: string) => ({ name: `r${i}`, refused: { P: why } });
    const list = [
      ...Array.from({ length: 500 }, (_, i) => ({ name: `c${i}`, scores: {}, total: 500 - i })),
      ...Array.from({ length: 500 }, (_, i) => refused(i, 'often')),
      refused(500, 'once'),
    ];
    const short = shortened(list);
    expect(short.length).toBeLessThanOrEqual(60);
    expect(short[0]!.name).toBe('c0');
    expect(short.some((n) => n.refused?.['P'] === 'once')).toBe(true);
  });
});

describe('the table', () => {
  const base: Explanation = {
    scheduler: 'default-scheduler',
    time: '2026-01-01T00:00:00Z',
    attempt: 1,
    outcome: 'Scheduled',
    node: 'b',
    weights: { Fit: 1, Spread: 2 },
    nodeCount: 3,
    compared: 2,
    nodes: [
      { name: 'b', scores: { Fit: 90, Spread: 100 }, total: 290 },
      { name: 'a', scores: { Fit: 50, Spread: 100 }, total: 250 },
      { name: 'c', refused: { NodeResourcesFit: 'Insufficient cpu' }, lacks: { cpu: 500, memory: 1048576 } },
    ],
  };
  it('shows scores by weight, refusals and what is short', () => {
    expect(whyTable(base, 'shop/web', false)).toEqual([
      'shop/web was given to node b: 2 of 3 nodes compared, by default-scheduler, attempt 1, 2026-01-01T00:00:00Z',
      '',
      'NODE  Fit x1  Spread x2  TOTAL',
      'b     90      100        290    <- chosen',
      'a     50      100        250',
      '',
      'NODE  REFUSED BY        WHY',
      'c     NodeResourcesFit  Insufficient cpu (500m cpu, 1Mi memory too little)',
    ]);
  });
  it('says what a pod waits for and what it would take', () => {
    const waiting: Explanation = {
      ...base,
      outcome: 'Unschedulable',
      message: '0/1 nodes are available: 1 Insufficient cpu.',
      nodeCount: 1,
      compared: 0,
      nodes: [base.nodes[2]!],
      waits: {
        queue: 'unschedulable',
        since: '2026-01-01T00:00:01Z',
        events: { NodeResourcesFit: ['Node add|updateNodeAllocatable'] },
      },
    };
    expect(whyTable(waiting, 'shop/web', false).slice(5)).toEqual([
      '',
      'It waits (unschedulable), since 2026-01-01T00:00:01Z.',
      'What it would take, on the nodes that come closest:',
      '  c: free 500m cpu, 1Mi memory',
      'Events that have it tried again, by the plugin that refused it:',
      '  NodeResourcesFit: Node add|updateNodeAllocatable',
    ]);
  });
  it('says once what several plugins stumble over', () => {
    const { node: _none, ...rest } = base;
    const preFilter = { VolumeBinding: 'no claim', VolumeZone: 'no claim' };
    const lines = whyTable({ ...rest, outcome: 'Unschedulable', compared: 0, nodes: [], preFilter }, 'shop/web', false);
    expect(lines.slice(1)).toEqual(['No node is looked at: no claim (VolumeBinding, VolumeZone).']);
  });
  it('has colour only when told', () => {
    expect(whyTable(base, 'shop/web', true).join('\n')).toContain('\x1b[32m');
    expect(whyTable(base, 'shop/web', false).join('\n')).not.toContain('\x1b');
  });
});

describe('in a cluster', () => {
  let server: TestApiServer;
  let client: Client;
  const ending = new AbortController();
  let ended: Promise<unknown>;

  beforeAll(async () => {
    server = await startTestApiServer({ flags: ['--disable-admission-plugins=TaintNodesByCondition,Priority'] });
    client = await server.client();
    await client.create(namespaces, { metadata: { name: 'shop' } });
    await client.create(serviceAccounts, { metadata: { name: 'default', namespace: 'shop' } });
    for (const n of [node('a', { cpu: '1' }), node('b', { cpu: '2' })]) await client.create(nodes, n as any);
    const kubeconfig = server.kubeconfigFor('scheduler');
    const { config } = parseFlags(flags, [`--kubeconfig=${kubeconfig}`, '--bind-address=127.0.0.1', '--secure-port=0']);
    ended = run(config, ending.signal);
  });
  afterAll(async () => {
    ending.abort();
    await ended;
    client?.close();
    await server?.stop();
  });

  const add = async (p: Pod, annotations?: Record<string, string>) =>
    (await client.create(pods, {
      ...p,
      metadata: { name: p.metadata.name, namespace: 'shop', annotations },
    } as any)) as Pod;
  const answerOf = async (name: string): Promise<Explanation> => {
    let text: string | undefined;
    await until(async () => {
      text = (await client.get(pods, name, 'shop')).metadata.annotations?.[answerAnnotation];
      return text !== undefined;
    });
    return JSON.parse(text!);
  };
  const why = async (...args: string[]) => {
    const main = join(import.meta.dirname, '../../bin/mini-k8s.mjs');
    const argv = [main, 'why', ...args, `--kubeconfig=${server.kubeconfig}`, '-n', 'shop'];
    return (await promisify(execFile)(process.execPath, argv)).stdout;
  };

  it('a pod that asks carries the answer of its attempt', async () => {
    await add(pod('asks', { cpu: '1500m' }), { [askAnnotation]: 'true' });
    const answer = await answerOf('asks');
    expect(answer).toMatchObject({ outcome: 'Scheduled', node: 'b', attempt: 1, compared: 1, nodeCount: 2 });
    expect(answer.nodes.find((n) => n.name === 'a')?.refused).toEqual({ NodeResourcesFit: 'Insufficient cpu' });
    const table = await why('asks');
    expect(table).toContain('shop/asks was given to node b');
    expect(table).toMatch(/^a +NodeResourcesFit +Insufficient cpu \(500m cpu too little\)$/m);
  });

  it('a pod that does not ask carries none, and can be asked about while it waits', async () => {
    const waiting = await add(pod('waits', { cpu: '9' }));
    await until(async () => {
      const now = (await client.get(pods, 'waits', 'shop')) as Pod;
      return now.status?.conditions?.some((c) => c.type === 'PodScheduled' && c.status === 'False') ?? false;
    });
    expect((await client.get(pods, 'waits', 'shop')).metadata.annotations?.[answerAnnotation]).toBeUndefined();
    // What happens to nodes and pods may have it tried once more.
    let table = '';
    await until(async () => {
      table = await why('waits');
      return table.includes('It waits (unschedulable)');
    });
    expect(table).toContain('shop/waits, as the cluster is now: no node');
    expect(table).toMatch(/ {2}b: free 8500m cpu/);
    expect(table).toMatch(/NodeResourcesFit: AssignedPod delete\|updatePodScaleDown/);
    const json = JSON.parse(await why('waits', '-o', 'json'));
    expect(json.message).toContain('2 Insufficient cpu');
    expect(waiting.metadata.name).toBe('waits');
  });

  it('says in one sentence when there is no such pod', async () => {
    await expect(why('nobody')).rejects.toMatchObject({
      stderr: expect.stringContaining('there is no pod shop/nobody'),
    });
  });
});
