import { expect, test } from 'vitest';
import { storageClass } from '../../../apiserver/kinds/storageClass.ts';
import { cells, created, made, updated } from './said.ts';

const one = (fields: any = {}, metadata: any = {}) =>
  made(storageClass, { provisioner: 'example.com/disk', ...fields }, metadata);
const topology = (...terms: any[]) => ({
  allowedTopologies: terms.map((matchLabelExpressions) => ({ matchLabelExpressions })),
});
const zone = (...values: string[]) => ({ key: 'zone', values });
const at = 'allowedTopologies[0].matchLabelExpressions';

test.each<[string, any, string[]]>([
  ['fine', {}, []],
  ['provisioner in capitals', { provisioner: 'Example.com/Disk' }, []],
  ['no provisioner', { provisioner: '' }, ['provisioner: Required value']],
  [
    'a bad provisioner',
    { provisioner: 'a b' },
    [expect.stringContaining('provisioner: Invalid value: "a b": name part must consist of')],
  ],
  ['parameters', { parameters: { type: 'ssd' } }, []],
  ['a parameter without name', { parameters: { '': 'x' } }, ['parameters: Invalid value: "": field can not be empty.']],
  [
    'many parameters',
    { parameters: Object.fromEntries(Array.from({ length: 513 }, (_, i) => [`p${i}`, ''])) },
    ['parameters: Too long: may not be more than 512 bytes'],
  ],
  [
    'large parameters',
    { parameters: { a: 'x'.repeat(262144) } },
    ['parameters: Too long: may not be more than 262144 bytes'],
  ],
  ['retained', { reclaimPolicy: 'Retain' }, []],
  [
    'recycled',
    { reclaimPolicy: 'Recycle' },
    ['reclaimPolicy: Unsupported value: "Recycle": supported values: "Delete", "Retain"'],
  ],
  ['late', { volumeBindingMode: 'WaitForFirstConsumer' }, []],
  [
    'never',
    { volumeBindingMode: 'Never' },
    ['volumeBindingMode: Unsupported value: "Never": supported values: "Immediate", "WaitForFirstConsumer"'],
  ],
  ['zones', topology([zone('a', 'b')], [zone('c')]), []],
  ['no values', topology([zone()]), [`${at}[0].values: Required value`]],
  ['a value twice', topology([zone('a', 'a')]), [`${at}[0].values[1]: Duplicate value: "a"`]],
  ['a key twice', topology([zone('a'), zone('b')]), [`${at}[1].key: Duplicate value: "zone"`]],
  [
    'a bad key',
    topology([{ key: 'a b', values: ['c'] }]),
    [expect.stringContaining(`${at}[0].key: Invalid value: "a b"`)],
  ],
  ['an empty term', topology([]), [`${at}: Duplicate value: ""`]],
  [
    'a term twice',
    topology([zone('a', 'b')], [zone('b', 'a')]),
    ['allowedTopologies[1].matchLabelExpressions: Duplicate value: ""'],
  ],
])('%s', (_what, fields, expected) => {
  expect(created(storageClass, one(fields))).toEqual(expected);
});

test('what is kept', () => {
  expect(updated(storageClass, one({ allowVolumeExpansion: true, mountOptions: ['ro'] }), one())).toEqual([]);
  const other = {
    provisioner: 'b',
    parameters: { a: 'b' },
    reclaimPolicy: 'Retain',
    volumeBindingMode: 'WaitForFirstConsumer',
  };
  expect(updated(storageClass, one(other), one())).toEqual([
    'parameters: Forbidden: updates to parameters are forbidden.',
    'provisioner: Forbidden: updates to provisioner are forbidden.',
    'reclaimPolicy: Forbidden: updates to reclaimPolicy are forbidden.',
    'volumeBindingMode: Invalid value: "WaitForFirstConsumer": field is immutable',
  ]);
});

test('columns and warnings', () => {
  const mark = { 'storageclass.kubernetes.io/is-default-class': 'true' };
  expect(cells(storageClass, one({}, { annotations: mark }))).toMatchObject({
    Name: 'x (default)',
    Provisioner: 'example.com/disk',
    ReclaimPolicy: 'Delete',
    VolumeBindingMode: 'Immediate',
    AllowVolumeExpansion: false,
  });
  const old = topology([{ key: 'failure-domain.beta.kubernetes.io/zone', values: ['a'] }]);
  expect(storageClass.warnings!(one(old), undefined)).toEqual([
    `${at}[0].key: deprecated since v1.17; use "topology.kubernetes.io/zone" instead`,
  ]);
});
