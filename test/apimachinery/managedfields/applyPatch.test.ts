import { describe, expect, test } from 'vitest';
import { type Apply, applyPatch } from '../../../apimachinery/managedfields/applyPatch.ts';
import { managedFieldsForUpdate } from '../../../apimachinery/managedfields/managedFieldsForUpdate.ts';
import { reconcileFields } from '../../../apimachinery/managedfields/reconcile.ts';
import { anyNode, type SchemaNode } from '../../../apimachinery/schema.ts';
import type { StatusError } from '../../../apimachinery/status.ts';
import { node } from './schema.ts';

const config = (spec: object = {}, metadata: object = {}) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'p', namespace: 'n', ...metadata },
  spec,
});

/** A live object that applies and updates follow one another on, as a server would keep it. */
class Server {
  live: any;
  #clock = 0;
  #time = () => `2024-01-01T00:00:${String(this.#clock++).padStart(2, '0')}Z`;

  apply(manager: string, patch: any, more: Partial<Apply> = {}): any {
    const frozen = structuredClone([this.live, patch]);
    const result = applyPatch({ live: this.live, patch, node, manager, apiVersion: 'v1', time: this.#time(), ...more });
    expect([this.live, patch]).toEqual(frozen);
    return this.#keep(result.object, result.managedFields);
  }

  update(manager: string, object: any): any {
    const write = { old: this.live, new: object, node, manager, apiVersion: 'v1', time: this.#time() };
    return this.#keep(object, managedFieldsForUpdate(write));
  }

  #keep(object: any, managedFields: any[]): any {
    this.live = structuredClone({ ...object, metadata: { ...object.metadata, uid: 'u', managedFields } });
    return this.live;
  }

  fields(manager: string, operation = 'Apply'): unknown {
    return this.entry(manager, operation)?.fieldsV1;
  }
  entry(manager: string, operation = 'Apply'): any {
    return this.live.metadata.managedFields.find((e: any) => e.manager === manager && e.operation === operation);
  }
  refused(act: () => void): StatusError {
    try {
      act();
    } catch (error) {
      return error as StatusError;
    }
    throw new Error('was not refused');
  }
}

describe('one manager', () => {
  test('creates, and owns leaves and items but no plain containers', () => {
    const s = new Server();
    const created = s.apply('a', config({ nodeName: 'x', containers: [{ name: 'c', ports: [{ containerPort: 1 }] }] }));
    expect(created.spec).toEqual({ nodeName: 'x', containers: [{ name: 'c', ports: [{ containerPort: 1 }] }] });
    expect(s.entry('a')).toEqual({
      manager: 'a',
      operation: 'Apply',
      apiVersion: 'v1',
      time: '2024-01-01T00:00:00Z',
      fieldsType: 'FieldsV1',
      fieldsV1: {
        'f:spec': {
          'f:containers': {
            'k:{"name":"c"}': {
              '.': {},
              'f:name': {},
              'f:ports': { 'k:{"containerPort":1,"protocol":"TCP"}': { '.': {}, 'f:containerPort': {} } },
            },
          },
          'f:nodeName': {},
        },
      },
    });
  });
  test('applying the same again moves no time', () => {
    const s = new Server();
    s.apply('a', config({ nodeName: 'x' }));
    s.apply('a', config({ nodeName: 'x' }));
    expect(s.entry('a').time).toBe('2024-01-01T00:00:00Z');
    s.apply('a', config({ nodeName: 'y' }));
    expect(s.entry('a').time).toBe('2024-01-01T00:00:02Z');
  });
  test('what is no longer applied goes, items and entries of maps too', () => {
    const s = new Server();
    const containers = [{ name: 'c', image: 'i' }, { name: 'd' }];
    s.apply(
      'a',
      config({ nodeName: 'x', replicas: 1, containers }, { labels: { k: '1', l: '2' }, finalizers: ['f', 'g'] }),
    );
    const live = s.apply(
      'a',
      config({ replicas: 1, containers: [{ name: 'c' }] }, { labels: { l: '2' }, finalizers: ['g'] }),
    );
    expect(live.spec).toEqual({ replicas: 1, containers: [{ name: 'c' }] });
    expect([live.metadata.labels, live.metadata.finalizers]).toEqual([{ l: '2' }, ['g']]);
    const bare = s.apply('a', config());
    expect(bare.spec).toEqual({});
    expect([bare.metadata.labels, bare.metadata.finalizers]).toEqual([undefined, undefined]);
    expect(s.fields('a')).toEqual({ 'f:spec': {} });
  });
  test('a key that has a default is the same item with and without it', () => {
    const s = new Server();
    s.apply('a', config({ containers: [{ name: 'c', ports: [{ containerPort: 1 }] }] }));
    const ports = [{ containerPort: 1, protocol: 'TCP', name: 'http' }];
    expect(s.apply('a', config({ containers: [{ name: 'c', ports }] })).spec.containers[0].ports).toEqual(ports);
  });
  test('atomic lists and maps are replaced as a whole', () => {
    const s = new Server();
    s.apply('a', config({ selector: { a: '1' }, tolerations: [{ key: 'x' }] }));
    const live = s.apply('a', config({ selector: { b: '2' }, tolerations: [] }));
    expect(live.spec).toEqual({ selector: { b: '2' }, tolerations: [] });
    expect(s.fields('a')).toEqual({ 'f:spec': { 'f:selector': {}, 'f:tolerations': {} } });
  });
});

describe('several managers', () => {
  test('share a field while they agree; it stays until the last gives it up', () => {
    const s = new Server();
    s.apply('a', config({ nodeName: 'x', replicas: 1 }));
    s.apply('b', config({ replicas: 1 }));
    expect(s.apply('a', config({ nodeName: 'x' })).spec).toEqual({ nodeName: 'x', replicas: 1 });
    expect(s.apply('b', config()).spec).toEqual({ nodeName: 'x' });
  });
  test('an applied item goes as a whole, an applied field only as far as no one else set it', () => {
    const s = new Server();
    s.apply('a', config({ containers: [{ name: 'c', image: 'i' }] }));
    s.update('u', { ...s.live, spec: { containers: [{ name: 'c', image: 'i', args: ['x'] }] } });
    expect(s.apply('a', config()).spec).toEqual({});
    s.apply('a', config({}, { labels: { a: '1' } }));
    s.update('u', { ...s.live, metadata: { ...s.live.metadata, labels: { a: '1', b: '2' } } });
    expect(s.apply('a', config()).metadata.labels).toEqual({ b: '2' });
  });
  test('live items keep their place, applied ones their order', () => {
    const s = new Server();
    const names = (o: any) => o.spec.containers.map((c: any) => c.name).join('');
    const list = (text: string) => ({ containers: [...text].map((name) => ({ name })) });
    s.apply('a', config(list('abc')));
    expect(names(s.apply('b', config(list('xb'))))).toBe('axbc');
    expect(names(s.apply('b', config(list('cyb'))))).toBe('acyb');
  });
});

describe('conflicts', () => {
  const conflicted = () => {
    const s = new Server();
    s.update('kubectl-client-side-apply', config({ replicas: 1, nodeName: 'x' }));
    s.apply('helm', config({ paused: true }));
    return s;
  };
  test('one: its owner and path are in the message', () => {
    const s = conflicted();
    const error = s.refused(() => s.apply('a', config({ replicas: 2 })));
    expect([error.code, error.reason]).toEqual([409, 'Conflict']);
    expect(error.message).toBe(
      'Apply failed with 1 conflict: conflict with "kubectl-client-side-apply" using v1: .spec.replicas',
    );
    expect(error.status.details?.causes).toEqual([
      {
        reason: 'FieldManagerConflict',
        message: 'conflict with "kubectl-client-side-apply" using v1',
        field: '.spec.replicas',
      },
    ]);
  });
  test('several: by manager, each path on its line', () => {
    const s = conflicted();
    const error = s.refused(() => s.apply('a', config({ replicas: 2, nodeName: 'y', paused: false })));
    expect(error.message).toBe(
      [
        'Apply failed with 3 conflicts: conflicts with "helm":',
        '- .spec.paused',
        'conflicts with "kubectl-client-side-apply" using v1:',
        '- .spec.nodeName',
        '- .spec.replicas',
      ].join('\n'),
    );
    expect(s.live.spec).toEqual({ replicas: 1, nodeName: 'x', paused: true });
  });
  test('a subresource is named', () => {
    const s = conflicted();
    s.live.metadata.managedFields[0].subresource = 'scale';
    expect(s.refused(() => s.apply('a', config({ paused: false }))).message).toContain(
      'conflict with "helm" with subresource "scale": .spec.paused',
    );
  });
  test('force takes the fields', () => {
    const s = conflicted();
    expect(s.apply('a', config({ replicas: 2, paused: false }), { force: true }).spec).toMatchObject({
      replicas: 2,
      paused: false,
    });
    expect(s.entry('helm')).toBeUndefined();
    expect(s.fields('kubectl-client-side-apply', 'Update')).toEqual({ 'f:spec': { 'f:nodeName': {} } });
  });
  test('equal values conflict with no one', () => {
    const s = conflicted();
    s.apply('a', config({ replicas: 1 }));
    expect(s.fields('a')).toEqual({ 'f:spec': { 'f:replicas': {} } });
  });
});

describe('objects that were there before', () => {
  test('what no one owns is put down to before-first-apply', () => {
    const s = new Server();
    s.live = config({ replicas: 1 }, { uid: 'u', labels: { a: '1' } });
    expect(s.refused(() => s.apply('a', config({ replicas: 2 }))).message).toBe(
      'Apply failed with 1 conflict: conflict with "before-first-apply" using v1: .spec.replicas',
    );
    s.apply('a', config({ nodeName: 'x' }));
    expect(s.fields('before-first-apply', 'Update')).toEqual({
      'f:metadata': { 'f:labels': { '.': {}, 'f:a': {} } },
      'f:spec': { 'f:replicas': {} },
    });
  });

  const annotation = 'kubectl.kubernetes.io/last-applied-configuration';
  const clientSide = (replicas: number, last: object) => {
    const s = new Server();
    s.update(
      'kubectl-client-side-apply',
      config({ replicas }, { annotations: { [annotation]: JSON.stringify(last) } }),
    );
    return s;
  };
  test('kubectl takes over what its own annotation accounts for, and keeps the annotation up to date', () => {
    const s = clientSide(1, config({ replicas: 1 }));
    const live = s.apply('kubectl', config({ replicas: 2 }));
    expect(live.spec.replicas).toBe(2);
    expect(live.metadata.annotations[annotation]).toBe(
      '{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p","namespace":"n"},"spec":{"replicas":2}}\n',
    );
  });
  test('but not what someone changed since, nor under another name', () => {
    const changed = clientSide(5, config({ replicas: 1 }));
    expect(changed.refused(() => changed.apply('kubectl', config({ replicas: 2 }))).code).toBe(409);
    const other = clientSide(1, config({ replicas: 1 }));
    expect(other.refused(() => other.apply('me', config({ replicas: 2 }))).code).toBe(409);
  });
});

describe('refused', () => {
  const s = new Server();
  test.each<[object, number, string]>([
    [
      { ...config(), apiVersion: 'v2' },
      400,
      'Incorrect version specified in apply patch. Specified patch version: v2, expected: v1',
    ],
    [config({}, { managedFields: [] }), 400, 'metadata.managedFields must be nil'],
    [
      config({ nope: 1 }),
      500,
      'failed to create typed patch object (n/p; /v1, Kind=Pod): .spec.nope: field not declared in schema',
    ],
    [
      config({ containers: [{ image: 'x' }] }),
      500,
      `failed to create typed patch object (n/p; /v1, Kind=Pod): .spec.containers: element 0: associative list with keys has an element that omits all key fields ["name"] (and doesn't have default values for any key fields)`,
    ],
    [
      config({ containers: [{ name: 'a' }, { name: 'a', image: 1 }] }),
      500,
      'failed to create typed patch object (n/p; /v1, Kind=Pod): errors:\n  .spec.containers: duplicate entries for key [name="a"]\n  .spec.containers[name="a"].image: expected string, got &value.valueUnstructured{Value:1}',
    ],
    [
      config({ replicas: 'x', nodeName: [], paused: 1 }),
      500,
      expect.stringContaining('.spec.replicas: expected numeric (int or float), got string') as never,
    ],
  ])('%j: %d', (patch, code, message) => {
    const error = s.refused(() => s.apply('a', patch));
    expect([error.code, error.message]).toEqual([code, message]);
  });
});

test('a resource without schema: maps merge, lists are atomic', () => {
  const s = new Server();
  const foo = (spec: object) => ({ ...config(spec), apiVersion: 'my/v1' });
  const more = { node: anyNode, apiVersion: 'my/v1' };
  s.apply('a', foo({ m: { x: 1 }, l: [1] }), more);
  const live = s.apply('b', foo({ m: { y: { z: 2 } } }), more);
  expect(live.spec).toEqual({ m: { x: 1, y: { z: 2 } }, l: [1] });
  expect(s.refused(() => s.apply('b', foo({ l: [2], m: { x: { deep: 1 } } }), more)).message).toContain('2 conflicts');
});

test('fields below what has become atomic count as the whole', () => {
  const fields = { 'f:spec': { 'f:selector': { '.': {}, 'f:a': {} }, 'f:nodeName': {} } };
  expect(reconcileFields(fields, node as SchemaNode)).toEqual({ 'f:spec': { 'f:selector': {}, 'f:nodeName': {} } });
  expect(reconcileFields({ 'f:spec': fields['f:spec']['f:nodeName'] }, node)).toEqual({ 'f:spec': {} });
});
