// Extenders over real HTTP: what they are asked, what their answers do to a decision, and what happens when they fail.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { silentLogger } from '../../component-base/logger.ts';
import { bindingCycle } from '../../scheduler/bindingCycle.ts';
import { fitMessage } from '../../scheduler/diagnosis.ts';
import { schedulePodWith } from '../../scheduler/extended.ts';
import { createExtender, type Extender } from '../../scheduler/extender.ts';
import type { ExtenderConfig } from '../../scheduler/extenderConfig.ts';
import { podInfoOf } from '../../scheduler/podInfo.ts';
import { node, pod } from './objects.ts';
import { createWorld } from './world.ts';

let server: Server;
let url: string;
let asked: [string, any][];
let answer: (verb: string, body: any) => unknown;
const ending = new AbortController();

beforeAll(async () => {
  server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk) => {
      text += chunk;
    });
    request.on('end', () => {
      const body = JSON.parse(text);
      const verb = request.url!.slice(1);
      asked.push([verb, body]);
      const said = answer(verb, body);
      if (said === undefined) response.writeHead(500).end();
      else response.end(JSON.stringify(said));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  ending.abort();
  server.closeAllConnections();
  server.close();
});
beforeEach(() => {
  asked = [];
});

const config = (o: Partial<ExtenderConfig> = {}): ExtenderConfig => ({
  url,
  filterVerb: 'filter',
  prioritizeVerb: '',
  preemptVerb: '',
  bindVerb: '',
  weight: 1,
  timeout: 5000,
  nodeCacheCapable: false,
  managedResources: [],
  ignoredResources: [],
  ignorable: false,
  ...o,
});
const extender = (o: Partial<ExtenderConfig> = {}): Extender => createExtender(config(o), ending.signal);

const three = [node('a'), node('b'), node('c')];
async function decide(extenders: Extender[], p = pod('p', { cpu: '1' }), nodes = three) {
  const world = createWorld(nodes);
  world.cache.refresh(world.handle.snapshot);
  const { snapshot, nominations } = world.handle;
  const info = podInfoOf(p);
  const run = {
    pod: info,
    profile: world.defaultProfile(),
    snapshot,
    nominations,
    turn: world.turn,
    random: () => 0.99,
  };
  const decision = await schedulePodWith(extenders, run, silentLogger);
  if ('node' in decision) return decision.node;
  return 'error' in decision ? decision.error.reasons.join() : fitMessage(decision.diagnosis);
}

describe('an extender that filters', () => {
  it('is given the pod and the nodes that fit, and takes some away', async () => {
    answer = (_verb, { Nodes }) => ({
      Nodes: { items: Nodes.items.filter((n: any) => n.metadata.name === 'b') },
      FailedNodes: { a: 'too warm', c: 'too warm' },
    });
    const small = [node('a'), node('b'), node('c'), node('d', { cpu: '500m' })];
    expect(await decide([extender()], undefined, small)).toBe('b');
    const [[verb, body]] = asked as [[string, any]];
    expect(verb).toBe('filter');
    expect(body.Pod.metadata.name).toBe('p');
    expect(body.NodeNames).toBeNull();
    expect(body.Nodes.items.map((n: any) => n.metadata.name)).toEqual(['a', 'b', 'c']);
  });

  it('is given names when it knows the nodes; the case of its fields does not matter', async () => {
    answer = (_verb, { NodeNames }) => ({ nodenames: NodeNames.slice(2) });
    expect(await decide([extender({ nodeCacheCapable: true })])).toBe('c');
    expect(asked[0]![1]).toMatchObject({ Nodes: null, NodeNames: ['a', 'b', 'c'] });
  });

  it('says why none is left', async () => {
    answer = () => ({ FailedNodes: { a: 'warm', b: 'warm' }, FailedAndUnresolvableNodes: { c: 'broken' } });
    expect(await decide([extender()])).toBe('0/3 nodes are available: 1 broken, 2 warm.');
  });

  it('asks the next with what the first left', async () => {
    answer = (_verb, { NodeNames }) => ({ NodeNames: NodeNames.slice(1) });
    const known = extender({ nodeCacheCapable: true });
    expect(await decide([known, known])).toBe('c');
    expect(asked.map(([, body]) => body.NodeNames.length)).toEqual([3, 2]);
  });

  it.each<[string, () => unknown, RegExp]>([
    ['that breaks', () => undefined, /failed filter with extender at URL .*\/filter, code 500/],
    ['that says so', () => ({ Error: 'no idea' }), /^no idea$/],
    [
      'that names another node',
      () => ({ Nodes: { items: [{ metadata: { name: 'x' } }] } }),
      /claims a filtered node "x" which is not found/,
    ],
  ])('one %s fails the attempt, unless it may be ignored', async (_what, said, error) => {
    answer = said;
    expect(await decide([extender()])).toMatch(error);
    expect(await decide([extender({ ignorable: true })])).toBe('a');
  });

  it('that nobody answers for', async () => {
    expect(await decide([extender({ url: 'http://127.0.0.1:1', ignorable: true })])).toBe('a');
    expect(await decide([extender({ url: 'http://127.0.0.1:1' })])).toMatch(/connection refused/);
  });
});

it('adds scores to those of the plugins, by weight and scale', async () => {
  answer = (_verb, { Nodes }) =>
    Nodes.items.map((n: any) => ({ Host: n.metadata.name, Score: n.metadata.name === 'c' ? 9 : 1 }));
  expect(await decide([extender({ filterVerb: '', prioritizeVerb: 'prioritize', weight: 5 })])).toBe('c');
  answer = () => undefined;
  expect(await decide([extender({ filterVerb: '', prioritizeVerb: 'prioritize', weight: 5 })])).toBe('a');
});

it('is asked only about pods that ask for what it manages', () => {
  const managing = extender({ managedResources: ['example.com/foo'] });
  const asks = (limits?: object) => pod('p', { spec: { containers: [{ name: 'c', resources: { limits } }] } as any });
  expect(managing.isInterested(asks({ 'example.com/foo': '1' }))).toBe(true);
  expect(managing.isInterested(asks({ cpu: '1' }))).toBe(false);
  expect(extender().isInterested(asks())).toBe(true);
});

describe('an extender that has a say in preemption', () => {
  const preempt = async (o: Partial<ExtenderConfig> = {}) => {
    const there = ['a', 'b'].map((name) =>
      pod(`on-${name}`, { nodeName: name, cpu: '4', priority: name === 'a' ? 1 : 2 }),
    );
    const world = createWorld([node('a'), node('b')], there);
    (world.handle as any).extenders = [extender({ preemptVerb: 'preempt', ...o })];
    const profile = world.defaultProfile();
    const p = pod('p', { cpu: '2', priority: 10 });
    const decision = world.decide(p, profile);
    if (!('diagnosis' in decision)) throw new Error('it fits');
    const plugin = profile.postFilters.find((f) => f.name === 'DefaultPreemption')!;
    const result = plugin.postFilter!(podInfoOf(p), decision.diagnosis, profile.filters);
    const told = await result.later!();
    return told.nominate || told.status?.reasons.join();
  };
  const metaVictims = (...names: string[]) => ({
    NodeNameToMetaVictims: Object.fromEntries(
      names.map((name) => [name, { Pods: [{ UID: `uid-on-${name}` }], NumPDBViolations: 0 }]),
    ),
  });
  it('takes candidates away', async () => {
    answer = () => metaVictims('b');
    expect(await preempt()).toBe('b');
    expect(Object.keys(asked[0]![1].NodeNameToVictims)).toEqual(['a', 'b']);
    expect(asked[0]![1].NodeNameToVictims.a.Pods[0].metadata.name).toBe('on-a');
  });
  it('is given uids when it knows the nodes', async () => {
    answer = () => metaVictims('a', 'b');
    expect(await preempt({ nodeCacheCapable: true })).toBe('a');
    expect(asked[0]![1].NodeNameToMetaVictims.a.Pods).toEqual([{ UID: 'uid-on-a' }]);
  });
  it.each<[string, () => unknown, RegExp, string]>([
    ['leaves none', () => ({}), /no candidate was left/, ''],
    ['breaks', () => undefined, /code 500/, 'a'],
    [
      'spares all of a node',
      () => ({ NodeNameToMetaVictims: { a: { Pods: [] } } }),
      /expected at least one victim/,
      '',
    ],
    [
      'invents a pod',
      () => ({ NodeNameToMetaVictims: { a: { Pods: [{ UID: 'x' }] } } }),
      /not found on that node/,
      'a',
    ],
  ])('that %s', async (_what, said, error, ignored) => {
    answer = said;
    expect(await preempt()).toMatch(error);
    if (ignored) expect(await preempt({ ignorable: true })).toBe(ignored);
  });
});

describe('an extender that binds', () => {
  const bind = async (o: Partial<ExtenderConfig> = {}) => {
    const world = createWorld(three);
    const posted: unknown[] = [];
    const handle = {
      ...world.handle,
      extenders: [extender({ bindVerb: 'bind', ...o })],
      client: { post: async (...args: unknown[]) => void posted.push(args) } as any,
    };
    world.handle.client.post = handle.client.post;
    const profile = world.defaultProfile();
    const queued = { info: podInfoOf(pod('p')), profile } as any;
    const outcome = await bindingCycle(handle, queued, 'b', ending.signal);
    return { outcome: typeof outcome === 'string' ? outcome : outcome.message, posted: posted.length };
  };
  it('does so instead of the plugins', async () => {
    answer = () => ({});
    expect(await bind()).toEqual({ outcome: 'bound', posted: 0 });
    expect(asked).toEqual([['bind', { PodName: 'p', PodNamespace: 'default', PodUID: 'uid-p', Node: 'b' }]]);
  });
  it('and fails the attempt, or leaves it to the plugins when it may be ignored', async () => {
    answer = () => ({ Error: 'no' });
    expect(await bind()).toEqual({ outcome: 'binding rejected: no', posted: 0 });
    expect(await bind({ ignorable: true })).toEqual({ outcome: 'bound', posted: 1 });
  });
});
