import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  daemonSets,
  events,
  namespaces,
  nodes,
  podDisruptionBudgets,
  pods,
  replicaSets,
  serviceAccounts,
} from '../../apimachinery/resources.ts';
import type { Pod, PodDisruptionBudget } from '../../apimachinery/types.ts';
import type { Client } from '../../client/client.ts';
import { expectedOf, planDisrupted, planFailed, planStatus } from '../../controllers/disruption/plan.ts';
import { untilStale } from '../../controllers/disruption/staleCondition.ts';
import { startTestApiServer, type TestApiServer, until } from '../kit/apiServer.ts';
import { type RunningManager, runPods, startManager } from './manager.ts';
import { at, makePod, now } from './objects.ts';

const makeBudget = (spec: object, status?: object): PodDisruptionBudget =>
  ({ metadata: { name: 'b', namespace: 'd', generation: 2 }, spec, status }) as never;

describe('how many must be healthy', () => {
  it.each<[object, number, number]>([
    [{ minAvailable: 2 }, 4, 2],
    [{ minAvailable: '50%' }, 7, 4],
    [{ minAvailable: '0%' }, 7, 0],
    [{ maxUnavailable: 1 }, 7, 6],
    [{ maxUnavailable: 9 }, 7, 0],
    [{ maxUnavailable: '10%' }, 7, 6],
    [{ maxUnavailable: 0 }, 7, 7],
    [{}, 0, 0],
  ])('%j of 4 pods whose owners want 7', (spec, podCount, healthy) => {
    expect(expectedOf(makeBudget(spec), 4, 7)).toEqual({ pods: podCount, healthy });
  });

  it('a text that is no percentage is told', () => {
    expect(() => expectedOf(makeBudget({ minAvailable: 'most' }), 4, 7)).toThrow('string is not a percentage');
  });
});

describe('the status', () => {
  const ready = (name: string) => makePod(name, { node: 'n', ready: -10 });
  const status = (spec: object, list: Pod[], old?: object) => {
    const budget = makeBudget(spec, old);
    return planStatus(
      budget,
      list,
      expectedOf(budget, list.length, list.length),
      planDisrupted(budget, list, now),
      now,
    );
  };
  const three = [ready('a'), ready('b'), ready('c')];

  it('counts what is ready, staying, and not granted away', () => {
    const list = [...three, makePod('unready'), makePod('going', { ready: -1, deleting: true })];
    expect(status({ minAvailable: 1 }, list, { disruptedPods: { a: at(-30), gone: at(-30) } })).toEqual({
      disruptedPods: { a: at(-30) },
      observedGeneration: 2,
      disruptionsAllowed: 1,
      currentHealthy: 2,
      desiredHealthy: 1,
      expectedPods: 5,
      conditions: [
        {
          type: 'DisruptionAllowed',
          status: 'True',
          reason: 'SufficientPods',
          message: '',
          observedGeneration: 2,
          lastTransitionTime: at(0),
        },
      ],
    });
  });

  it('with too few, or none, nothing may go', () => {
    const insufficient = { status: 'False', reason: 'InsufficientPods' };
    expect(status({ minAvailable: 3 }, three)).toMatchObject({ disruptionsAllowed: 0, conditions: [insufficient] });
    expect(status({ minAvailable: 0 }, [])).toMatchObject({ disruptionsAllowed: 0, conditions: [insufficient] });
  });

  it('is left alone when right', () => {
    const told = status({ minAvailable: 1 }, three);
    expect(status({ minAvailable: 1 }, three, told)).toBeUndefined();
    expect(status({ minAvailable: 2 }, three, told)).toMatchObject({ disruptionsAllowed: 1 });
  });

  it('a pod that was granted and did not go in two minutes counts again', () => {
    const budget = makeBudget({ minAvailable: 1 }, { disruptedPods: { a: at(-121), b: at(-100), c: at(-90) } });
    const plan = planDisrupted(budget, three, now);
    expect(plan.overdue.map((p) => p.metadata.name)).toEqual(['a']);
    expect(plan.pods).toEqual({ b: at(-100), c: at(-90) });
    expect(plan.after).toBe(20_000);
  });

  it('nothing may go while the count fails, and it is said once', () => {
    const old = { ...status({ minAvailable: 1 }, three)! };
    const failed = planFailed(makeBudget({}, old), 'no scale', now)!;
    expect(failed).toMatchObject({
      disruptionsAllowed: 0,
      currentHealthy: 3,
      conditions: [{ type: 'DisruptionAllowed', status: 'False', reason: 'SyncFailed', message: 'no scale' }],
    });
    expect(planFailed(makeBudget({}, failed), 'no scale', now)).toBeUndefined();
    expect(status({ minAvailable: 3 }, three, failed)).toMatchObject({ conditions: [{ reason: 'InsufficientPods' }] });
  });
});

describe('a disruption that did not come', () => {
  const marked = (o: object, reason = 'EvictionByEvictionAPI', status = 'True') => {
    const pod = makePod('p', o);
    pod.status!.conditions!.push({ type: 'DisruptionTarget', status, reason, lastTransitionTime: at(-100) } as never);
    return pod;
  };
  it.each<[string, Pod, number | undefined]>([
    ['is stale after two minutes', marked({}), 20_000],
    ['has none', makePod('p'), undefined],
    ['is taken back already', marked({}, 'x', 'False'), undefined],
    ['is on its way', marked({ deleting: true }), undefined],
    ['has ended', marked({ phase: 'Failed' }), undefined],
    ['is up to the kubelet', marked({}, 'TerminationByKubelet'), undefined],
  ])('%s', (_name, pod, left) => {
    expect(untilStale(pod, now)).toBe(left);
  });
  it('is due', () => expect(untilStale(marked({}), now + 60_000)).toBe(0));
});

describe('against a real API server', () => {
  let server: TestApiServer;
  let client: Client;
  let manager: RunningManager;
  let agents: { stop(): void };

  beforeAll(async () => {
    server = await startTestApiServer();
    client = await server.client();
    manager = startManager(server, ['--node-monitor-grace-period=1h', '--node-startup-grace-period=1h']);
    agents = runPods(client);
    await client.create(nodes, { metadata: { name: 'node-1' } } as never);
    await client.patch(nodes, 'node-1', undefined, 'merge', { spec: { taints: null } });
  });
  afterAll(async () => {
    agents.stop();
    await manager.stop();
    client.close();
    await server.stop();
  });

  let made = 0;
  async function newNamespace(): Promise<string> {
    const name = `ns-${made++}`;
    await client.create(namespaces, { metadata: { name } });
    await until(
      async () => Boolean(await client.get(serviceAccounts, 'default', name).catch(() => undefined)),
      30_000,
      'the default ServiceAccount',
    );
    return name;
  }
  const labels = { foo: 'bar' };
  const template = {
    metadata: { labels },
    spec: { terminationGracePeriodSeconds: 0, containers: [{ name: 'c', image: 'v1' }] },
  };
  const createSet = (namespace: string, replicas: number) =>
    client.create(replicaSets, {
      metadata: { name: 'rs', namespace },
      spec: { replicas, selector: { matchLabels: labels }, template },
    } as never);
  const createBudget = (namespace: string, spec: object) =>
    client.create(podDisruptionBudgets, {
      metadata: { name: 'b', namespace },
      spec: { selector: { matchLabels: labels }, ...spec },
    } as never);
  const budget = (namespace: string) => client.get(podDisruptionBudgets, 'b', namespace);
  const counts = (namespace: string, wanted: object) =>
    until(
      async () => {
        const { status, metadata } = await budget(namespace);
        if (status?.observedGeneration !== metadata.generation) return false;
        return Object.entries(wanted).every(([field, value]) => (status as any)[field] === value);
      },
      30_000,
      JSON.stringify(wanted),
    );
  const living = async (namespace: string) =>
    (await client.list(pods, { namespace })).items.filter((p) => !p.metadata.deletionTimestamp) as Pod[];
  const evict = (pod: Pod) =>
    client
      .post(pods, pod.metadata.name, pod.metadata.namespace, 'eviction', {
        apiVersion: 'policy/v1',
        kind: 'Eviction',
        metadata: { name: pod.metadata.name },
      })
      .then(
        () => 'evicted',
        (error) => `${error.status.code} ${error.status.details?.causes?.[0]?.reason}`,
      );

  it('an eviction is refused until the budget allows it', async () => {
    const ns = await newNamespace();
    await createBudget(ns, { minAvailable: 3 });
    await createSet(ns, 3);
    await counts(ns, { currentHealthy: 3, desiredHealthy: 3, expectedPods: 3, disruptionsAllowed: 0 });
    const [first] = await living(ns);
    expect(await evict(first!)).toBe('429 DisruptionBudget');
    await client.patch(podDisruptionBudgets, 'b', ns, 'merge', { spec: { minAvailable: 2 } });
    await counts(ns, { currentHealthy: 3, desiredHealthy: 2, disruptionsAllowed: 1 });
    expect(await evict(first!)).toBe('evicted');
    await client.patch(podDisruptionBudgets, 'b', ns, 'merge', { spec: { minAvailable: null, maxUnavailable: 0 } });
    await counts(ns, { currentHealthy: 3, desiredHealthy: 3, expectedPods: 3 });
    const [second] = await living(ns);
    expect(await evict(second!)).toBe('429 DisruptionBudget');
    await client.delete(podDisruptionBudgets, 'b', ns);
    await until(async () => (await evict(second!)) !== '429 DisruptionBudget');
  });

  it('many evictions at the same time never break it', async () => {
    const ns = await newNamespace();
    await createBudget(ns, { minAvailable: '60%' });
    await createSet(ns, 10);
    await counts(ns, { currentHealthy: 10, desiredHealthy: 6, disruptionsAllowed: 4 });
    let least = Number.POSITIVE_INFINITY;
    let evicted = 0;
    for (let round = 0; round < 3; round++) {
      const outcomes = await Promise.all((await living(ns)).map(evict));
      const ready = (await living(ns)).filter((p) =>
        p.status?.conditions?.some((c) => c.type === 'Ready' && c.status === 'True'),
      );
      least = Math.min(least, ready.length);
      evicted += outcomes.filter((o) => o === 'evicted').length;
    }
    expect(evicted).toBeGreaterThanOrEqual(4);
    expect(least).toBeGreaterThanOrEqual(6);
    await counts(ns, { currentHealthy: 10, disruptionsAllowed: 4 });
  });

  it('counts by the scale of any owner that has one, and says when there is none', async () => {
    const ns = await newNamespace();
    const definitions = {
      group: 'apiextensions.k8s.io',
      version: 'v1',
      plural: 'customresourcedefinitions',
      kind: 'CustomResourceDefinition',
      namespaced: false,
    };
    await client.create(definitions, {
      metadata: { name: 'herds.example.com' },
      spec: {
        group: 'example.com',
        scope: 'Namespaced',
        names: { plural: 'herds', singular: 'herd', kind: 'Herd', listKind: 'HerdList' },
        versions: [
          {
            name: 'v1',
            served: true,
            storage: true,
            schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
            subresources: { scale: { specReplicasPath: '.spec.replicas', statusReplicasPath: '.status.replicas' } },
          },
        ],
      },
    } as never);
    const herds = { group: 'example.com', version: 'v1', plural: 'herds', kind: 'Herd', namespaced: true };
    let herd: any;
    await until(async () => {
      herd = await client
        .create(herds, { metadata: { name: 'h', namespace: ns }, spec: { replicas: 5 } } as never)
        .catch(() => undefined);
      return herd !== undefined;
    });
    await client.create(pods, {
      metadata: {
        name: 'p',
        namespace: ns,
        labels,
        ownerReferences: [
          { apiVersion: 'example.com/v1', kind: 'Herd', name: 'h', uid: herd.metadata.uid, controller: true },
        ],
      },
      spec: template.spec,
    } as never);
    await createBudget(ns, { maxUnavailable: '40%' });
    await counts(ns, { currentHealthy: 1, desiredHealthy: 3, expectedPods: 5, disruptionsAllowed: 0 });
    await client.delete(pods, 'p', ns);
    await client.create(daemonSets, {
      metadata: { name: 'ds', namespace: ns },
      spec: { selector: { matchLabels: labels }, template },
    } as never);
    const condition = async () => (await budget(ns)).status?.conditions?.find((c) => c.type === 'DisruptionAllowed');
    await until(async () => (await condition())?.reason === 'SyncFailed');
    expect(await condition()).toMatchObject({
      status: 'False',
      message: 'daemonsets.apps does not implement the scale subresource',
    });
  });

  it('tells of pods without an owner, and keeps a granted pod for a while', async () => {
    const ns = await newNamespace();
    await client.create(pods, { metadata: { name: 'bare', namespace: ns, labels }, spec: template.spec } as never);
    await createBudget(ns, { minAvailable: '1%' });
    const reasons = async () =>
      (await client.list(events, { namespace: ns })).items.filter(
        (e) => e.involvedObject.kind === 'PodDisruptionBudget',
      );
    await until(async () => (await reasons()).some((e) => e.reason === 'UnmanagedPods'));
    expect((await reasons()).find((e) => e.reason === 'UnmanagedPods')?.message).toContain(
      '(selector: &LabelSelector{MatchLabels:map[string]string{foo: bar,},MatchExpressions:[]LabelSelectorRequirement{},})',
    );
    expect((await reasons())[0]?.source?.component).toBe('controllermanager');
    await client.patch(podDisruptionBudgets, 'b', ns, 'merge', { spec: { minAvailable: 1 } });
    await counts(ns, { currentHealthy: 1, disruptionsAllowed: 0 });
    const granted = { bare: `${new Date().toISOString().slice(0, 19)}Z` };
    await client.patch(
      podDisruptionBudgets,
      'b',
      ns,
      'merge',
      { status: { disruptedPods: granted } },
      { subresource: 'status' },
    );
    await counts(ns, { currentHealthy: 0 });
    expect((await budget(ns)).status?.disruptedPods).toEqual(granted);
    await client.patch(
      podDisruptionBudgets,
      'b',
      ns,
      'merge',
      { status: { disruptedPods: { bare: null } } },
      { subresource: 'status' },
    );
    await counts(ns, { currentHealthy: 1 });
    const old = { type: 'DisruptionTarget', status: 'True', reason: 'x', lastTransitionTime: at(0) };
    await client.patch(pods, 'bare', ns, 'strategic', { status: { conditions: [old] } }, { subresource: 'status' });
    const mark = async () =>
      (await client.get(pods, 'bare', ns)).status?.conditions?.find((c) => c.type === 'DisruptionTarget');
    await until(async () => (await mark())?.status === 'False');
    expect((await mark())?.reason).toBeUndefined();
  });
});
