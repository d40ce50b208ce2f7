import { describe, expect, test } from 'vitest';
import {
  managedFieldsForUpdate,
  type UpdateWrite,
} from '../../../apimachinery/managedfields/managedFieldsForUpdate.ts';
import { anyNode } from '../../../apimachinery/schema.ts';
import { node } from './schema.ts';

const write = (w: Partial<UpdateWrite>) =>
  managedFieldsForUpdate({ new: {}, node, manager: 'm', apiVersion: 'v1', time: 't1', ...w });
const pod = (spec: object = {}, metadata: object = {}) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'p', namespace: 'n', uid: 'u', resourceVersion: '1', ...metadata },
  spec,
});
const managed = (object: any, entries: object[]) => ({
  ...object,
  metadata: { ...object.metadata, managedFields: entries },
});
const entry = (manager: string, fieldsV1: object, more: object = {}) => ({
  manager,
  operation: 'Update',
  apiVersion: 'v1',
  time: 't0',
  fieldsType: 'FieldsV1',
  fieldsV1,
  ...more,
});

describe('create', () => {
  test('the creator owns all that it set, but no identity', () => {
    const object = pod(
      { nodeName: 'x', containers: [{ name: 'c', image: 'i', ports: [{ containerPort: 80 }] }] },
      { labels: { a: '1' }, finalizers: ['f'] },
    );
    const before = structuredClone(object);
    expect(write({ new: object })).toEqual([
      {
        manager: 'm',
        operation: 'Update',
        apiVersion: 'v1',
        time: 't1',
        fieldsType: 'FieldsV1',
        fieldsV1: {
          'f:metadata': {
            'f:finalizers': { '.': {}, 'v:"f"': {} },
            'f:labels': { '.': {}, 'f:a': {} },
          },
          'f:spec': {
            'f:containers': {
              'k:{"name":"c"}': {
                '.': {},
                'f:image': {},
                'f:name': {},
                'f:ports': {
                  '.': {},
                  'k:{"containerPort":80,"protocol":"TCP"}': { '.': {}, 'f:containerPort': {} },
                },
                'f:resources': {},
              },
            },
            'f:nodeName': {},
          },
        },
      },
    ]);
    expect(object).toEqual(before);
  });
  test('a custom resource has no zero values: its spec itself is new', () => {
    const object = { apiVersion: 'my/v1', kind: 'Foo', metadata: { name: 'x', labels: { a: '1' } }, spec: { a: [1] } };
    expect(write({ new: object, node: anyNode })[0]!.fieldsV1).toEqual({
      'f:metadata': { 'f:labels': { '.': {}, 'f:a': {} } },
      'f:spec': { '.': {}, 'f:a': {} },
    });
  });
  test('fields that the endpoint resets are nobody’s', () => {
    const object = { ...pod({ nodeName: 'x' }, { labels: { a: '1' } }), status: { phase: 'Running' } };
    const [own] = write({ new: object, resets: ['status', 'metadata.labels'] });
    expect(own!.fieldsV1).toEqual({ 'f:spec': { 'f:nodeName': {} } });
  });
  test('an empty manager is unknown', () => {
    expect(write({ new: pod({ nodeName: 'x' }), manager: '' })[0]!.manager).toBe('unknown');
  });
  test('items without their keys are not tracked', () => {
    expect(write({ new: pod({ containers: [{ image: 'x' }] }) })).toEqual([]);
  });
  test('an item that stands twice is one leaf', () => {
    const [own] = write({ new: pod({}, { finalizers: ['a', 'a'] }) });
    expect(own!.fieldsV1).toEqual({ 'f:metadata': { 'f:finalizers': { '.': {}, 'v:"a"': {} } } });
  });
});

describe('update', () => {
  const old = managed(pod({ nodeName: 'x', replicas: 1 }), [
    entry('one', { 'f:spec': { 'f:nodeName': {}, 'f:replicas': {} } }),
    entry('applier', { 'f:spec': { 'f:replicas': {} } }, { operation: 'Apply', time: 't9' }),
  ]);

  test('without a change, entries are passed on as they are', () => {
    const now = structuredClone(old);
    const result = write({ old, new: now });
    expect(result).toEqual([old.metadata.managedFields[1], old.metadata.managedFields[0]]);
    expect(result[0]).toBe(now.metadata.managedFields[1]);
  });
  test('a changed field moves to the writer, away from appliers too', () => {
    const now = { ...structuredClone(old), spec: { nodeName: 'x', replicas: 2 } };
    expect(write({ old, new: now })).toEqual([
      entry('m', { 'f:spec': { 'f:replicas': {} } }, { time: 't1' }),
      entry('one', { 'f:spec': { 'f:nodeName': {} } }),
    ]);
  });
  test('a removed field leaves everyone, and the remover owns nothing', () => {
    const now = { ...structuredClone(old), spec: { nodeName: 'x' } };
    expect(write({ old, new: now })).toEqual([entry('one', { 'f:spec': { 'f:nodeName': {} } })]);
  });
  test('the same manager under a subresource is another', () => {
    const now = { ...structuredClone(old), spec: { nodeName: 'y', replicas: 1 } };
    const result = write({ old, new: now, manager: 'one', subresource: 'status' });
    expect(result.map((e) => [e.manager, e.subresource])).toEqual([
      ['applier', undefined],
      ['one', undefined],
      ['one', 'status'],
    ]);
  });
  test('a client that sends none or broken entries changes nothing by it', () => {
    const expected = [old.metadata.managedFields[1], old.metadata.managedFields[0]];
    for (const entries of [
      undefined,
      null,
      [{ manager: 'x' }],
      [entry('x', { oops: {} })],
      [entry('x', {}, { operation: 'Y' })],
    ]) {
      expect(write({ old, new: managed(structuredClone(old), entries as never) })).toEqual(expected);
    }
  });
  test('a client may set entries, but not through a subresource', () => {
    const sent = [entry('other', { 'f:spec': { 'f:nodeName': {} } })];
    expect(write({ old, new: managed(structuredClone(old), sent) })).toEqual(sent);
    expect(write({ old, new: managed(structuredClone(old), sent), subresource: 'status' })).toHaveLength(2);
  });
  test('a reset ends tracking until the next apply', () => {
    for (const entries of [[], [{}]]) {
      expect(write({ old, new: managed({ ...old, spec: { nodeName: 'z' } }, entries) })).toEqual([]);
    }
    expect(write({ old: pod({ nodeName: 'x' }), new: pod({ nodeName: 'y' }) })).toEqual([]);
  });
  test('more than ten updaters: the oldest become ancient-changes', () => {
    const names = Array.from({ length: 10 }, (_, i) => `m${i}`);
    const entries = names.map((name, i) =>
      entry(name, { 'f:metadata': { 'f:labels': { [`f:${name}`]: {} } } }, { time: `2024-01-01T00:00:0${i}Z` }),
    );
    const labels = Object.fromEntries(names.map((n) => [n, '1']));
    const live = managed(pod({}, { labels }), entries);
    const now = managed(pod({ nodeName: 'x' }, { labels }), entries);
    const result = write({ old: live, new: now, time: '2024-01-02T00:00:00Z' });
    expect(result.map((e) => e.manager)).toEqual(['ancient-changes', ...names.slice(2), 'm']);
    expect(result[0]).toEqual(
      entry(
        'ancient-changes',
        { 'f:metadata': { 'f:labels': { 'f:m0': {}, 'f:m1': {} } } },
        { time: '2024-01-01T00:00:01Z' },
      ),
    );
  });
  test('entries of another version are compared in that version', () => {
    const live = managed(pod({ nodeName: 'x' }), [
      entry('old', { 'f:spec': { 'f:host': {} } }, { apiVersion: 'v0' }),
      entry('gone', { 'f:spec': { 'f:host': {} } }, { apiVersion: 'v9' }),
    ]);
    const convert = (o: any, apiVersion: string) =>
      apiVersion === 'v0' ? { object: { spec: { host: o.spec.nodeName } }, node: anyNode } : undefined;
    const now = managed(pod({ nodeName: 'y' }), live.metadata.managedFields);
    expect(write({ old: live, new: now, convert })).toEqual([
      entry('m', { 'f:spec': { 'f:nodeName': {} } }, { time: 't1' }),
    ]);
    const same = managed(pod({ nodeName: 'x' }), live.metadata.managedFields);
    expect(write({ old: live, new: same, convert }).map((e) => e.manager)).toEqual(['old']);
  });
  test('what is no list where the schema has one is left to validation', () => {
    const live = managed(pod({ containers: [{ name: 'c', image: 'i' }] }), [
      entry('m', { 'f:spec': { 'f:containers': { 'k:{"name":"c"}': { '.': {} } } } }),
    ]);
    const now = managed(pod({ containers: { length: 1 } }), live.metadata.managedFields);
    expect(write({ old: live, new: now })).toEqual([]);
  });
});
