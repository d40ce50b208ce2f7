// The allocator, case by case. Facts from upstream's structured/internal/allocatortesting/allocator_testing.go.
import { describe, expect, it } from 'vitest';
import type { AllocationResult, DeviceClass, ResourceClaim, ResourceSlice } from '../../../apimachinery/types.ts';
import { allocate } from '../../../scheduler/plugins/dynamicResources/allocation/allocate.ts';
import { createInventory } from '../../../scheduler/plugins/dynamicResources/allocation/inventory.ts';
import { createSelectorCache } from '../../../scheduler/plugins/dynamicResources/allocation/selectors.ts';
import { node } from '../objects.ts';
import { cel, claim, deviceClass, driver, exactly, firstAvailable, onNode, slice } from './objects.ts';

interface Case {
  slices?: ResourceSlice[];
  classes?: DeviceClass[];
  /** Keys without the driver: `pool/device`. */
  taken?: string[];
  on?: string;
  labels?: Record<string, string>;
  adminAccess?: boolean;
}

function run(claims: ResourceClaim[], o: Case = {}): AllocationResult[] | undefined {
  const classes = new Map((o.classes ?? [deviceClass('gpu'), deviceClass('nic')]).map((c) => [c.metadata.name, c]));
  const taken = new Set((o.taken ?? []).map((t) => `${driver}/${t}`));
  const around = {
    inventory: createInventory(o.slices ?? []),
    classes: (name: string) => classes.get(name),
    adminAccess: o.adminAccess ?? true,
    selectors: createSelectorCache(),
    known: new Map(),
    isAllocated: (key: string) => taken.has(key),
    isOver: () => false,
  };
  return allocate(around, node(o.on ?? 'node-1', { labels: o.labels ?? {} }), claims);
}

/** `request=pool/device` of each claim; undefined when nothing was found. */
const picked = (claims: ResourceClaim[], o: Case = {}) =>
  run(claims, o)?.map((a) => a.devices!.results!.map((r) => `${r.request}=${r.pool}/${r.device}`));

const attributes = (model: string, more: object = {}) => ({ attributes: { model: { string: model } }, ...more });
const many = (n: number, prefix = 'dev') => Array.from({ length: n }, (_, i) => `${prefix}-${i}`);

describe('what a claim gets', () => {
  const two = [slice('s', { devices: ['a', 'b'] })];
  it.each<[string, ResourceClaim[], Case, string[][] | undefined]>([
    ['the first device there is', [claim('c')], { slices: two }, [['req-0=pool/a']]],
    ['one that is free', [claim('c')], { slices: two, taken: ['pool/a'] }, [['req-0=pool/b']]],
    ['none when all are taken', [claim('c')], { slices: two, taken: ['pool/a', 'pool/b'] }, undefined],
    ['none where there is no slice', [claim('c')], {}, undefined],
    [
      'as many as it asks for',
      [claim('c', { requests: [exactly('r', { count: 2 })] })],
      { slices: two },
      [['r=pool/a', 'r=pool/b']],
    ],
    ['not more than there are', [claim('c', { requests: [exactly('r', { count: 3 })] })], { slices: two }, undefined],
    [
      'one for each request',
      [claim('c', { requests: ['gpu', 'gpu'] })],
      { slices: two },
      [['req-0=pool/a', 'req-1=pool/b']],
    ],
    ['not those of the claim before', [claim('c'), claim('d')], { slices: two }, [['req-0=pool/a'], ['req-0=pool/b']]],
    ['nothing when the pod has one claim too many', [claim('c'), claim('d'), claim('e')], { slices: two }, undefined],
  ])('%s', (_, claims, o, wanted) => {
    expect(picked(claims, o)).toEqual(wanted);
  });

  it('from one pool after the other, by name', () => {
    const slices = [slice('s2', { pool: 'p2', devices: ['x'] }), slice('s1', { pool: 'p1', devices: ['y'] })];
    expect(picked([claim('c', { requests: ['gpu', 'gpu'] })], { slices })).toEqual([['req-0=p1/y', 'req-1=p2/x']]);
  });

  it('goes back when a choice leaves a later request with nothing', () => {
    const slices = [
      slice('s', {
        devices: [
          { name: 'big', ...attributes('big') },
          { name: 'small', ...attributes('small') },
        ],
      }),
    ];
    const big = exactly('big', { selectors: [cel(`device.attributes["${driver}"].model == "big"`)] });
    expect(picked([claim('c', { requests: [exactly('any'), big] })], { slices })).toEqual([
      ['any=pool/small', 'big=pool/big'],
    ]);
    expect(picked([claim('c'), claim('d', { requests: [big] })], { slices })).toEqual([
      ['req-0=pool/small'],
      ['big=pool/big'],
    ]);
  });

  it('a search that has no more time left ends for this node', () => {
    const around = {
      inventory: createInventory(two),
      classes: () => deviceClass('gpu'),
      adminAccess: true,
      selectors: createSelectorCache(),
      known: new Map(),
      isAllocated: () => false,
      isOver: () => true,
    };
    expect(() => allocate(around, node('n'), [claim('c')])).toThrow('timed out trying to allocate devices');
  });
});

describe('which devices a node has', () => {
  const zone = (value: string) => ({
    nodeSelectorTerms: [{ matchExpressions: [{ key: 'zone', operator: 'In', values: [value] }] }],
  });
  it.each<[string, ResourceSlice[], Case, string[][] | undefined]>([
    ['its own', [slice('s', { nodeName: 'node-1', devices: ['a'] })], {}, [['req-0=node-1/a']]],
    ["not another's", [slice('s', { nodeName: 'node-2', devices: ['a'] })], {}, undefined],
    [
      'those of its zone',
      [slice('s', { nodeSelector: zone('x'), devices: ['a'] })],
      { labels: { zone: 'x' } },
      [['req-0=pool/a']],
    ],
    [
      'not those of another zone',
      [slice('s', { nodeSelector: zone('x'), devices: ['a'] })],
      { labels: { zone: 'y' } },
      undefined,
    ],
    ['those that all nodes reach', [slice('s', { allNodes: true, devices: ['a'] })], { on: 'any' }, [['req-0=pool/a']]],
    [
      'only the newest generation',
      [slice('old', { generation: 1, devices: ['a', 'b'] }), slice('new', { generation: 2, devices: ['c'] })],
      {},
      [['req-0=pool/c']],
    ],
    ['nothing of a pool that is not whole', [slice('s', { of: 2, devices: ['a'] })], {}, undefined],
    [
      'of a pool that is whole though its other slice is for another node',
      [
        slice('s', { of: 2, pool: 'p', nodeName: 'node-1', devices: ['a'] }),
        slice('t', { of: 2, pool: 'p', nodeName: 'node-2', devices: ['b'] }),
      ],
      {},
      [['req-0=p/a']],
    ],
    [
      'what is whole beside what is not',
      [slice('s', { of: 2, devices: ['a'] }), slice('t', { pool: 'whole', devices: ['b'] })],
      {},
      [['req-0=whole/b']],
    ],
    [
      'nothing that needs a feature that is off',
      [
        slice('s', {
          devices: [
            { name: 'a', consumesCounters: [{}] },
            { name: 'b', bindingConditions: ['x'] },
          ],
        }),
      ],
      {},
      undefined,
    ],
  ])('%s', (_, slices, o, wanted) => {
    expect(picked([claim('c')], { slices, ...o })).toEqual(wanted);
  });

  it('a pool with one name twice is used by nobody, and said to be invalid', () => {
    const slices = [slice('s', { devices: ['a', 'a'] })];
    expect(() => run([claim('c')], { slices })).toThrow('invalid resource pools were encountered');
    const beside = [...slices, slice('t', { pool: 'good', devices: ['b'] })];
    expect(picked([claim('c')], { slices: beside })).toEqual([['req-0=good/b']]);
  });
});

describe('selectors', () => {
  const device = {
    name: 'a',
    attributes: {
      model: { string: 'fish' },
      cores: { int: 4 },
      fast: { bool: true },
      version: { version: '1.2.3' },
      'other.example.com/color': { string: 'red' },
    },
    capacity: { memory: { value: '16Gi' } },
  };
  const ours = `device.attributes["${driver}"]`;
  it.each<[string, boolean]>([
    [`${ours}.model == "fish"`, true],
    [`${ours}.cores >= 4 && ${ours}.fast`, true],
    [`${ours}.version.isGreaterThan(semver("1.0.0"))`, true],
    [`device.capacity["${driver}"].memory.compareTo(quantity("16Gi")) == 0`, true],
    [`device.attributes["other.example.com"].color == "red"`, true],
    [`device.driver == "${driver}"`, true],
    ['"nobody.example.com" in device.attributes', false],
    ['"color" in device.attributes["nobody.example.com"]', false],
    [`${ours}.?missing.orValue(false)`, false],
  ])('%s is %s', (expression, fits) => {
    const slices = [slice('s', { devices: [device] })];
    const ask = claim('c', { requests: [exactly('r', { selectors: [cel(expression)] })] });
    expect(Boolean(run([ask], { slices }))).toBe(fits);
    const classes = [deviceClass('gpu', { selectors: [cel(expression)] })];
    expect(Boolean(run([claim('c')], { slices, classes }))).toBe(fits);
  });

  it('all must hold', () => {
    const slices = [slice('s', { devices: [device] })];
    const ask = claim('c', { requests: [exactly('r', { selectors: [cel('true'), cel('false')] })] });
    expect(run([ask], { slices })).toBeUndefined();
  });

  it.each<[string, () => unknown, string]>([
    [
      'a key that is not there',
      () =>
        run([claim('c', { requests: [exactly('r', { selectors: [cel(`${ours}.nope`)] })] })], {
          slices: [slice('s', { devices: [device] })],
        }),
      `claim default/c: selector #0 on device ${driver}/pool/a: CEL runtime error: no such key: nope. Consider using CEL optional chaining (?), has() macro, or orValue() for optional fields`,
    ],
    [
      'a class whose expression is none',
      () =>
        run([claim('c')], {
          slices: [slice('s', { devices: ['a'] })],
          classes: [deviceClass('gpu', { selectors: [cel('nope')] })],
        }),
      'class gpu: selector #0: CEL compile error: ',
    ],
    [
      'no such class',
      () => run([claim('c', { requests: ['tpu'] })]),
      'claim default/c, request req-0: could not retrieve device class tpu: not found',
    ],
    [
      'a selector of a future kind',
      () => run([claim('c', { requests: [exactly('r', { selectors: [{}] })] })]),
      'claim default/c, request r, selector #0: CEL expression empty (unsupported selector type?)',
    ],
    [
      'a constraint of a future kind',
      () => run([claim('c', { constraints: [{}] })]),
      'claim default/c, constraint #0: empty constraint (unsupported constraint type?)',
    ],
    [
      'a mode of the future',
      () => run([claim('c', { requests: [exactly('r', { allocationMode: 'Some' })] })]),
      'claim default/c, request r: unsupported count mode Some',
    ],
    [
      'more devices than a claim has room for',
      () => run([claim('c', { requests: [exactly('r', { count: 33 })] })]),
      'claim default/c: number of requested devices 33 exceeds the claim limit of 32',
    ],
  ])('an error: %s', (_, act, message) => {
    expect(act).toThrow(message);
  });

  it('an expression that costs too much is an error, not a no', () => {
    const list = `[${Array.from({ length: 60 }, (_, i) => i).join(',')}]`;
    const costly = `${list}.all(a, ${list}.all(b, ${list}.all(c, ${list}.all(d, a + b + c + d >= 0))))`;
    const ask = claim('c', { requests: [exactly('r', { selectors: [cel(costly)] })] });
    expect(() => run([ask], { slices: [slice('s', { devices: ['a'] })] })).toThrow('cost limit exceeded');
  });
});

describe('all devices', () => {
  const all = (more: object = {}) => exactly('r', { allocationMode: 'All', ...more });
  it('are those that match, and none may be in use', () => {
    const slices = [
      slice('s', {
        devices: [
          { name: 'a', ...attributes('x') },
          { name: 'b', ...attributes('y') },
          { name: 'c', ...attributes('x') },
        ],
      }),
    ];
    const ask = claim('c', { requests: [all({ selectors: [cel(`device.attributes["${driver}"].model == "x"`)] })] });
    expect(picked([ask], { slices })).toEqual([['r=pool/a', 'r=pool/c']]);
    expect(picked([ask], { slices, taken: ['pool/b'] })).toEqual([['r=pool/a', 'r=pool/c']]);
    expect(picked([ask], { slices, taken: ['pool/c'] })).toBeUndefined();
  });
  it('of nothing is nothing', () => {
    expect(picked([claim('c', { requests: [all()] })], {})).toBeUndefined();
  });
  it('fit into one claim, or it is an error', () => {
    const ask = claim('c', { requests: [all()] });
    expect(picked([ask], { slices: [slice('s', { devices: many(32) })] })?.[0]).toHaveLength(32);
    expect(() => run([ask], { slices: [slice('s', { devices: many(33) })] })).toThrow('exceeds the claim limit of 32');
  });
  it.each([
    [{ of: 2, devices: ['a'] }, 'is currently being updated'],
    [{ devices: ['a', 'a'] }, 'is currently invalid'],
  ])('are not known while the pool is %j', (o, message) => {
    expect(() => run([claim('c', { requests: [all()] })], { slices: [slice('s', o)] })).toThrow(
      `claim default/c, request r: asks for all devices, but resource pool ${driver}/pool ${message}`,
    );
  });
  it('cannot be had with a constraint that they do not meet', () => {
    const slices = [
      slice('s', {
        devices: [
          { name: 'a', ...attributes('x') },
          { name: 'b', ...attributes('y') },
        ],
      }),
    ];
    const ask = claim('c', { requests: [all()], constraints: [{ matchAttribute: `${driver}/model` }] });
    expect(() => run([ask], { slices })).toThrow(
      `claim default/c, request r: cannot add device ${driver}/pool/b because a claim constraint would not be satisfied`,
    );
  });
});

describe('alternatives', () => {
  const is = (model: string) => ({ selectors: [cel(`device.attributes["${driver}"].model == "${model}"`)] });
  const slices = [
    slice('s', {
      devices: [
        { name: 'a', ...attributes('slow') },
        { name: 'b', ...attributes('slow') },
        { name: 'c', ...attributes('fast') },
      ],
    }),
  ];
  it.each<[string, object[], string[] | undefined]>([
    ['the first that can be had', [is('fast'), is('slow')], ['r/sub-0=pool/c']],
    ['the next when there is no such device', [is('none'), is('slow')], ['r/sub-1=pool/a']],
    [
      'one of more devices',
      [
        { ...is('fast'), count: 2 },
        { ...is('slow'), count: 2 },
      ],
      ['r/sub-1=pool/a', 'r/sub-1=pool/b'],
    ],
    ['none', [is('none'), is('nothing')], undefined],
    [
      'all of a kind',
      [
        { ...is('none'), allocationMode: 'All' },
        { ...is('slow'), allocationMode: 'All' },
      ],
      ['r/sub-1=pool/a', 'r/sub-1=pool/b'],
    ],
    ['one that the claim has room for', [{ count: 33 }, { count: 1 }], ['r/sub-1=pool/a']],
  ])('%s', (_, alternatives, wanted) => {
    const ask = claim('c', { requests: [firstAvailable('r', ...(alternatives as any[]))] });
    expect(picked([ask], { slices })?.[0]).toEqual(wanted);
  });
  it('give way when a later request needs the device', () => {
    const ask = claim('c', { requests: [firstAvailable('r', is('fast'), is('slow')), exactly('fast', is('fast'))] });
    expect(picked([ask], { slices })).toEqual([['r/sub-1=pool/a', 'fast=pool/c']]);
  });
});

describe('access for admins', () => {
  const admin = exactly('r', { adminAccess: true });
  const slices = [slice('s', { devices: ['a'] })];
  it('is to devices in use too, and is marked so', () => {
    const [result] = run([claim('c', { requests: [admin] })], { slices, taken: ['pool/a'] })!;
    expect(result!.devices!.results).toEqual([{ request: 'r', driver, pool: 'pool', device: 'a', adminAccess: true }]);
  });
  it('is refused while the feature is off', () => {
    expect(() => run([claim('c', { requests: [admin] })], { slices, adminAccess: false })).toThrow(
      'claim default/c, request r: admin access is requested, but the feature is disabled',
    );
  });
  it('is not twice to one device in one claim, but in two', () => {
    expect(run([claim('c', { requests: [admin, { ...admin, name: 's' }] })], { slices })).toBeUndefined();
    expect(picked([claim('c', { requests: [admin] }), claim('d', { requests: [admin] })], { slices })).toEqual([
      ['r=pool/a'],
      ['r=pool/a'],
    ]);
  });
});

describe('matchAttribute', () => {
  const constraint = { matchAttribute: `${driver}/model` };
  const pair = { requests: ['gpu', 'gpu'] };
  const model = (name: string, value: object) => ({ name, attributes: { model: value } });
  it.each<[string, object[], object, string[] | undefined]>([
    [
      'equal texts',
      [model('a', { string: 'x' }), model('b', { string: 'y' }), model('c', { string: 'x' })],
      constraint,
      ['a', 'c'],
    ],
    ['equal numbers', [model('a', { int: 1 }), model('b', { int: 2 }), model('c', { int: 1 })], constraint, ['a', 'c']],
    [
      'equal bools',
      [model('a', { bool: true }), model('b', { bool: false }), model('c', { bool: true })],
      constraint,
      ['a', 'c'],
    ],
    [
      'equal versions',
      [model('a', { version: '1.0.0' }), model('b', { version: '1.0.1' }), model('c', { version: '1.0.0' })],
      constraint,
      ['a', 'c'],
    ],
    ['a number is no text', [model('a', { int: 1 }), model('b', { string: '1' })], constraint, undefined],
    [
      'who does not have it does not fit',
      [{ name: 'a' }, model('b', { int: 1 }), model('c', { int: 1 })],
      constraint,
      ['b', 'c'],
    ],
    [
      'only of the named requests',
      [model('a', { int: 1 }), model('b', { int: 2 })],
      { ...constraint, requests: ['req-1'] },
      ['a', 'b'],
    ],
    [
      'by its whole name',
      [
        { name: 'a', attributes: { 'x.example.com/n': { int: 1 } } },
        { name: 'b', attributes: { 'x.example.com/n': { int: 1 } } },
      ],
      { matchAttribute: 'x.example.com/n' },
      ['a', 'b'],
    ],
    [
      'not by the short name of another domain',
      [
        { name: 'a', attributes: { n: { int: 1 } } },
        { name: 'b', attributes: { n: { int: 1 } } },
      ],
      { matchAttribute: 'x.example.com/n' },
      undefined,
    ],
  ])('%s', (_, devices, c, wanted) => {
    const slices = [slice('s', { devices: devices as any[] })];
    const result = run([claim('c', { ...pair, constraints: [c] })], { slices });
    expect(result && result[0]!.devices!.results!.map((r) => r.device)).toEqual(wanted);
  });
  it('of one alternative', () => {
    const slices = [slice('s', { devices: [model('a', { int: 1 }), model('b', { int: 2 }), model('c', { int: 1 })] })];
    const requests = [exactly('one'), firstAvailable('two', {})];
    const ask = (r: string[]) => claim('c', { requests, constraints: [{ ...constraint, requests: r }] });
    expect(picked([ask(['one', 'two/sub-0'])], { slices })).toEqual([['one=pool/a', 'two/sub-0=pool/c']]);
    expect(picked([ask(['one', 'two'])], { slices })).toEqual([['one=pool/a', 'two/sub-0=pool/c']]);
    expect(picked([ask(['one', 'two/sub-1'])], { slices })).toEqual([['one=pool/a', 'two/sub-0=pool/b']]);
  });
});

describe('what is written down', () => {
  const opaque = (value: string) => ({ opaque: { driver, parameters: { value } } });
  const classes = [deviceClass('gpu', { config: [opaque('gpu')] }), deviceClass('nic', { config: [opaque('nic')] })];
  const slices = [slice('s', { devices: many(3) })];
  const config = (c: ResourceClaim) => run([c], { slices, classes })![0]!.devices!.config;

  it('the configuration of classes, then of the claim; what concerns all names none', () => {
    expect(config(claim('c', { config: [opaque('claim')] }))).toEqual([
      { source: 'FromClass', ...opaque('gpu') },
      { source: 'FromClaim', ...opaque('claim') },
    ]);
    expect(
      config(claim('c', { requests: ['gpu', 'nic', 'gpu'], config: [{ requests: ['req-1'], ...opaque('x') }] })),
    ).toEqual([
      { source: 'FromClass', requests: ['req-0', 'req-2'], ...opaque('gpu') },
      { source: 'FromClass', requests: ['req-1'], ...opaque('nic') },
      { source: 'FromClaim', requests: ['req-1'], ...opaque('x') },
    ]);
  });

  it('of alternatives only what was chosen', () => {
    const requests = [
      firstAvailable('r', { deviceClassName: 'gpu', count: 4 }, { deviceClassName: 'nic' }),
      exactly('o'),
    ];
    const c = claim('c', {
      requests,
      config: [
        { requests: ['r/sub-0'], ...opaque('not this') },
        { requests: ['r/sub-1'], ...opaque('this') },
        { requests: ['r'], ...opaque('and this') },
      ],
    });
    expect(config(c)).toEqual([
      { source: 'FromClass', requests: ['r/sub-1'], ...opaque('nic') },
      { source: 'FromClass', requests: ['o'], ...opaque('gpu') },
      { source: 'FromClaim', requests: ['r/sub-1'], ...opaque('this') },
      { source: 'FromClaim', requests: ['r'], ...opaque('and this') },
    ]);
  });

  const term = (value: string) => ({ matchExpressions: [{ key: value, operator: 'Exists' }] });
  const selector = (value: string) => ({ nodeSelectorTerms: [term(value)] });
  it.each<[string, ResourceSlice[], object]>([
    ['anywhere', [slice('s', { devices: ['a', 'b'] })], {}],
    ['on its node', [slice('s', { nodeName: 'node-1', devices: ['a', 'b'] })], onNode('node-1')],
    [
      'where the selector says',
      [slice('s', { nodeSelector: selector('x'), devices: ['a', 'b'] })],
      { nodeSelector: selector('x') },
    ],
    [
      'where all selectors say',
      [
        slice('s', { pool: 'p', nodeSelector: selector('x'), devices: ['a'] }),
        slice('t', { pool: 'q', nodeSelector: selector('y'), devices: ['b'] }),
      ],
      {
        nodeSelector: {
          nodeSelectorTerms: [{ matchExpressions: [...term('x').matchExpressions, ...term('y').matchExpressions] }],
        },
      },
    ],
    [
      'on one node if one of them is there',
      [
        slice('s', { pool: 'p', nodeSelector: selector('x'), devices: ['a'] }),
        slice('t', { pool: 'q', nodeName: 'node-1', devices: ['b'] }),
      ],
      onNode('node-1'),
    ],
  ])('the nodes: %s', (_, slices, wanted) => {
    const [result] = run([claim('c', { requests: ['gpu', 'gpu'] })], { slices, labels: { x: '', y: '' } })!;
    const { devices, ...rest } = result!;
    expect(devices!.results).toHaveLength(2);
    expect(rest).toEqual(wanted);
  });
});
