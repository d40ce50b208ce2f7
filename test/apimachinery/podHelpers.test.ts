import { describe, expect, test } from 'vitest';
import {
  type AnyCondition,
  findCondition,
  isConditionTrue,
  withCondition,
  withoutCondition,
} from '../../apimachinery/conditions.ts';
import { canonicalJSON, fnv32a, hashOf, safeEncode } from '../../apimachinery/hash.ts';
import { scaledIntOrPercent } from '../../apimachinery/intOrString.ts';
import { controllerOf, isControlledBy, newControllerRef } from '../../apimachinery/ownerRef.ts';
import * as podUtil from '../../apimachinery/podUtil.ts';
import { randomSuffix } from '../../apimachinery/randomSuffix.ts';

const pod = (status: object, metadata: object = {}) => ({ metadata: { name: 'p', ...metadata }, status }) as any;

describe('pods', () => {
  const ready = (status: string, lastTransitionTime?: string) => ({
    conditions: [{ type: 'Ready', status, lastTransitionTime }],
  });
  const at = (text: string) => Date.parse(text);

  test('ready, and available after a while', () => {
    expect(podUtil.isPodReady(pod(ready('True')))).toBe(true);
    expect(podUtil.isPodReady(pod(ready('False')))).toBe(false);
    expect(podUtil.isPodReady(pod({}))).toBe(false);
    const since = pod(ready('True', '2024-01-01T00:00:00Z'));
    expect(podUtil.isPodAvailable(since, 10, at('2024-01-01T00:00:09Z'))).toBe(false);
    expect(podUtil.isPodAvailable(since, 10, at('2024-01-01T00:00:10Z'))).toBe(true);
    expect(podUtil.isPodAvailable(pod(ready('True')), 0, 0)).toBe(true);
    expect(podUtil.isPodAvailable(pod(ready('True')), 1, at('2024-01-01T00:00:00Z'))).toBe(false);
  });
  test.each([
    [{ phase: 'Running' }, {}, { terminal: false, active: true, terminating: false }],
    [{ phase: 'Succeeded' }, {}, { terminal: true, active: false, terminating: false }],
    [{ phase: 'Running' }, { deletionTimestamp: 't' }, { terminal: false, active: false, terminating: true }],
    [{ phase: 'Failed' }, { deletionTimestamp: 't' }, { terminal: true, active: false, terminating: false }],
  ])('%o %o', (status, metadata, expected) => {
    const p = pod(status, metadata);
    expect({
      terminal: podUtil.isPodTerminal(p),
      active: podUtil.isPodActive(p),
      terminating: podUtil.isPodTerminating(p),
    }).toEqual(expected);
  });
});

describe('conditions', () => {
  const old: AnyCondition[] = [
    { type: 'A', status: 'True', lastTransitionTime: 't0', reason: 'R' },
    { type: 'B', status: 'False', lastTransitionTime: 't0' },
  ];
  test('found by type', () => {
    expect(findCondition(old, 'B')?.status).toBe('False');
    expect(isConditionTrue(old, 'A')).toBe(true);
    expect(isConditionTrue(undefined, 'A')).toBe(false);
    expect(withoutCondition(old, 'A')).toEqual([old[1]]);
  });
  test('the same again changes nothing', () => {
    expect(withCondition(old, { type: 'A', status: 'True', reason: 'R' }, 't1')).toBe(old);
  });
  test('time moves with the status alone', () => {
    expect(withCondition(old, { type: 'A', status: 'True', reason: 'S' }, 't1')[0]).toEqual({ ...old[0], reason: 'S' });
    expect(withCondition(old, { type: 'A', status: 'False' }, 't1')[0]!.lastTransitionTime).toBe('t1');
    const own = { type: 'A', status: 'False', lastTransitionTime: 't9' };
    expect(withCondition(old, own, 't1')[0]!.lastTransitionTime).toBe('t9');
    expect(withCondition(old, { type: 'C', status: 'True' }, 't1')[2]).toEqual({
      type: 'C',
      status: 'True',
      lastTransitionTime: 't1',
    });
  });
});

test('owner references', () => {
  const owner = { apiVersion: 'apps/v1', kind: 'ReplicaSet', metadata: { name: 'rs', uid: 'u' } };
  const ref = newControllerRef(owner);
  expect(ref).toEqual({
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    name: 'rs',
    uid: 'u',
    controller: true,
    blockOwnerDeletion: true,
  });
  const owned = { metadata: { ownerReferences: [{ ...ref, controller: false, uid: 'x' }, ref] } };
  expect(controllerOf(owned)).toBe(ref);
  expect(isControlledBy(owned, owner)).toBe(true);
  expect(controllerOf({ metadata: {} })).toBeUndefined();
});

describe('names from values', () => {
  test('FNV-1a as published', () => {
    expect([fnv32a(''), fnv32a('a'), fnv32a('foobar')]).toEqual([0x811c9dc5, 0xe40c292c, 0xbf9cf968]);
  });
  test('safe letters', () => {
    expect(safeEncode('1234567890')).toMatch(/^[bcdfghjklmnpqrstvwxz2456789]{10}$/);
    expect(randomSuffix(5, () => 0)).toBe('bbbbb');
    expect(randomSuffix(3, () => 0.999999)).toBe('999');
    expect(randomSuffix()).toMatch(/^[bcdfghjklmnpqrstvwxz2456789]{5}$/);
  });
  test('the order of keys does not count, collisions do', () => {
    const a = { x: 1, y: [{ b: 2, a: undefined }] };
    const b = { y: [{ b: 2 }], x: 1 };
    expect(canonicalJSON(a)).toBe('{"x":1,"y":[{"b":2}]}');
    expect(hashOf(a)).toBe(hashOf(b));
    expect(hashOf(a)).not.toBe(hashOf({ ...a, x: 2 }));
    expect(hashOf(a)).not.toBe(hashOf(a, 0));
    expect(hashOf(a, 0)).not.toBe(hashOf(a, 1));
  });
});

describe('numbers or percentages', () => {
  test.each([
    [3, 10, true, 3],
    ['25%', 10, true, 3],
    ['25%', 10, false, 2],
    ['0%', 10, true, 0],
    ['150%', 2, false, 3],
  ])('%s of %d, up: %s', (value, total, up, result) => {
    expect(scaledIntOrPercent(value, total, up)).toBe(result);
  });
  test.each([
    ['5', 'invalid value for IntOrString: invalid type: string is not a percentage'],
    ['x%', 'invalid value for IntOrString: invalid value "x%": strconv.Atoi: parsing "x": invalid syntax'],
    [undefined, 'nil value for IntOrString'],
  ])('%s is refused', (value, message) => {
    expect(() => scaledIntOrPercent(value, 1, true)).toThrow(message);
  });
});
