import { expect, test } from 'vitest';
import { deviceClass } from '../../../apiserver/kinds/deviceClass.ts';
import type { Context } from '../../../apiserver/kinds/kind.ts';
import { resourceClaim } from '../../../apiserver/kinds/resourceClaim.ts';
import { resourceClaimTemplate } from '../../../apiserver/kinds/resourceClaimTemplate.ts';
import { resourceSlice } from '../../../apiserver/kinds/resourceSlice.ts';
import { memoryCluster } from '../memoryCluster.ts';
import { cells, created, made, texts, updated } from './said.ts';

const matching = (pattern: RegExp) => expect.stringMatching(pattern) as unknown as string;
const many = <T>(count: number, of: (i: number) => T): T[] => Array.from({ length: count }, (_, i) => of(i));

// ResourceClaim

const exactly = { deviceClassName: 'gpu' };
const request = (fields: any = {}) => ({ name: 'a', exactly, ...fields });
const claim = (devices: any = { requests: [request()] }, metadata: any = {}) =>
  made(resourceClaim, { spec: { devices } }, metadata);
const asking = (fields: any) => ({ requests: [request({ exactly: { ...exactly, ...fields } })] });
const opaque = { opaque: { driver: 'gpu.example.com', parameters: { a: 1 } } };
const at = 'spec.devices.requests[0]';
test.each<[string, any, string[]]>([
  ['nothing', {}, []],
  [
    'fine',
    { requests: [request()], constraints: [{ matchAttribute: 'a.io/b', requests: ['a'] }], config: [opaque] },
    [],
  ],
  ['all', asking({ allocationMode: 'All' }), []],
  [
    'tolerations',
    asking({
      tolerations: [
        { key: 'a', value: 'b' },
        { operator: 'Exists', effect: 'None' },
      ],
    }),
    [],
  ],
  [
    'alternatives',
    {
      requests: [{ name: 'a', firstAvailable: [{ name: 'x', deviceClassName: 'b' }] }],
      config: [{ ...opaque, requests: ['a/x'] }],
    },
    [],
  ],
  [
    'names',
    { requests: [request({ name: 'A' })] },
    [matching(/^spec.devices.requests\[0\].name: Invalid value: "A": a lowercase RFC 1123 label/)],
  ],
  [
    'neither',
    { requests: [{ name: 'a' }] },
    [`${at}: Required value: exactly one of \`exactly\` or \`firstAvailable\` is required`],
  ],
  [
    'both',
    { requests: [request({ firstAvailable: [{ name: 'x', deviceClassName: 'b' }] })] },
    [
      `${at}: Invalid value: null: exactly one of \`exactly\` or \`firstAvailable\` is required, but multiple fields are set`,
    ],
  ],
  ['twice', { requests: [request(), request()] }, ['spec.devices.requests[1]: Duplicate value: "a"']],
  [
    'too many',
    { requests: many(33, (i) => request({ name: `r${i}` })) },
    ['spec.devices.requests: Too many: 33: must have at most 32 items'],
  ],
  [
    'too many alternatives',
    { requests: [{ name: 'a', firstAvailable: many(9, (i) => ({ name: `s${i}`, deviceClassName: 'b' })) }] },
    [`${at}.firstAvailable: Too many: 9: must have at most 8 items`],
  ],
  [
    'alternatives twice',
    { requests: [{ name: 'a', firstAvailable: many(2, () => ({ name: 's', deviceClassName: 'b' })) }] },
    [`${at}.firstAvailable[1]: Duplicate value: "s"`],
  ],
  ['no class', asking({ deviceClassName: '' }), [`${at}.exactly.deviceClassName: Required value`]],
  [
    'class',
    asking({ deviceClassName: 'A' }),
    [matching(/deviceClassName: Invalid value: "A": a lowercase RFC 1123 subdomain/)],
  ],
  [
    'mode',
    asking({ allocationMode: 'Some' }),
    [`${at}.exactly.allocationMode: Unsupported value: "Some": supported values: "All", "ExactCount"`],
  ],
  [
    'count of all',
    asking({ allocationMode: 'All', count: 2 }),
    [`${at}.exactly.count: Invalid value: 2: must not be specified when allocationMode is 'All'`],
  ],
  ['negative', asking({ count: -1 }), [`${at}.exactly.count: Invalid value: -1: must be greater than zero`]],
  ['no selector', asking({ selectors: [{}] }), [`${at}.exactly.selectors[0].cel: Required value`]],
  [
    'too many selectors',
    asking({ selectors: many(33, () => ({})) }),
    [`${at}.exactly.selectors: Too many: 33: must have at most 32 items`],
  ],
  [
    'long expression',
    asking({ selectors: [{ cel: { expression: ' '.repeat(10241) } }] }),
    [`${at}.exactly.selectors[0].cel.expression: Too long: may not be more than 10240 bytes`],
  ],
  [
    'odd tolerations',
    asking({
      tolerations: [
        { key: '-', operator: 'Exists', value: 'a', effect: 'Go' },
        { operator: 'Equal', value: '-' },
        { operator: 'Like' },
      ],
    }),
    [
      matching(/tolerations\[0\].key: Invalid value: "-": name part must consist/),
      `${at}.exactly.tolerations[0].value: Invalid value: "a": must be empty for operator \`Exists\``,
      `${at}.exactly.tolerations[0].effect: Unsupported value: "Go": supported values: "NoExecute", "NoSchedule", "None"`,
      matching(/tolerations\[1\].value: Invalid value: "-": a valid label must be an empty string/),
      `${at}.exactly.tolerations[2].operator: Unsupported value: "Like": supported values: "Equal", "Exists"`,
    ],
  ],
  ['constraint of nothing', { constraints: [{}] }, ['spec.devices.constraints[0].matchAttribute: Required value']],
  [
    'constraint',
    { requests: [request()], constraints: [{ matchAttribute: 'b', requests: ['a', 'a', 'b', 'a/b', 'a/b/c'] }] },
    [
      ...[2, 3, 4].map(
        (i) =>
          `spec.devices.constraints[0].requests[${i}]: Invalid value: "${['', '', 'b', 'a/b', 'a/b/c'][i]}": must be the name of a request in the claim or the name of a request and a subrequest separated by '/'`,
      ),
      'spec.devices.constraints[0].requests[1]: Duplicate value: "a"',
      'spec.devices.constraints[0].matchAttribute: Invalid value: "b": a fully qualified name must be a domain and a name separated by a slash',
    ],
  ],
  [
    'attributes',
    {
      constraints: [
        { matchAttribute: '/b' },
        { matchAttribute: 'a.io/' },
        { distinctAttribute: `a.io/${'b'.repeat(33)}` },
        { matchAttribute: 'A/1' },
      ],
    },
    [
      'spec.devices.constraints[0].matchAttribute: Invalid value: "": the domain must not be empty',
      'spec.devices.constraints[1].matchAttribute: Invalid value: "": the name must not be empty',
      'spec.devices.constraints[2].distinctAttribute: Too long: may not be more than 32 bytes',
      matching(/constraints\[3\].matchAttribute: Invalid value: "1": a valid C identifier/),
    ],
  ],
  [
    'too many constraints',
    { constraints: many(33, () => ({})) },
    ['spec.devices.constraints: Too many: 33: must have at most 32 items'],
  ],
  [
    'config',
    { config: [{}, { opaque: { driver: '' } }, { opaque: { ...opaque.opaque, parameters: [] } }] },
    [
      'spec.devices.config[0].opaque: Required value',
      'spec.devices.config[1].opaque.driver: Required value',
      'spec.devices.config[1].opaque.parameters: Required value',
      'spec.devices.config[2].opaque.parameters: Invalid value: "<value omitted>": must be a valid JSON object',
    ],
  ],
  [
    'long config',
    { config: [{ opaque: { ...opaque.opaque, parameters: { a: 'x'.repeat(10_240) } } }] },
    ['spec.devices.config[0].opaque.parameters: Too long: may not be more than 10240 bytes'],
  ],
])('ResourceClaim: %s', (_what, devices, expected) => {
  expect(created(resourceClaim, claim(devices))).toEqual(expected);
});

test('ResourceClaim: defaults, and a spec that stays', () => {
  expect(claim().spec.devices.requests[0].exactly).toMatchObject({ allocationMode: 'ExactCount', count: 1 });
  expect(updated(resourceClaim, claim({}, { labels: { a: 'b' } }), claim({}))).toEqual([]);
  expect(updated(resourceClaim, claim({ requests: [] }), claim())).toEqual([
    'spec: Invalid value: {"devices":{"requests":[]}}: field is immutable',
  ]);
});

const uid = '0f8fad5b-d9cb-469f-a165-70867728950e';
const pod = (fields: any = {}) => ({ resource: 'pods', name: 'p', uid: 'u', ...fields });
const result = (fields: any = {}) => ({ request: 'a', driver: 'gpu.example.com', pool: 'p', device: 'd', ...fields });
const allocation = (fields: any = {}, more: any = {}) => ({ devices: { results: [result(fields)] }, ...more });
const device = (fields: any = {}) => ({ driver: 'gpu.example.com', pool: 'p', device: 'd', ...fields });
const status = (fields: any, metadata: any = {}) => ({ ...claim(undefined, metadata), status: fields });
const checkStatus = (now: any, old: any = status({})) =>
  texts(resourceClaim.subresources![0]!.validateUpdate!(now, old));
test.each<[string, any, string[]]>([
  ['nothing', {}, []],
  ['empty allocation', { allocation: {} }, []],
  [
    'fine',
    {
      allocation: allocation({ shareID: uid }),
      reservedFor: [pod()],
      devices: [device({ shareID: uid, networkData: { ips: ['10.9.8.7/24'] }, data: {} })],
    },
    [],
  ],
  [
    'reserved of nothing',
    { reservedFor: [pod()] },
    ['status.reservedFor: Forbidden: may not be specified when `allocated` is not set'],
  ],
  [
    'reserved',
    { allocation: {}, reservedFor: [{}, pod(), pod()] },
    [
      'status.reservedFor[0].resource: Required value',
      'status.reservedFor[0].name: Required value',
      'status.reservedFor[0].uid: Required value',
      'status.reservedFor[2]: Duplicate value: "u"',
    ],
  ],
  [
    'reserved for many',
    { allocation: {}, reservedFor: many(257, (i) => pod({ uid: `u${i}` })) },
    ['status.reservedFor: Too many: 257: must have at most 256 items'],
  ],
  [
    'result',
    { allocation: allocation({ request: 'b', driver: '', pool: '', device: 'D', shareID: 'x' }) },
    [
      matching(/results\[0\].request: Invalid value: "b": must be the name of a request in the claim/),
      'status.allocation.devices.results[0].driver: Required value',
      'status.allocation.devices.results[0].pool: Required value',
      matching(/results\[0\].device: Invalid value: "D": a lowercase RFC 1123 label/),
      'status.allocation.devices.results[0].shareID: Invalid value: "x": error validating uid: invalid UUID length: 1',
    ],
  ],
  [
    'share',
    { allocation: allocation({ shareID: uid.toUpperCase() }) },
    [matching(/shareID: Invalid value: ".*": uid must be in RFC 4122 normalized form/)],
  ],
  [
    'pool',
    { allocation: allocation({ pool: `a/B/${'c'.repeat(253)}` }) },
    [
      'status.allocation.devices.results[0].pool: Too long: may not be more than 253 bytes',
      matching(/pool: Invalid value: "B": a lowercase RFC 1123 subdomain/),
    ],
  ],
  [
    'many results',
    { allocation: { devices: { results: many(33, () => result()) } } },
    ['status.allocation.devices.results: Too many: 33: must have at most 32 items'],
  ],
  [
    'config',
    {
      allocation: {
        devices: { config: [{ ...opaque, source: 'FromClass', requests: ['a'] }, opaque, { ...opaque, source: 'X' }] },
      },
    },
    [
      'status.allocation.devices.config[1].source: Required value',
      'status.allocation.devices.config[2].source: Unsupported value: "X": supported values: "FromClaim", "FromClass"',
    ],
  ],
  [
    'much config',
    { allocation: { devices: { config: many(65, () => ({ ...opaque, source: 'FromClass' })) } } },
    ['status.allocation.devices.config: Too many: 65: must have at most 64 items'],
  ],
  [
    'binding',
    { allocation: allocation({ bindingConditions: ['a', 'a'], bindingFailureConditions: ['a'] }) },
    [
      'status.allocation.devices.results[0].bindingConditions[1]: Duplicate value: "a"',
      'status.allocation.devices.results[0].bindingFailureConditions[0]: Invalid value: "a": bindingFailureConditions must not overlap with bindingConditions',
    ],
  ],
  [
    'half a binding',
    {
      allocation: {
        devices: {
          results: [
            result({ bindingConditions: ['a'] }),
            result({ bindingFailureConditions: many(5, (i) => `b${i}`) }),
          ],
        },
      },
    },
    [
      'status.allocation.devices.results[0].bindingFailureConditions: Invalid value: null: bindingFailureConditions are required to use bindingConditions',
      'status.allocation.devices.results[1].bindingFailureConditions: Too many: 5: must have at most 4 items',
      'status.allocation.devices.results[1].bindingConditions: Invalid value: null: bindingConditions are required to use bindingFailureConditions',
    ],
  ],
  [
    'nodes',
    { allocation: allocation({}, { nodeSelector: {} }) },
    ['status.allocation.nodeSelector.nodeSelectorTerms: Required value: must have at least one node selector term'],
  ],
  [
    'device of nobody',
    { devices: [device()] },
    ['status.devices[0]: Invalid value: "gpu.example.com/p/d": must be an allocated device in the claim'],
  ],
  [
    'device',
    {
      allocation: allocation(),
      devices: [
        device({
          conditions: many(9, (i) => ({ type: `C${i}`, status: 'True', reason: 'R', lastTransitionTime: 'now' })),
          data: [],
        }),
        device({
          networkData: {
            interfaceName: 'x'.repeat(257),
            hardwareAddress: 'x'.repeat(129),
            ips: ['10.9.8.7', '2001:DB8::1/64', '10.9.8.7'],
          },
        }),
      ],
    },
    [
      'status.devices[0].conditions: Too many: 9: must have at most 8 items',
      'status.devices[0].data: Invalid value: "<value omitted>": must be a valid JSON object',
      'status.devices[1].networkData.interfaceName: Too long: may not be more than 256 bytes',
      'status.devices[1].networkData.hardwareAddress: Too long: may not be more than 128 bytes',
      'status.devices[1].networkData.ips[0]: Invalid value: "10.9.8.7": must be a valid address in CIDR form, (e.g. 10.9.8.7/24 or 2001:db8::1/64)',
      'status.devices[1].networkData.ips[1]: Invalid value: "2001:DB8::1/64": must be in canonical form ("2001:db8::1/64")',
      'status.devices[1].networkData.ips[2]: Invalid value: "10.9.8.7": must be a valid address in CIDR form, (e.g. 10.9.8.7/24 or 2001:db8::1/64)',
      'status.devices[1].networkData.ips[2]: Duplicate value: "10.9.8.7"',
      'status.devices[1]: Duplicate value: "gpu.example.com/p/d"',
    ],
  ],
  [
    'many addresses',
    { allocation: allocation(), devices: [device({ networkData: { ips: many(17, (i) => `10.0.0.${i}/8`) } })] },
    ['status.devices[0].networkData.ips: Too many: 17: must have at most 16 items'],
  ],
])('ResourceClaim status: %s', (_what, fields, expected) => {
  expect(checkStatus(status(fields))).toEqual(expected);
});

test('ResourceClaim status: what was said of devices goes with their allocation', () => {
  const { keep } = resourceClaim.subresources![0]!;
  const old = status({ allocation: allocation(), devices: [device()] });
  const after = (fields: object) => {
    const now = status(fields);
    keep!(now, structuredClone(old), {} as Context);
    return now.status;
  };
  expect(after({ devices: [device()] })).toEqual({});
  expect(after({ allocation: allocation(), devices: [device()] })).toEqual({
    allocation: allocation(),
    devices: [device()],
  });
  // What never was allocated is not passed over but refused.
  expect(after({ devices: [device({ device: 'e' })] })).toEqual({ devices: [device({ device: 'e' })] });
});

test('ResourceClaim status: an allocation stays, and a claim that goes is not reserved anew', () => {
  const old = status({ allocation: allocation(), reservedFor: [pod()] });
  expect(checkStatus(status({ allocation: allocation({ device: 'e' }) }), old)).toEqual([
    matching(/^status.allocation: Invalid value: .*: field is immutable$/),
  ]);
  expect(checkStatus(status({}), old)).toEqual([]);
  const gone = { deletionTimestamp: '2026-01-01T00:00:00Z' };
  expect(checkStatus(status({ allocation: allocation(), reservedFor: [pod()] }, gone), old)).toEqual([]);
  expect(checkStatus(status({ allocation: allocation(), reservedFor: [pod({ uid: 'v' })] }, gone), old)).toEqual([
    'status.reservedFor: Forbidden: new entries may not be added while `deallocationRequested` or `deletionTimestamp` are set',
  ]);
});

test.each([
  [{}, {}, 'pending'],
  [{ allocation: {} }, {}, 'allocated'],
  [{ allocation: {}, reservedFor: [pod()] }, {}, 'allocated,reserved'],
  [{ allocation: {}, reservedFor: [pod()] }, { deletionTimestamp: 'x' }, 'deleted,allocated,reserved'],
  [{}, { deletionTimestamp: 'x' }, 'deleted'],
])('ResourceClaim %o %o is %s', (fields, metadata, state) => {
  expect(cells(resourceClaim, status(fields, metadata)).State).toBe(state);
});

test('admin access is for marked namespaces', async () => {
  const cluster = memoryCluster();
  const context = { cluster } as unknown as Context;
  const object = claim(asking({ adminAccess: true }));
  const refused =
    /admin access to devices requires the `resource.kubernetes.io\/admin-access: true` label on the containing namespace/;
  await expect(resourceClaim.authorizeWrite!(object, undefined, context)).rejects.toThrow(refused);
  const template = made(resourceClaimTemplate, { spec: { spec: object.spec } });
  await expect(resourceClaimTemplate.authorizeWrite!(template, undefined, context)).rejects.toThrow(refused);
  await resourceClaim.authorizeWrite!(claim(), undefined, context);
  const { keep } = resourceClaim.subresources![0]!;
  const admin = { ...object, status: { allocation: allocation({ adminAccess: true }) } };
  expect(() => keep!(structuredClone(admin), object, context)).toThrow(refused);
  expect(() => keep!(structuredClone(admin), admin, context)).not.toThrow();
  cluster.put(
    { group: '', plural: 'namespaces' },
    { metadata: { name: 'default', labels: { 'resource.kubernetes.io/admin-access': 'true' } } },
  );
  await resourceClaim.authorizeWrite!(object, undefined, context);
  expect(() => keep!(structuredClone(admin), object, context)).not.toThrow();
});

test('a write of status leaves labels and spec', () => {
  const now = claim({}, { labels: { a: 'b' }, annotations: { c: 'd' } });
  resourceClaim.subresources![0]!.keep!(now, claim(undefined, { labels: { e: 'f' } }), {} as Context);
  expect([now.metadata.labels, now.metadata.annotations, now.spec]).toEqual([{ e: 'f' }, undefined, claim().spec]);
});

// ResourceClaimTemplate, DeviceClass

test('ResourceClaimTemplate: rules of its claim, and a spec that stays', () => {
  const template = (spec: any = { spec: claim().spec }) => made(resourceClaimTemplate, { spec });
  expect(created(resourceClaimTemplate, template())).toEqual([]);
  expect(
    created(
      resourceClaimTemplate,
      template({
        metadata: { labels: { '-': 'a' }, annotations: { '-': '' } },
        spec: { devices: { requests: [{ name: 'a' }] } },
      }),
    ),
  ).toEqual([
    matching(/^spec.metadata.annotations: Invalid value: "-"/),
    matching(/^spec.metadata.labels: Invalid value: "-"/),
    'spec.spec.devices.requests[0]: Required value: exactly one of `exactly` or `firstAvailable` is required',
  ]);
  expect(updated(resourceClaimTemplate, template(), template())).toEqual([]);
  expect(updated(resourceClaimTemplate, template({}), template())).toEqual([
    'spec: Invalid value: {"metadata":{},"spec":{"devices":{"requests":null}}}: field is immutable',
  ]);
});

test('DeviceClass', () => {
  const of = (spec: any) => made(deviceClass, { spec });
  expect(created(deviceClass, of({ config: [opaque], extendedResourceName: 'a.io/gpu' }))).toEqual([]);
  expect(created(deviceClass, of({ selectors: [{}], config: [{}], extendedResourceName: 'cpu' }))).toEqual([
    'spec.selectors[0].cel: Required value',
    'spec.config[0].opaque: Required value',
    'spec.extendedResourceName: Invalid value: "cpu": must be a valid extended resource name',
  ]);
  expect(created(deviceClass, of({ config: many(33, () => opaque) }))).toEqual([
    'spec.config: Too many: 33: must have at most 32 items',
  ]);
  const long = of({ config: [{ opaque: { ...opaque.opaque, parameters: { a: 'x'.repeat(10_240) } } }] });
  expect(updated(deviceClass, long, long)).toEqual([]);
  expect(updated(deviceClass, long, of({}))).toEqual([
    'spec.config[0].opaque.parameters: Too long: may not be more than 10240 bytes',
  ]);
});

// ResourceSlice

const pool = { name: 'p', generation: 1, resourceSliceCount: 1 };
const slice = (spec: any = {}) =>
  made(resourceSlice, { spec: { driver: 'gpu.example.com', pool, nodeName: 'n', ...spec } });
const having = (fields: any, more: any = {}) => ({ devices: [{ name: 'd', ...fields }], ...more });
const oneNode = { nodeSelectorTerms: [{ matchExpressions: [{ key: 'a', operator: 'Exists' }] }] };
const shared = (value: string, requestPolicy: any) =>
  having({ allowMultipleAllocations: true, capacity: { 'a.io/memory': { value, requestPolicy } } });
const policy = 'spec.devices[0].capacity[a.io/memory].requestPolicy';
test.each<[string, any, string[]]>([
  ['nothing in it', {}, []],
  [
    'fine',
    having({
      attributes: { a: { int: 1 }, 'a.io/b': { bool: false }, c: { string: 's' }, d: { version: '1.2.3-rc.1+build' } },
      capacity: { memory: { value: '1Gi' } },
      taints: [{ key: 'a', value: 'b', effect: 'NoSchedule' }],
    }),
    [],
  ],
  ['of selected nodes', { nodeName: undefined, nodeSelector: oneNode }, []],
  ['of all nodes', { nodeName: undefined, allNodes: true }, []],
  ['each at its own', having({ allNodes: true }, { nodeName: undefined, perDeviceNodeSelection: true }), []],
  ['counters', { sharedCounters: [{ name: 'c', counters: { memory: { value: '1' } } }] }, []],
  ['consuming', having({ consumesCounters: [{ counterSet: 'c', counters: { memory: { value: '1' } } }] }), []],
  ['a range', shared('10', { default: '2', validRange: { min: '1', max: '9', step: '1' } }), []],
  ['values', shared('10', { default: '2', validValues: ['1', '2'] }), []],
  [
    'driver',
    { driver: '', pool: { name: '', generation: -1 } },
    [
      'spec.driver: Required value',
      'spec.pool.name: Required value',
      'spec.pool.resourceSliceCount: Invalid value: 0: must be greater than zero',
      'spec.pool.generation: Invalid value: -1: must be greater than or equal to zero',
    ],
  ],
  [
    'nowhere',
    { nodeName: undefined },
    [
      'spec: Required value: exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required',
    ],
  ],
  [
    'everywhere',
    { nodeSelector: oneNode, allNodes: true, perDeviceNodeSelection: true },
    [
      'spec: Invalid value: "{`nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection`}": exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required, but multiple fields are set',
    ],
  ],
  [
    'places that are none',
    { nodeName: '', allNodes: false, perDeviceNodeSelection: false },
    [
      'spec.nodeName: Invalid value: "": must be either unset or set to a non-empty string',
      'spec.allNodes: Invalid value: false: must be either unset or set to true',
      'spec.perDeviceNodeSelection: Invalid value: false: must be either unset or set to true',
      matching(/^spec: Required value/),
    ],
  ],
  ['node', { nodeName: 'A' }, [matching(/^spec.nodeName: Invalid value: "A": a lowercase RFC 1123 subdomain/)]],
  [
    'two terms',
    { nodeName: undefined, nodeSelector: { nodeSelectorTerms: many(2, () => oneNode.nodeSelectorTerms[0]) } },
    [matching(/^spec.nodeSelector.nodeSelectorTerms: Invalid value: .*: must have exactly one node selector term$/)],
  ],
  [
    'counters and devices',
    { ...having({}), sharedCounters: [] },
    ['spec: Invalid value: "": only one of `sharedCounters` or `devices` is allowed'],
  ],
  [
    'many',
    { devices: many(129, (i) => ({ name: `d${i}` })) },
    ['spec.devices: Too many: 129: must have at most 128 items'],
  ],
  [
    'many with taints',
    { devices: many(65, (i) => ({ name: `d${i}`, taints: [{ key: 'a', effect: 'None' }] })) },
    ['spec.devices: Too many: 65: must have at most 64 items'],
  ],
  ['twice', { devices: [{ name: 'd' }, { name: 'd' }] }, ['spec.devices[1]: Duplicate value: "d"']],
  [
    'name',
    { devices: [{ name: 'D' }] },
    [matching(/^spec.devices\[0\].name: Invalid value: "D": a lowercase RFC 1123 label/)],
  ],
  [
    'much of it',
    having({ attributes: Object.fromEntries(many(33, (i) => [`a${i}`, { int: i }])) }),
    ['spec.devices[0]: Invalid value: 33: the total number of attributes and capacities must not exceed 32'],
  ],
  [
    'attributes',
    having({
      attributes: {
        '1': { int: 1 },
        a: {},
        b: { int: 1, bool: true },
        c: { string: 'x'.repeat(65) },
        d: { version: 'v1' },
      },
    }),
    [
      matching(/attributes\[1\]: Invalid value: "1": a valid C identifier/),
      'spec.devices[0].attributes[a]: Invalid value: "": exactly one value must be specified',
      'spec.devices[0].attributes[b]: Invalid value: {"IntValue":1,"BoolValue":true,"StringValue":null,"VersionValue":null}: exactly one value must be specified',
      'spec.devices[0].attributes[c].string: Too long: may not be more than 64 bytes',
      'spec.devices[0].attributes[d].version: Invalid value: "v1": must be a string compatible with semver.org spec 2.0.0',
    ],
  ],
  [
    'a long key',
    having({ attributes: { ['a'.repeat(200)]: { int: 1 } } }),
    [`spec.devices[0].attributes[${'a'.repeat(47)}...${'a'.repeat(46)}]: Too long: may not be more than 32 bytes`],
  ],
  [
    'taints',
    having({
      taints: [
        { key: '', value: '-', effect: '' },
        { key: 'a', effect: 'Go' },
      ],
    }),
    [
      matching(/taints\[0\].key: Invalid value: "": name part must be non-empty/),
      matching(/taints\[0\].key: Invalid value: "": name part must consist/),
      matching(/taints\[0\].value: Invalid value: "-"/),
      'spec.devices[0].taints[0].effect: Required value',
      'spec.devices[0].taints[1].effect: Unsupported value: "Go": supported values: "NoExecute", "NoSchedule", "None"',
    ],
  ],
  [
    'many taints',
    having({ taints: many(17, () => ({ key: 'a', effect: 'None' })) }),
    ['spec.devices[0].taints: Too many: 17: must have at most 16 items'],
  ],
  [
    'consuming nothing',
    having({ consumesCounters: [{}, { counterSet: 'C', counters: {} }] }),
    [
      'spec.devices[0].consumesCounters[0].counterSet: Required value',
      'spec.devices[0].consumesCounters[0].counters: Required value',
      matching(/consumesCounters\[1\].counterSet: Invalid value: "C"/),
      'spec.devices[0].consumesCounters[1].counters: Required value',
    ],
  ],
  [
    'consuming much',
    having({ consumesCounters: many(3, () => ({})) }),
    ['spec.devices[0].consumesCounters: Too many: 3: must have at most 2 items'],
  ],
  [
    'consuming twice',
    having({ consumesCounters: many(2, () => ({ counterSet: 'c', counters: { a: {} } })) }),
    ['spec.devices[0].consumesCounters[1]: Duplicate value: "c"'],
  ],
  [
    'counter sets',
    { sharedCounters: [{}, { name: 'a', counters: { A: {} } }, { name: 'a', counters: { a: {} } }] },
    [
      'spec.sharedCounters[0].name: Required value',
      'spec.sharedCounters[0].counters: Required value',
      matching(/sharedCounters\[1\].counters\[A\]: Invalid value: "A": a lowercase RFC 1123 label/),
      'spec.sharedCounters[2]: Duplicate value: "a"',
    ],
  ],
  [
    'many counter sets',
    { sharedCounters: many(9, () => ({})) },
    ['spec.sharedCounters: Too many: 9: must have at most 8 items'],
  ],
  [
    'many counters',
    { sharedCounters: [{ name: 'a', counters: Object.fromEntries(many(33, (i) => [`c${i}`, {}])) }] },
    ['spec.sharedCounters[0].counters: Too many: 33: must have at most 32 items'],
  ],
  [
    'a place of its own',
    having({ nodeName: 'a' }),
    [
      'spec.devices[0]: Invalid value: null: `nodeName`, `nodeSelector` and `allNodes` can only be set if `perDeviceNodeSelection` is set to true in the ResourceSlice spec',
    ],
  ],
  [
    'no place of its own',
    having({ nodeName: '', allNodes: false }, { nodeName: undefined, perDeviceNodeSelection: true }),
    [
      'spec.devices[0].nodeName: Invalid value: "": must not be empty',
      'spec.devices[0].allNodes: Invalid value: false: must be either unset or set to true',
      matching(/^spec.devices\[0\]: Required value: exactly one of/),
    ],
  ],
  [
    'places of its own',
    having({ nodeName: 'A', nodeSelector: {}, allNodes: true }, { nodeName: undefined, perDeviceNodeSelection: true }),
    [
      matching(/^spec.devices\[0\].nodeName: Invalid value: "A"/),
      'spec.devices[0].nodeSelector.nodeSelectorTerms: Required value: must have at least one node selector term',
      matching(/^spec.devices\[0\]: Invalid value: "{`nodeName`, `nodeSelector`, `allNodes`}": exactly one of/),
    ],
  ],
  [
    'a policy of what is not shared',
    having({ capacity: { a: { value: '1', requestPolicy: {} } } }),
    ['spec.devices[0].capacity[a].requestPolicy: Forbidden: allowMultipleAllocations must be true'],
  ],
  [
    'two policies',
    shared('1', { validValues: ['1'], validRange: {} }),
    [
      `${policy}: Forbidden: exactly one policy can be specified, cannot specify "validValues" and "validRange" at the same time`,
    ],
  ],
  [
    'values of no default',
    shared('1', { validValues: ['1'] }),
    [`${policy}.default: Required value: required when validValues is defined`],
  ],
  [
    'a range of no default',
    shared('1', { validRange: {} }),
    [`${policy}.default: Required value: required when validRange is defined`],
  ],
  [
    'odd values',
    shared('2', { default: '5', validValues: ['3', '1', '1'] }),
    [
      `${policy}.validValues[1]: Invalid value: "1": values must be sorted in ascending order`,
      `${policy}.validValues[0]: Invalid value: "3": option is larger than capacity value: 2`,
      `${policy}.validValues[2]: Duplicate value: "1"`,
      `${policy}.validValues: Invalid value: "5": default value is not valid according to the requestPolicy`,
    ],
  ],
  [
    'many values',
    shared('99', { default: '1', validValues: many(11, (i) => String(i)) }),
    [
      `${policy}.validValues: Too many: 11: must have at most 10 items`,
      `${policy}.validValues: Invalid value: "1": default value is not valid according to the requestPolicy`,
    ],
  ],
  [
    'no least',
    shared('9', { default: '1', validRange: {} }),
    [`${policy}.validRange.min: Required value: required when validRange is defined`],
  ],
  [
    'odd range',
    shared('9', { default: '1', validRange: { min: '12', max: '10' } }),
    [
      `${policy}.validRange.min: Invalid value: "12": min is larger than capacity value: 9`,
      `${policy}.validRange.min: Invalid value: "1": default is less than min: 12`,
      `${policy}.validRange.max: Invalid value: "12": min is larger than max: 10`,
      `${policy}.validRange.max: Invalid value: "10": max is larger than capacity value: 9`,
    ],
  ],
  [
    'odd steps',
    shared('9', { default: '4', validRange: { min: '1', max: '3', step: '9' } }),
    [
      `${policy}.validRange.max: Invalid value: "4": default is more than max: 3`,
      `${policy}.validRange.step: Invalid value: "9": one step 10 is larger than capacity value: 9`,
      `${policy}.validRange.step: Invalid value: "4": value is not a multiple of a given step (9) from (1)`,
      `${policy}.validRange.step: Invalid value: "3": value is not a multiple of a given step (9) from (1)`,
    ],
  ],
])('ResourceSlice: %s', (_what, spec, expected) => {
  expect(created(resourceSlice, slice(spec))).toEqual(expected);
});

test('ResourceSlice: what stays, what is selected by, what shows, when a taint came', () => {
  const now = slice({ pool: { ...pool, name: 'q' }, driver: 'b.io', nodeName: 'm' });
  expect(updated(resourceSlice, now, slice())).toEqual([
    'spec.pool.name: Invalid value: "q": field is immutable',
    'spec.driver: Invalid value: "b.io": field is immutable',
    'spec.nodeName: Invalid value: "m": field is immutable',
  ]);
  expect(updated(resourceSlice, slice({ pool: { ...pool, generation: 2 }, devices: [] }), slice())).toEqual([]);
  const odd = slice(having({ taints: [{ key: 'a', effect: 'Odd' }] }));
  expect(updated(resourceSlice, odd, odd)).toEqual([]);
  expect(resourceSlice.selectableFields!['spec.nodeName']!(slice())).toBe('n');
  expect(cells(resourceSlice, slice())).toMatchObject({ Node: 'n', Driver: 'gpu.example.com', Pool: 'p' });
  const tainted = slice(having({ taints: [{ key: 'a', effect: 'None' }] }));
  resourceSlice.prepareCreate!(tainted, { now: () => 0 } as Context);
  expect(tainted.spec.devices[0].taints[0].timeAdded).toBe('1970-01-01T00:00:00Z');
});
