import { describe, expect, it } from 'vitest';
import {
  namespaces,
  replicaSets,
  replicationControllers,
  services,
  statefulSets,
} from '../../apimachinery/resources.ts';
import type { NodeSelectorTerm, Pod, Taint, Toleration } from '../../apimachinery/types.ts';
import { imageLocality, withTag } from '../../scheduler/plugins/imageLocality.ts';
import { interPodAffinity } from '../../scheduler/plugins/interPodAffinity.ts';
import { nodeAffinity } from '../../scheduler/plugins/nodeAffinity.ts';
import { nodeName } from '../../scheduler/plugins/nodeName.ts';
import { nodePorts } from '../../scheduler/plugins/nodePorts.ts';
import { nodeResourcesBalancedAllocation } from '../../scheduler/plugins/nodeResourcesBalancedAllocation.ts';
import { nodeResourcesFit } from '../../scheduler/plugins/nodeResourcesFit.ts';
import { nodeUnschedulable } from '../../scheduler/plugins/nodeUnschedulable.ts';
import { podTopologySpread } from '../../scheduler/plugins/podTopologySpread.ts';
import { prioritySort } from '../../scheduler/plugins/prioritySort.ts';
import { schedulingGates } from '../../scheduler/plugins/schedulingGates.ts';
import { taintToleration } from '../../scheduler/plugins/taintToleration.ts';
import { podInfoOf } from '../../scheduler/podInfo.ts';
import { node, pod } from './objects.ts';
import { createWorld } from './world.ts';

describe('PrioritySort', () => {
  const { compare } = prioritySort({} as any, {});
  const item = (priority: number, timestamp: number) => ({ info: podInfoOf(pod('p', { priority })), timestamp });
  it.each([
    [item(1, 5), item(0, 1), -1],
    [item(0, 1), item(1, 5), 1],
    [item(1, 1), item(1, 2), -1],
  ])('%#', (a, b, sign) => expect(Math.sign(compare!(a, b))).toBe(sign));
});

describe('SchedulingGates', () => {
  const { preEnqueue } = schedulingGates({} as any, {});
  it('names the gates', () => {
    const gated = pod('p', { spec: { schedulingGates: [{ name: 'a' }, { name: 'b' }] } });
    expect(preEnqueue!(podInfoOf(gated))?.reasons).toEqual(['waiting for scheduling gates: [a b]']);
    expect(preEnqueue!(podInfoOf(pod('p')))).toBeUndefined();
  });
});

describe('NodeName', () => {
  it('lets the named node alone pass', () => {
    const world = createWorld([node('a'), node('b')]);
    expect(world.filter(nodeName, pod('p'))).toEqual({ a: '', b: '' });
    expect(world.filter(nodeName, pod('p', { nodeName: 'a' }))).toEqual({
      a: '',
      b: "Unresolvable: node(s) didn't match the requested node name",
    });
  });
});

describe('NodeUnschedulable', () => {
  const refused = 'Unresolvable: node(s) were unschedulable';
  const tolerations = (...t: Toleration[]) => pod('p', { spec: { tolerations: t } });
  it.each([
    ['no toleration', pod('p'), refused],
    ['another', tolerations({ key: 'x', operator: 'Exists' }), refused],
    ['its taint', tolerations({ key: 'node.kubernetes.io/unschedulable', operator: 'Exists' }), ''],
    ['everything', tolerations({ operator: 'Exists' }), ''],
  ])('%s', (_what, p, said) => {
    const world = createWorld([node('a', { unschedulable: true }), node('b')]);
    expect(world.filter(nodeUnschedulable, p)).toEqual({ a: said, b: '' });
  });
});

describe('TaintToleration', () => {
  const refused = 'Unresolvable: node(s) had untolerated taint(s)';
  const taint = (effect: string, key = 'k', value = 'v'): Taint => ({ key, value, effect }) as Taint;
  it.each<[string, Taint[], Toleration[], string]>([
    ['NoSchedule', [taint('NoSchedule')], [], refused],
    ['NoExecute', [taint('NoExecute')], [], refused],
    ['PreferNoSchedule', [taint('PreferNoSchedule')], [], ''],
    ['tolerated', [taint('NoSchedule')], [{ key: 'k', value: 'v', effect: 'NoSchedule' }], ''],
    ['by another value', [taint('NoSchedule')], [{ key: 'k', value: 'w', effect: 'NoSchedule' }], refused],
    ['by another effect', [taint('NoSchedule')], [{ key: 'k', value: 'v', effect: 'NoExecute' }], refused],
    ['one of two', [taint('NoSchedule'), taint('NoSchedule', 'l')], [{ key: 'k', operator: 'Exists' }], refused],
  ])('%s', (_what, taints, tolerations, said) => {
    const world = createWorld([node('a', { taints })]);
    expect(world.filter(taintToleration, pod('p', { spec: { tolerations } }))).toEqual({ a: said });
  });

  it('scores the fewer PreferNoSchedule taints the better', () => {
    const prefer = (n: number) => Array.from({ length: n }, (_, i) => taint('PreferNoSchedule', `k${i}`));
    const world = createWorld([node('none'), node('one', { taints: prefer(1) }), node('two', { taints: prefer(2) })]);
    expect(world.score(taintToleration, pod('p'))).toEqual({ none: 100, one: 50, two: 0 });
    const tolerations: Toleration[] = [{ key: 'k1', operator: 'Exists', effect: 'PreferNoSchedule' }];
    expect(world.score(taintToleration, pod('p', { spec: { tolerations } }))).toEqual({ none: 100, one: 0, two: 0 });
  });
});

describe('NodeAffinity', () => {
  const refused = "Unresolvable: node(s) didn't match Pod's node affinity/selector";
  const world = () => createWorld([node('a', { labels: { disk: 'ssd' } }), node('b', { labels: { disk: 'hdd' } })]);
  const required = (...nodeSelectorTerms: NodeSelectorTerm[]) =>
    pod('p', {
      spec: { affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } } } },
    });
  const named = (...values: string[]): NodeSelectorTerm => ({
    matchFields: [{ key: 'metadata.name', operator: 'In', values }],
  });

  it.each<[string, Pod, Record<string, string>]>([
    ['nothing asked', pod('p'), { a: '', b: '' }],
    ['nodeSelector', pod('p', { spec: { nodeSelector: { disk: 'ssd' } } }), { a: '', b: refused }],
    [
      'expression',
      required({ matchExpressions: [{ key: 'disk', operator: 'NotIn', values: ['ssd'] }] }),
      { a: refused, b: '' },
    ],
    ['empty term', required({}), { a: refused, b: refused }],
    ['by name', required(named('b')), { a: 'Narrowed', b: '' }],
    [
      'by name or label',
      required(named('b'), { matchExpressions: [{ key: 'disk', operator: 'Exists' }] }),
      { a: '', b: '' },
    ],
    [
      'two names that exclude each other',
      required({ matchFields: [...named('a').matchFields!, ...named('b').matchFields!] }),
      { a: 'Unresolvable: pod affinity terms conflict', b: 'Unresolvable: pod affinity terms conflict' },
    ],
  ])('%s', (_what, p, said) => expect(world().filter(nodeAffinity, p)).toEqual(said));

  it('adds the affinity of its arguments', () => {
    const addedAffinity = {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [{ matchExpressions: [{ key: 'disk', operator: 'In', values: ['ssd'] }] }],
      },
    };
    expect(world().filter(nodeAffinity, pod('p'), { addedAffinity })).toEqual({
      a: '',
      b: "Unresolvable: node(s) didn't match scheduler-enforced node affinity",
    });
  });

  it('scores by weights', () => {
    const term = (weight: number, value: string) => ({
      weight,
      preference: { matchExpressions: [{ key: 'disk', operator: 'In', values: [value] }] },
    });
    const preferred = { preferredDuringSchedulingIgnoredDuringExecution: [term(1, 'ssd'), term(4, 'hdd')] };
    const p = pod('p', { spec: { affinity: { nodeAffinity: preferred } } });
    expect(world().score(nodeAffinity, p)).toEqual({ a: 25, b: 100 });
    expect(world().score(nodeAffinity, pod('p'))).toBeUndefined();
  });
});

describe('NodePorts', () => {
  const refused = "Unschedulable: node(s) didn't have free ports for the requested pod ports";
  const withPort = (hostPort: number, hostIP?: string, protocol?: string, nodeName?: string) =>
    pod(`p${nodeName ?? ''}`, {
      nodeName,
      spec: { containers: [{ name: 'c', ports: [{ containerPort: 1, hostPort, hostIP, protocol: protocol as any }] }] },
    });
  it.each<[string, Pod, string]>([
    ['the same', withPort(80), refused],
    ['another port', withPort(81), ''],
    ['another protocol', withPort(80, undefined, 'UDP'), ''],
    ['one address of all', withPort(80, '10.0.0.1'), refused],
  ])('%s', (_what, p, said) => {
    expect(createWorld([node('a')], [withPort(80, undefined, undefined, 'a')]).filter(nodePorts, p)).toEqual({
      a: said,
    });
  });
  it('tells addresses apart', () => {
    const world = createWorld([node('a')], [withPort(80, '10.0.0.1', undefined, 'a')]);
    expect(world.filter(nodePorts, withPort(80, '10.0.0.2'))).toEqual({ a: '' });
    expect(world.filter(nodePorts, withPort(80))).toEqual({ a: refused });
  });
  it('counts the ports of sidecars', () => {
    const sidecar = { name: 's', restartPolicy: 'Always', ports: [{ containerPort: 1, hostPort: 80 }] };
    const world = createWorld([node('a')], [pod('q', { nodeName: 'a', spec: { initContainers: [sidecar] } })]);
    expect(world.filter(nodePorts, withPort(80))).toEqual({ a: refused });
  });
});

describe('NodeResourcesFit', () => {
  const container = (name: string, requests: Record<string, string>, restartPolicy?: string) => ({
    name,
    resources: { requests },
    ...(restartPolicy && { restartPolicy }),
  });
  const of = (spec: Pod['spec'] | object) => pod('p', { spec: { ...spec } as Pod['spec'] });
  const used = pod('used', { nodeName: 'a', cpu: '1', memory: '1Gi' });
  const world = () =>
    createWorld([node('a', { cpu: '2', memory: '2Gi', allocatable: { 'example.com/foo': '2' } })], [used]);

  it.each<[string, Pod, string]>([
    ['what is left', pod('p', { cpu: '1', memory: '1Gi' }), ''],
    ['a bit more', pod('p', { cpu: '1001m' }), 'Unschedulable: Insufficient cpu'],
    ['of both', pod('p', { cpu: '1001m', memory: '1025Mi' }), 'Unschedulable: Insufficient cpu: Insufficient memory'],
    ['more than there is at all', pod('p', { cpu: '3' }), 'Unresolvable: Insufficient cpu'],
    ['extended', of({ containers: [container('c', { 'example.com/foo': '2' })] }), ''],
    [
      'too much extended',
      of({ containers: [container('c', { 'example.com/foo': '3' })] }),
      'Unresolvable: Insufficient example.com/foo',
    ],
    [
      'unknown extended',
      of({ containers: [container('c', { 'example.com/bar': '1' })] }),
      'Unresolvable: Insufficient example.com/bar',
    ],
    [
      'the largest init container',
      of({ containers: [container('c', { cpu: '500m' })], initContainers: [container('i', { cpu: '1001m' })] }),
      'Unschedulable: Insufficient cpu',
    ],
    [
      'sidecars beside the containers',
      of({
        containers: [container('c', { cpu: '500m' })],
        initContainers: [container('s', { cpu: '501m' }, 'Always')],
      }),
      'Unschedulable: Insufficient cpu',
    ],
    [
      'init containers one after the other',
      of({
        containers: [container('c', { cpu: '500m' })],
        initContainers: [container('i', { cpu: '900m' }), container('j', { cpu: '900m' })],
      }),
      '',
    ],
    [
      'overhead on top',
      of({ containers: [container('c', { cpu: '900m' })], overhead: { cpu: '101m' } }),
      'Unschedulable: Insufficient cpu',
    ],
    [
      'the pod as a whole',
      of({ containers: [container('c', { cpu: '100m' })], resources: { requests: { cpu: '1500m' } } }),
      'Unschedulable: Insufficient cpu',
    ],
    ['nothing', pod('p'), ''],
  ])('%s', (_what, p, said) => expect(world().filter(nodeResourcesFit, p)).toEqual({ a: said }));

  it('counts pods', () => {
    const full = createWorld([node('a', { pods: '1' })], [used]);
    expect(full.filter(nodeResourcesFit, pod('p'))).toEqual({ a: 'Unschedulable: Too many pods' });
  });

  it('passes over ignored resources', () => {
    const p = of({ containers: [container('c', { 'example.com/bar': '1' })] });
    expect(world().filter(nodeResourcesFit, p, { ignoredResourceGroups: ['example.com'] })).toEqual({ a: '' });
  });

  it.each<[string, object, Record<string, number>]>([
    ['LeastAllocated', {}, { empty: 75, half: 37 }],
    ['MostAllocated', { type: 'MostAllocated' }, { empty: 25, half: 62 }],
    [
      'RequestedToCapacityRatio',
      {
        type: 'RequestedToCapacityRatio',
        requestedToCapacityRatio: {
          shape: [
            { utilization: 0, score: 0 },
            { utilization: 100, score: 10 },
          ],
        },
      },
      { empty: 25, half: 63 },
    ],
  ])('scores by %s', (_what, scoringStrategy, scores) => {
    const nodes = [node('empty', { cpu: '4', memory: '4Gi' }), node('half', { cpu: '4', memory: '4Gi' })];
    const there = pod('there', { nodeName: 'half', cpu: '2', memory: '1Gi' });
    const p = pod('p', { cpu: '1', memory: '1Gi' });
    expect(createWorld(nodes, [there]).score(nodeResourcesFit, p, { scoringStrategy })).toEqual(scores);
  });

  it('refuses a strategy that is not known', () => {
    expect(() => world().score(nodeResourcesFit, pod('p'), { scoringStrategy: { type: 'Foo' } })).toThrow(
      'unknown "Foo"',
    );
  });
});

describe('NodeResourcesBalancedAllocation', () => {
  const nodes = [node('a', { cpu: '4', memory: '8Gi' }), node('b', { cpu: '8', memory: '8Gi' })];
  it('prefers fractions that are alike', () => {
    // a: 1/4 and 2/8; b: 1/8 and 2/8.
    const scores = createWorld(nodes).score(nodeResourcesBalancedAllocation, pod('p', { cpu: '1', memory: '2Gi' }));
    expect(scores).toEqual({ a: 100, b: 93 });
  });
  it('has no say about pods that ask for nothing', () => {
    expect(createWorld(nodes).score(nodeResourcesBalancedAllocation, pod('p'))).toBeUndefined();
  });
});

describe('ImageLocality', () => {
  it.each([
    ['nginx', 'nginx:latest'],
    ['nginx:1.25', 'nginx:1.25'],
    ['localhost:5000/nginx', 'localhost:5000/nginx:latest'],
    ['nginx@sha256:abc', 'nginx@sha256:abc'],
  ])('%s', (image, full) => expect(withTag(image)).toBe(full));

  it('prefers nodes that have large images', () => {
    const images = [{ names: ['nginx:latest'], sizeBytes: 1000 * 1024 * 1024 }];
    const world = createWorld([node('has', { images }), node('has-not')]);
    // On one node of two, half of its size counts.
    expect(world.score(imageLocality, pod('p'))).toEqual({ has: 48, 'has-not': 0 });
  });
});

describe('PodTopologySpread', () => {
  const zones = (...list: string[]) => list.map((zone, i) => node(`n${i}`, { labels: { zone } }));
  const web = (name: string, nodeName?: string, extra: object = {}) =>
    pod(name, { nodeName, labels: { app: 'web' }, spec: { ...extra } });
  const constraint = (extra: object = {}) => ({
    maxSkew: 1,
    topologyKey: 'zone',
    whenUnsatisfiable: 'DoNotSchedule',
    labelSelector: { matchLabels: { app: 'web' } },
    ...extra,
  });
  const wants = (extra: object = {}, spec: object = {}) =>
    web('p', undefined, { topologySpreadConstraints: [constraint(extra)], ...spec });
  const skewed = "Unschedulable: node(s) didn't match pod topology spread constraints";

  it.each<[string, Pod, Record<string, string>]>([
    ['the fuller zone is refused', wants(), { n0: skewed, n1: '' }],
    ['a larger skew', wants({ maxSkew: 2 }), { n0: '', n1: '' }],
    ['too few zones', wants({ minDomains: 3 }), { n0: skewed, n1: '' }],
    ['of others only', wants({ labelSelector: { matchLabels: { app: 'db' } } }), { n0: '', n1: '' }],
  ])('%s', (_what, p, said) => {
    expect(createWorld(zones('a', 'b'), [web('one', 'n0')]).filter(podTopologySpread, p)).toEqual(said);
  });

  it('counts only nodes that the pod may go to', () => {
    const world = createWorld(zones('a', 'b'), [web('one', 'n0')]);
    expect(world.filter(podTopologySpread, wants({}, { nodeSelector: { zone: 'a' } })).n0).toBe('');
    const ignoring = wants({ nodeAffinityPolicy: 'Ignore' }, { nodeSelector: { zone: 'a' } });
    expect(world.filter(podTopologySpread, ignoring).n0).toBe(skewed);
  });

  it('refuses nodes without the label', () => {
    const world = createWorld([...zones('a'), node('bare')]);
    expect(world.filter(podTopologySpread, wants())).toEqual({
      n0: '',
      bare: "Unresolvable: node(s) didn't match pod topology spread constraints (missing required label)",
    });
  });

  it('does not count pods that are going', () => {
    const going = web('one', 'n0');
    going.metadata.deletionTimestamp = '2026-01-01T00:00:00Z';
    expect(createWorld(zones('a', 'b'), [going]).filter(podTopologySpread, wants())).toEqual({ n0: '', n1: '' });
  });

  it('tells revisions apart by matchLabelKeys', () => {
    const old = web('one', 'n0');
    old.metadata.labels!.rev = '1';
    const p = wants({ matchLabelKeys: ['rev'] });
    p.metadata.labels!.rev = '2';
    expect(createWorld(zones('a', 'b'), [old]).filter(podTopologySpread, p)).toEqual({ n0: '', n1: '' });
  });

  it('follows pods as they come and go', () => {
    const world = createWorld(zones('a', 'b'), [web('one', 'n0')]);
    const plugin = podTopologySpread(world.handle, {});
    const same = () => plugin;
    expect(world.filter(same, wants())).toEqual({ n0: skewed, n1: '' });
    world.cache.setPod(podInfoOf(web('two', 'n1')));
    expect(world.filter(same, wants())).toEqual({ n0: '', n1: '' });
    world.cache.removePod('uid-one');
    expect(world.filter(same, wants())).toEqual({ n0: '', n1: skewed });
  });

  it('scores emptier zones higher', () => {
    const world = createWorld(zones('a', 'b'), [web('one', 'n0'), web('two', 'n0')]);
    const scores = world.score(podTopologySpread, wants({ whenUnsatisfiable: 'ScheduleAnyway' }))!;
    expect(scores.n1).toBe(100);
    expect(scores.n0).toBeLessThan(100);
  });

  it.each([
    ['a Service', services, { metadata: { name: 's', namespace: 'default' }, spec: { selector: { app: 'web' } } }, {}],
    [
      'a ReplicaSet',
      replicaSets,
      { metadata: { name: 'rs', namespace: 'default' }, spec: { selector: { matchLabels: { app: 'web' } } } },
      { ownerReferences: [{ controller: true, kind: 'ReplicaSet', name: 'rs' }] },
    ],
    [
      'a StatefulSet',
      statefulSets,
      { metadata: { name: 'set', namespace: 'default' }, spec: { selector: { matchLabels: { app: 'web' } } } },
      { ownerReferences: [{ controller: true, kind: 'StatefulSet', name: 'set' }] },
    ],
    [
      'a ReplicationController',
      replicationControllers,
      { metadata: { name: 'rc', namespace: 'default' }, spec: { selector: { app: 'web' } } },
      { ownerReferences: [{ controller: true, kind: 'ReplicationController', name: 'rc' }] },
    ],
  ] as const)('spreads the pods of %s without being asked', (_what, resource, object, metadata) => {
    const world = createWorld([node('n0'), node('n1')], [web('one', 'n0'), web('two', 'n0')]);
    const p = web('p');
    Object.assign(p.metadata, metadata);
    expect(world.score(podTopologySpread, p)).toBeUndefined();
    world.add(resource as any, object);
    expect(world.score(podTopologySpread, p)!.n1).toBe(100);
    expect(world.score(podTopologySpread, p)!.n0).toBeLessThan(100);
  });
});

describe('InterPodAffinity', () => {
  const nodes = () => ['a', 'a', 'b'].map((zone, i) => node(`n${i}`, { labels: { zone } }));
  const labelled = (name: string, nodeName?: string, affinity?: object, namespace?: string) =>
    pod(name, { nodeName, namespace, labels: { app: 'web' }, spec: { ...(affinity && { affinity }) } });
  const term = (topologyKey = 'zone', extra: object = {}) => ({
    topologyKey,
    labelSelector: { matchLabels: { app: 'web' } },
    ...extra,
  });
  const near = (...terms: object[]) => ({ podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: terms } });
  const far = (...terms: object[]) => ({ podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: terms } });
  const alone = "Unresolvable: node(s) didn't match pod affinity rules";
  const crowded = "Unschedulable: node(s) didn't match pod anti-affinity rules";
  const unwelcome = "Unschedulable: node(s) didn't satisfy existing pods anti-affinity rules";
  const other = (affinity: object) => pod('p', { spec: { affinity } });

  it.each<[string, Pod[], Pod, string[]]>([
    ['near in the zone', [labelled('w', 'n0')], other(near(term())), ['', '', alone]],
    ['near on the node', [labelled('w', 'n0')], other(near(term('kubernetes.io/hostname'))), ['', alone, alone]],
    ['nobody to be near', [], other(near(term())), [alone, alone, alone]],
    ['the first of its kind', [], labelled('p', undefined, near(term())), ['', '', '']],
    ['far in the zone', [labelled('w', 'n0')], other(far(term())), [crowded, crowded, '']],
    ['far by the word of who is there', [labelled('w', 'n0', far(term()))], labelled('p'), [unwelcome, unwelcome, '']],
    ['another namespace', [labelled('w', 'n0', undefined, 'x')], other(far(term())), ['', '', '']],
    [
      'a named namespace',
      [labelled('w', 'n0', undefined, 'x')],
      other(far(term('zone', { namespaces: ['x'] }))),
      [crowded, crowded, ''],
    ],
    [
      'namespaces by label',
      [labelled('w', 'n0', undefined, 'x')],
      other(far(term('zone', { namespaceSelector: { matchLabels: { team: 't' } } }))),
      [crowded, crowded, ''],
    ],
    ['near and no such label', [labelled('w', 'n0')], other(near(term('rack'))), [alone, alone, alone]],
  ])('%s', (_what, there, p, said) => {
    const world = createWorld(nodes(), there);
    world.add(namespaces, { metadata: { name: 'x', labels: { team: 't' } } });
    const [n0, n1, n2] = said;
    expect(world.filter(interPodAffinity, p)).toEqual({ n0, n1, n2 });
  });

  it('follows pods as they come and go', () => {
    const world = createWorld(nodes(), []);
    const plugin = interPodAffinity(world.handle, {});
    const p = other(far(term()));
    expect(world.filter(() => plugin, p)).toEqual({ n0: '', n1: '', n2: '' });
    world.cache.setPod(podInfoOf(labelled('w', 'n2')));
    expect(world.filter(() => plugin, p)).toEqual({ n0: '', n1: '', n2: crowded });
    world.cache.removePod('uid-w');
    expect(world.filter(() => plugin, p)).toEqual({ n0: '', n1: '', n2: '' });
  });

  it('scores what both sides prefer', () => {
    const prefer = (kind: string) => ({
      [kind]: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 10, podAffinityTerm: term() }] },
    });
    const there = [labelled('w', 'n0')];
    expect(createWorld(nodes(), there).score(interPodAffinity, other(prefer('podAffinity')))).toEqual({
      n0: 100,
      n1: 100,
      n2: 0,
    });
    expect(createWorld(nodes(), there).score(interPodAffinity, other(prefer('podAntiAffinity')))).toEqual({
      n0: 0,
      n1: 0,
      n2: 100,
    });
    const feels = [labelled('w', 'n0', prefer('podAntiAffinity'))];
    expect(createWorld(nodes(), feels).score(interPodAffinity, labelled('p'))).toEqual({ n0: 0, n1: 0, n2: 100 });
    const needs = [labelled('w', 'n0', near(term()))];
    expect(createWorld(nodes(), needs).score(interPodAffinity, labelled('p'))).toEqual({ n0: 100, n1: 100, n2: 0 });
    expect(createWorld(nodes(), there).score(interPodAffinity, pod('p'))).toBeUndefined();
  });
});
