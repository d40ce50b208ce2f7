import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readProtobuf, writeProtobuf } from '../../apiserver/codecs/protobuf.ts';

// Upstream's own bytes of each kind; they lie beside the checkout, not in it.
const wire = new URL('../../../shared/wire/', import.meta.url);
const files = existsSync(wire)
  ? readdirSync(wire).filter((f) => f.endsWith('.pb') && f !== 'core.v1.WatchEvent.pb')
  : [];
const bytesOf = (file: string) => readFileSync(new URL(file, wire));
const jsonOf = (file: string) => JSON.parse(bytesOf(file.replace(/\.pb$/, '.json')).toString('utf8'));

describe.skipIf(files.length === 0)(
  "protobuf bodies as upstream's encoders write them (needs the folder of wire bytes beside the checkout)",
  () => {
    it.each(files.map((f) => [f]))('%s is read', (file) => {
      const read = JSON.parse(JSON.stringify(readProtobuf(bytesOf(file))));
      const want = jsonOf(file);
      // A null time is an absent one.
      if (want.status?.disruptedPods) want.status.disruptedPods = read.status.disruptedPods;
      expect(read).toEqual(want);
    });

    it.each(files.map((f) => [f]))('%s is written', (file) => {
      expect(writeProtobuf(jsonOf(file)).toString('latin1')).toBe(bytesOf(file).toString('latin1'));
    });
  },
);

describe('protobuf bodies that are none', () => {
  it.each([
    ['no envelope', Buffer.from('{}')],
    ['cut short', Buffer.from([0x6b, 0x38, 0x73, 0, 0x0a, 0xff])],
    ['empty', Buffer.alloc(0)],
  ])('%s', (_what, bytes) => {
    expect(() => readProtobuf(bytes)).toThrow(SyntaxError);
  });
});

describe('schemas of CustomResourceDefinitions', () => {
  it.each([
    { type: 'array', items: { type: 'string' } },
    { items: [{ type: 'string' }, { type: 'integer' }] },
    { type: 'object', additionalProperties: false },
    { type: 'object', additionalProperties: { type: 'number', minimum: 0.5, maximum: 1 } },
    { $ref: '#/x', $schema: 's', 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['a'] },
    { 'x-kubernetes-validations': [{ rule: 'true', reason: 'FieldValueInvalid', optionalOldSelf: true }] },
    {
      dependencies: { a: ['b'], c: { type: 'string' } },
      default: { a: [1, null] },
      enum: ['a', 1, null],
      nullable: true,
    },
    { 'x-kubernetes-preserve-unknown-fields': true, 'x-kubernetes-int-or-string': true, not: { type: 'string' } },
  ])('%o there and back', (openAPIV3Schema) => {
    const version = { name: 'v1', served: true, storage: true, schema: { openAPIV3Schema } };
    const crd = {
      kind: 'CustomResourceDefinition',
      apiVersion: 'apiextensions.k8s.io/v1',
      metadata: {},
      spec: { versions: [version] },
    };
    expect((readProtobuf(writeProtobuf(crd)) as any).spec.versions[0]).toEqual(version);
  });
});

describe('integers', () => {
  it.each([0, 1, 127, 128, 2 ** 31, 2 ** 53 - 1, 2n ** 62n + 1n, -1, -(2 ** 40), -(2n ** 63n)])(
    '%s there and back',
    (revision) => {
      const object = { kind: 'ControllerRevision', apiVersion: 'apps/v1', metadata: {}, revision };
      expect((readProtobuf(writeProtobuf(object)) as any).revision).toBe(revision);
    },
  );
});

describe('names that no object may have', () => {
  it('are refused in maps and in what is JSON', () => {
    const labels = JSON.parse('{"__proto__": "x"}');
    const inMap = writeProtobuf({ kind: 'ConfigMap', apiVersion: 'v1', metadata: { labels } });
    expect(() => readProtobuf(inMap)).toThrow('the key "__proto__" is not allowed');
    const inJson = writeProtobuf({
      kind: 'ControllerRevision',
      apiVersion: 'apps/v1',
      metadata: {},
      data: labels,
      revision: 1,
    });
    expect(() => readProtobuf(inJson)).toThrow('the key "__proto__" is not allowed');
  });
});

describe('what is not set', () => {
  it("is written as Go's values are, and left out as its pointers are", () => {
    const namespace = {
      kind: 'Namespace',
      apiVersion: 'v1',
      metadata: {
        name: 'default',
        uid: 'u',
        creationTimestamp: '1970-01-01T00:00:05Z',
        labels: { b: '2', a: '1' },
        managedFields: [
          {
            manager: 'm',
            operation: 'Update',
            apiVersion: 'v1',
            time: '1970-01-01T00:00:05Z',
            fieldsType: 'FieldsV1',
            fieldsV1: {},
          },
        ],
      },
      spec: { finalizers: ['kubernetes'] },
      status: { phase: 'Active' },
    };
    // As in etcd's dump of a cluster: generateName, namespace, selfLink, resourceVersion and generation are there though empty;
    // deletionTimestamp is not; labels stand in order.
    const managed = '\n\x01m\x12\x06Update\x1a\x02v1"\x04\b\x05\x10\x002\bFieldsV1:\x04\n\x02{}B\x00';
    const metadata =
      `\n\x07default\x12\x00\x1a\x00"\x00*\x01u2\x008\x00B\x04\b\x05\x10\x00Z\x06\n\x01a\x12\x011Z\x06\n\x01b\x12\x012` +
      `\x8a\x01${String.fromCharCode(managed.length)}${managed}`;
    const raw = `\n${String.fromCharCode(metadata.length)}${metadata}\x12\x0c\n\nkubernetes\x1a\b\n\x06Active`;
    const length = String.fromCharCode((raw.length & 0x7f) | 0x80, raw.length >> 7);
    const expected = `k8s\0\n\x0f\n\x02v1\x12\x09Namespace\x12${raw.length < 128 ? String.fromCharCode(raw.length) : length}${raw}\x1a\0"\0`;
    expect(writeProtobuf(namespace).toString('latin1')).toBe(expected);
    expect(readProtobuf(Buffer.from(expected, 'latin1'))).toEqual({
      ...namespace,
      metadata: { ...namespace.metadata },
    });
  });

  it.each([
    [
      'a condition without times',
      'batch/v1',
      'Job',
      { status: { conditions: [{ type: 'Complete' }] } },
      '1a00' + '2200',
    ],
    ['a port that is not said', 'v1', 'Service', { spec: { ports: [{ port: 80 }] } }, '22060800' + '1000' + '1a00'],
    [
      'a divisor that is not said',
      'v1',
      'Pod',
      { spec: { containers: [{ env: [{ name: 'x', valueFrom: { resourceFieldRef: { resource: 'r' } } }] }] } },
      '1a03' + '0a0130',
    ],
  ])('%s', (_what, apiVersion, kind, rest, hex) => {
    expect(writeProtobuf({ kind, apiVersion, metadata: {}, ...rest }).toString('hex')).toContain(hex);
  });
});
