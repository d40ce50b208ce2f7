// KubeSchedulerConfiguration files: what is taken, and what is refused by name.
import { describe, expect, it } from 'vitest';
import { UsageError } from '../../component-base/flags.ts';
import { readConfig } from '../../scheduler/configFile.ts';
import { createProfiles } from '../../scheduler/profiles.ts';
import { createWorld } from './world.ts';

const head = { apiVersion: 'kubescheduler.config.k8s.io/v1', kind: 'KubeSchedulerConfiguration' };
const read = (o: object) => readConfig({ ...head, ...o }, 'file');
const withArgs = (name: string, args: object) => ({ profiles: [{ pluginConfig: [{ name, args }] }] });

/** Reading and making the profiles, as a start does. */
function refusal(o: object): string {
  try {
    createProfiles(read(o).scheduler.profiles, () => createWorld().handle);
    return '';
  } catch (error) {
    expect(error).toBeInstanceOf(UsageError);
    return (error as Error).message;
  }
}

describe('arguments of plugins', () => {
  const term = { matchExpressions: [{ key: 'disk', operator: 'In', values: ['ssd'] }] };
  const bad = { matchExpressions: [{ key: 'disk', operator: 'Like', values: ['ssd'] }] };
  const required = (t: object) => ({ requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [t] } });
  const constraint = { maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'ScheduleAnyway' };
  const ratio = (shape: object[]) => ({
    scoringStrategy: { type: 'RequestedToCapacityRatio', requestedToCapacityRatio: { shape } },
  });
  it.each<[string, string, object, string]>([
    ['weight of affinity', 'InterPodAffinity', { hardPodAffinityWeight: 100 }, ''],
    [
      'too heavy',
      'InterPodAffinity',
      { hardPodAffinityWeight: 101 },
      'hardPodAffinityWeight: Invalid value: 101: not in valid range [0, 100]',
    ],
    ['kind and version', 'InterPodAffinity', { apiVersion: head.apiVersion, kind: 'InterPodAffinityArgs' }, ''],
    ['another kind', 'InterPodAffinity', { kind: 'NodeAffinityArgs' }, 'kind must be InterPodAffinityArgs'],
    [
      'a field that is not there',
      'InterPodAffinity',
      { weight: 1 },
      'unknown field "profiles[0].pluginConfig[InterPodAffinity].args.weight"',
    ],
    ['a plugin without arguments', 'NodeName', { x: 1 }, 'unknown field'],
    ['added affinity', 'NodeAffinity', { addedAffinity: required(term) }, ''],
    ['added affinity of no operator', 'NodeAffinity', { addedAffinity: required(bad) }, 'Unsupported value: "Like"'],
    ['constraints', 'PodTopologySpread', { defaultingType: 'List', defaultConstraints: [constraint] }, ''],
    [
      'constraints beside the built-in ones',
      'PodTopologySpread',
      { defaultConstraints: [constraint] },
      'when .defaultConstraints are not empty',
    ],
    [
      'constraints with a selector',
      'PodTopologySpread',
      { defaultingType: 'List', defaultConstraints: [{ ...constraint, labelSelector: {} }] },
      'constraint must not define a selector',
    ],
    [
      'no skew',
      'PodTopologySpread',
      { defaultingType: 'List', defaultConstraints: [{ ...constraint, maxSkew: 0 }] },
      'maxSkew: Invalid value: 0: not in valid range (0, inf)',
    ],
    [
      'no key',
      'PodTopologySpread',
      { defaultingType: 'List', defaultConstraints: [{ ...constraint, topologyKey: '' }] },
      'topologyKey: Required value',
    ],
    [
      'another action',
      'PodTopologySpread',
      { defaultingType: 'List', defaultConstraints: [{ ...constraint, whenUnsatisfiable: 'Now' }] },
      'Unsupported value: "Now"',
    ],
    ['another way of defaulting', 'PodTopologySpread', { defaultingType: 'Mine' }, 'Unsupported value: "Mine"'],
    [
      'a strategy',
      'NodeResourcesFit',
      { scoringStrategy: { type: 'MostAllocated', resources: [{ name: 'cpu', weight: 3 }] } },
      '',
    ],
    ['no such strategy', 'NodeResourcesFit', { scoringStrategy: { type: 'Any' } }, 'Unsupported value: "Any"'],
    [
      'a weight out of range',
      'NodeResourcesFit',
      { scoringStrategy: { resources: [{ name: 'cpu', weight: 101 }] } },
      'resource weight of cpu not in valid range [1-100]',
    ],
    [
      'a group with a slash',
      'NodeResourcesFit',
      { ignoredResourceGroups: ['a/b'] },
      "resource group name can't contain '/'",
    ],
    [
      'a shape',
      'NodeResourcesFit',
      ratio([
        { utilization: 0, score: 0 },
        { utilization: 100, score: 10 },
      ]),
      '',
    ],
    ['no shape', 'NodeResourcesFit', ratio([]), 'at least one point must be specified'],
    [
      'a shape that goes back',
      'NodeResourcesFit',
      ratio([{ utilization: 50 }, { utilization: 10 }]),
      'sorted in increasing order',
    ],
    [
      'a shape above ten',
      'NodeResourcesFit',
      ratio([{ utilization: 50, score: 11 }]),
      'should be less than or equal to 10',
    ],
    [
      'balance by weight',
      'NodeResourcesBalancedAllocation',
      { resources: [{ name: 'cpu', weight: 2 }] },
      'not in valid range [1]',
    ],
    ['time to bind', 'VolumeBinding', { bindTimeoutSeconds: 30 }, ''],
    ['less than no time', 'VolumeBinding', { bindTimeoutSeconds: -1 }, 'should not be a negative value'],
    ['candidates', 'DefaultPreemption', { minCandidateNodesPercentage: 5, minCandidateNodesAbsolute: 10 }, ''],
    ['too many percent', 'DefaultPreemption', { minCandidateNodesPercentage: 101 }, 'not in valid range [0, 100]'],
    ['fewer than none', 'DefaultPreemption', { minCandidateNodesAbsolute: -1 }, 'not in valid range [0, inf)'],
    [
      'no candidates at all',
      'DefaultPreemption',
      { minCandidateNodesPercentage: 0, minCandidateNodesAbsolute: 0 },
      'cannot be zero',
    ],
    ['of a plugin that is not there', 'Foo', {}, '"Foo" does not exist'],
  ])('%s', (_what, name, args, message) => {
    const said = refusal(withArgs(name, args));
    if (message) expect(said).toContain(message);
    else expect(said).toBe('');
  });
});

describe('extenders', () => {
  const url = 'http://127.0.0.1:8888/prefix/';
  const extenders = (...list: object[]) => ({ extenders: list.map((e) => ({ urlPrefix: url, ...e })) });
  it("are read with upstream's defaults", () => {
    expect(
      read(
        extenders({ filterVerb: 'filter', managedResources: [{ name: 'example.com/foo', ignoredByScheduler: true }] }),
      ).scheduler.extenders,
    ).toEqual([
      {
        url: 'http://127.0.0.1:8888/prefix',
        filterVerb: 'filter',
        prioritizeVerb: '',
        preemptVerb: '',
        bindVerb: '',
        weight: 0,
        timeout: 5000,
        nodeCacheCapable: false,
        managedResources: ['example.com/foo'],
        ignoredResources: ['example.com/foo'],
        ignorable: false,
      },
    ]);
    expect(read(extenders({ enableHTTPS: true, httpTimeout: '30s' })).scheduler.extenders[0]).toMatchObject({
      timeout: 30_000,
      tls: { insecure: true },
    });
  });
  it.each<[string, object[], string]>([
    ['no URL', [{ urlPrefix: '' }], 'extenders[0].urlPrefix is required'],
    ['no URL at all', [{ urlPrefix: 'foo' }], 'must be an http or https URL'],
    ['scores without weight', [{ prioritizeVerb: 'p' }], 'must have a positive weight applied to it'],
    ['two that bind', [{ bindVerb: 'b' }, { bindVerb: 'b' }], 'only one extender can implement bind, found 2'],
    [
      'one resource twice',
      [{ managedResources: [{ name: 'a.b/c' }] }, { managedResources: [{ name: 'a.b/c' }] }],
      'duplicate extender managed resource name a.b/c',
    ],
    ['a resource of our own', [{ managedResources: [{ name: 'cpu' }] }], 'invalid extended resource name'],
    ['an unknown field', [{ filter: 'f' }], 'unknown field "extenders[0].filter"'],
    ['an unknown field of TLS', [{ tlsConfig: { ca: 'x' } }], 'unknown field "extenders[0].tlsConfig.ca"'],
    ['a file that is not there', [{ tlsConfig: { caFile: '/nowhere' } }], 'cannot read /nowhere (ENOENT)'],
    ['no duration', [{ httpTimeout: 'soon' }], 'httpTimeout must be a duration'],
  ])('refuses %s', (_what, list, message) => expect(refusal(extenders(...list))).toContain(message));
});

it.each<[object, string]>([
  [{ parallelism: 0 }, 'parallelism should be an integer value greater than zero'],
  [{ percentageOfNodesToScore: 101 }, 'in the range 0 to 100'],
  [{ podInitialBackoffSeconds: 0 }, 'greater than 0'],
  [{ podInitialBackoffSeconds: 5, podMaxBackoffSeconds: 1 }, 'greater than or equal to podInitialBackoffSeconds'],
  [{ profiles: [{ schedulerName: 'a' }, { schedulerName: 'a' }] }, 'duplicated schedulerName "a"'],
  [{ profiles: [{ plugins: { queueSort: { disabled: [{ name: '*' }] } } }] }, 'exactly one queue sort plugin'],
  [{ profiles: [{ plugins: { bind: { disabled: [{ name: '*' }] } } }] }, 'at least one bind plugin'],
])('refuses %j', (o, message) => expect(refusal(o)).toContain(message));
