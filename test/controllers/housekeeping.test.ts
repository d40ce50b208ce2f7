import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { realClock } from '../../apimachinery/clock.ts';
import { clusterRoles, jobs, nodes, pods } from '../../apimachinery/resources.ts';
import type { ClusterRole, Job, Node, Pod } from '../../apimachinery/types.ts';
import type { Client } from '../../client/client.ts';
import { createInformerFactory } from '../../client/informerFactory.ts';
import { silentLogger } from '../../component-base/logger.ts';
import { aggregate } from '../../controllers/clusterRoleAggregation.ts';
import { lostWithNode, neverScheduled, nodesMissing, surplusEnded } from '../../controllers/podGarbage/plan.ts';
import { sweep } from '../../controllers/podGarbage/podGarbage.ts';
import { secondsOf, stepFor } from '../../controllers/ttl.ts';
import { expiry } from '../../controllers/ttlAfterFinished.ts';
import { startTestApiServer, type TestApiServer, until } from '../kit/apiServer.ts';
import { type RunningManager, startManager } from './manager.ts';
import { at, makePod, now } from './objects.ts';

describe('ended Jobs', () => {
  const job = (ttl: number | undefined, type: string, deleting = false) =>
    ({
      metadata: deleting ? { deletionTimestamp: at(0) } : {},
      spec: { ttlSecondsAfterFinished: ttl },
      status: { conditions: [{ type, status: 'True', lastTransitionTime: at(-10) }] },
    }) as unknown as Job;
  it.each([
    [job(30, 'Complete'), now + 20_000],
    [job(0, 'Failed'), now - 10_000],
    [job(30, 'Suspended'), undefined],
    [job(undefined, 'Complete'), undefined],
    [job(30, 'Complete', true), undefined],
  ])('go in their time: %#', (j, wanted) => expect(expiry(j)).toBe(wanted));
});

describe('the time that secrets may be kept', () => {
  it.each([
    [1, 0, 0],
    [101, 0, 15],
    [95, 1, 15],
    [89, 1, 0],
    [20_000, 0, 600],
    [10, 5, 0],
  ])('%d nodes, coming from step %d: %d s', (count, step, seconds) =>
    expect(secondsOf(stepFor(count, step))).toBe(seconds),
  );
});

describe('aggregation', () => {
  it('takes each rule once, in the order of names, and never its own', () => {
    const rule = (verb: string) => ({ apiGroups: [''], resources: ['pods'], verbs: [verb] });
    const role = (name: string, labels: Record<string, string>, ...verbs: string[]) =>
      ({ metadata: { name, labels }, rules: verbs.map(rule) }) as ClusterRole;
    const all = { to: 'all' };
    const whole = {
      ...role('whole', all, 'own'),
      aggregationRule: { clusterRoleSelectors: [{ matchLabels: all }, { matchLabels: { also: 'x' } }] },
    };
    const roles = [
      role('b', all, 'get', 'list'),
      whole,
      role('a', all, 'get'),
      role('c', {}, 'no'),
      role('d', { also: 'x' }, 'watch'),
    ];
    expect(aggregate(whole, roles)).toEqual([rule('get'), rule('list'), rule('watch')]);
  });
});

describe('pods to be cleared away', () => {
  const names = (list: Pod[]) => list.map((p) => p.metadata.name);
  it('too many that have ended: evicted ones first, then the oldest', () => {
    const ended = (name: string, created: number) => makePod(name, { phase: 'Failed', created });
    const evicted = ended('evicted', -1);
    evicted.status!.reason = 'Evicted';
    const all = [ended('new', -10), makePod('running'), ended('old', -100), evicted, ended('older', -200)];
    expect(names(surplusEnded(all, 2))).toEqual(['evicted', 'older']);
    expect([surplusEnded(all, 4), surplusEnded(all, 0)]).toEqual([[], []]);
  });
  it('those of nodes out of service, and those without a node', () => {
    const node = (ready: string, taint?: string) =>
      ({
        spec: { taints: taint ? [{ key: taint }] : [] },
        status: { conditions: [{ type: 'Ready', status: ready }] },
      }) as unknown as Node;
    const known: Record<string, Node> = {
      out: node('Unknown', 'node.kubernetes.io/out-of-service'),
      ready: node('True', 'node.kubernetes.io/out-of-service'),
      silent: node('Unknown'),
    };
    const all = ['out', 'ready', 'silent', 'gone'].map((n) => makePod(n, { node: n, deleting: true }));
    const others = [makePod('alive', { node: 'out' }), makePod('waiting'), makePod('cancelled', { deleting: true })];
    expect(names(lostWithNode([...all, ...others], (n) => known[n]))).toEqual(['out']);
    expect(names(neverScheduled([...all, ...others]))).toEqual(['cancelled']);
    expect([...nodesMissing([...all, ...others], (n) => n in known)]).toEqual(['gone']);
  });
});

describe('against a server', () => {
  let server: TestApiServer;
  let client: Client;
  let manager: RunningManager;
  beforeAll(async () => {
    server = await startTestApiServer({ flags: ['--disable-admission-plugins=ServiceAccount'] });
    client = await server.client();
    manager = startManager(server, [
      '--controllers=ttl-after-finished-controller,ttl-controller,clusterrole-aggregation-controller',
    ]);
  });
  afterAll(async () => {
    await manager.stop();
    client.close();
    await server.stop();
  });

  it('an ended Job goes', async () => {
    const template = { spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'v1' }] } };
    await client.create(jobs, {
      metadata: { name: 'j', namespace: 'default' },
      spec: { ttlSecondsAfterFinished: 1, template },
    } as never);
    const time = `${new Date().toISOString().slice(0, 19)}Z`;
    const met = { status: 'True', reason: 'CompletionsReached', lastTransitionTime: time };
    const conditions = ['SuccessCriteriaMet', 'Complete'].map((type) => ({ type, ...met }));
    const status = { startTime: time, completionTime: time, succeeded: 1, conditions };
    await client.patch(jobs, 'j', 'default', 'merge', { status }, { subresource: 'status' });
    // Without the garbage collector it waits for its dependents, of which there are none.
    await until(async () => {
      const left = (await client.get(jobs, 'j', 'default').catch(() => undefined)) as Job | undefined;
      return !left || left.metadata.finalizers?.includes('foregroundDeletion') === true;
    });
  });

  it('a node is told how long', async () => {
    await client.create(nodes, { metadata: { name: 'n' } } as never);
    await until(
      async () => (await client.get(nodes, 'n')).metadata.annotations?.['node.alpha.kubernetes.io/ttl'] === '0',
    );
  });

  it('a role for edit shows in edit', async () => {
    const rules = [{ apiGroups: ['example.com'], resources: ['things'], verbs: ['get'] }];
    const labels = { 'rbac.authorization.k8s.io/aggregate-to-view': 'true' };
    await client.create(clusterRoles, { metadata: { name: 'things', labels }, rules } as never);
    const has = async (name: string) =>
      ((await client.get(clusterRoles, name)) as ClusterRole).rules?.some((r) =>
        r.apiGroups?.includes('example.com'),
      ) ?? false;
    await until(async () => (await has('view')) && (await has('edit')) && (await has('admin')));
    await client.delete(clusterRoles, 'things');
    await until(async () => !(await has('view')) && !(await has('admin')));
  });

  it('pods of a node that is gone fail and go', async () => {
    await client.create(pods, {
      metadata: { name: 'lost', namespace: 'default', finalizers: ['example.com/hold'] },
      spec: { nodeName: 'gone', containers: [{ name: 'c', image: 'v1' }] },
    } as never);
    const ending = new AbortController();
    const informers = createInformerFactory({ client, clock: realClock, random: Math.random, log: silentLogger });
    informers.informer(pods);
    informers.informer(nodes);
    await informers.start(ending.signal);
    const context: any = { client, informers, clock: realClock, random: Math.random, log: silentLogger };
    const pod = () => client.get(pods, 'lost', 'default') as Promise<Pod>;
    await sweep(context, 0, new Map());
    expect((await pod()).metadata.deletionTimestamp).toBeUndefined();
    await sweep(context, 0, new Map([['gone', 0]]));
    ending.abort();
    expect((await pod()).metadata.deletionTimestamp).toBeDefined();
    expect((await pod()).status).toMatchObject({
      phase: 'Failed',
      conditions: [{ type: 'DisruptionTarget', reason: 'DeletionByPodGC', message: 'PodGC: node no longer exists' }],
    });
  });
});
