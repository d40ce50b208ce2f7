import { describe, expect, test } from 'vitest';
import { errorBody, type FieldError } from '../../apimachinery/fieldErrors.ts';
import { validateObjectMeta, validateObjectMetaUpdate } from '../../apimachinery/objectMeta.ts';

const text = (errors: FieldError[]) => errors.map((e) => `${e.field}: ${errorBody(e)}`);
const create = (meta: object, namespaced = true) =>
  text(validateObjectMeta({ name: 'web', ...(namespaced && { namespace: 'default' }), ...meta }, { namespaced }));

describe('a new object', () => {
  test('is fine with a name and its namespace', () => {
    expect(create({})).toEqual([]);
    expect(create({}, false)).toEqual([]);
  });
  test.each<[object, string[]]>([
    [{ name: '' }, ['metadata.name: Required value: name or generateName is required']],
    [{ namespace: '' }, ['metadata.namespace: Required value']],
    [{ namespace: 'a.b' }, ['metadata.namespace: Invalid value: "a.b": must not contain dots']],
    [{ generation: -1 }, ['metadata.generation: Invalid value: -1: must be greater than or equal to 0']],
    [{ annotations: { 'A.B/c': 'x'.repeat(262139) } }, []],
    [{ annotations: { a: 'é'.repeat(131072) } }, ['metadata.annotations: Too long: may not be more than 262144 bytes']],
    [
      { finalizers: ['orphan', 'foregroundDeletion'] },
      [
        'metadata.finalizers: Invalid value: ["orphan","foregroundDeletion"]: finalizer orphan and foregroundDeletion cannot be both set',
      ],
    ],
    [
      { ownerReferences: [{ apiVersion: 'v1', kind: 'Event', name: 'e', uid: '' }] },
      [
        'metadata.ownerReferences.uid: Invalid value: "": must not be empty',
        'metadata.ownerReferences: Invalid value: {"apiVersion":"v1","kind":"Event","name":"e","uid":""}: /v1, Kind=Event is disallowed from being an owner',
      ],
    ],
    [
      { managedFields: [{ manager: 'a\u0001', operation: 'Patch', fieldsType: 'FieldsV2' }] },
      [
        'metadata.managedFields[0].operation: Invalid value: "Patch": must be `Apply` or `Update`',
        'metadata.managedFields[0].fieldsType: Invalid value: "FieldsV2": must be `FieldsV1`',
        'metadata.managedFields[0].manager: Invalid value: "a\\x01": invalid character U+0001 (at position 1)',
      ],
    ],
  ])('%#: %o', (meta, errors) => {
    expect(create(meta)).toEqual(errors);
  });
  test('has one controller at most', () => {
    const owner = (name: string) => ({ apiVersion: 'apps/v1', kind: 'ReplicaSet', name, uid: '1', controller: true });
    expect(create({ ownerReferences: [owner('a'), owner('b')] })).toEqual([
      expect.stringMatching(
        /: Only one reference can have Controller set to true. Found "true" in references for ReplicaSet\/a and ReplicaSet\/b$/,
      ),
    ]);
  });
  test('of a cluster-scoped kind has no namespace', () => {
    expect(create({ namespace: 'x' }, false)).toEqual(['metadata.namespace: Forbidden: not allowed on this type']);
  });
  test('has its name checked by its kind', () => {
    const options = { namespaced: false, validateName: (n: string, prefix: boolean) => [`no ${n} ${prefix}`] };
    expect(text(validateObjectMeta({ name: 'a', generateName: 'a-' }, options))).toEqual([
      'metadata.generateName: Invalid value: "a-": no a- true',
      'metadata.name: Invalid value: "a": no a false',
    ]);
  });
});

describe('an update', () => {
  const old = {
    name: 'web',
    namespace: 'default',
    uid: 'u',
    resourceVersion: '1',
    creationTimestamp: 't',
    generation: 2,
  };
  const update = (now: object, before: object = {}) =>
    text(validateObjectMetaUpdate({ ...old, ...now }, { ...old, ...before }));
  test('may change labels', () => {
    expect(update({ labels: { a: 'b' } })).toEqual([]);
  });
  test.each<[object, object, string[]]>([
    [{ resourceVersion: '' }, {}, ['metadata.resourceVersion: Invalid value: "": must be specified for an update']],
    [{ generation: 1 }, {}, ['metadata.generation: Invalid value: 1: must not be decremented']],
    [{ name: 'x' }, {}, ['metadata.name: Invalid value: "x": field is immutable']],
    [{ uid: undefined }, {}, ['metadata.uid: Invalid value: "": field is immutable']],
    [{ creationTimestamp: null }, {}, ['metadata.creationTimestamp: Invalid value: null: field is immutable']],
    [
      { deletionGracePeriodSeconds: 5 },
      {},
      ['metadata.deletionGracePeriodSeconds: Invalid value: 5: field is immutable'],
    ],
    [
      { deletionTimestamp: 't', finalizers: ['a', 'c', 'b'] },
      { deletionTimestamp: 't', finalizers: ['a'] },
      [
        'metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{"b", "c"}',
      ],
    ],
  ])('%#: %o of %o', (now, before, errors) => {
    expect(update(now, before)).toEqual(errors);
  });
});
