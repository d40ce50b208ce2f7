import { expect, test } from 'vitest';
import { event, withTTL } from '../../../apiserver/kinds/event.ts';
import { eventsV1 } from '../../../apiserver/kinds/eventsV1.ts';
import { cells, created, made, texts, updated } from './said.ts';

const pod = { kind: 'Pod', namespace: 'default', name: 'web' };
const time = '2026-01-01T00:00:00.000000Z';
const modern = {
  involvedObject: pod,
  eventTime: time,
  reportingComponent: 'example.com/c',
  reportingInstance: 'c-1',
  action: 'Do',
  reason: 'Done',
  type: 'Normal',
  message: 'ok',
};
const { involvedObject: _o, message: _m, reportingComponent: _r, ...rest } = modern;
const shown = { ...rest, regarding: pod, note: 'ok', reportingController: 'example.com/c' };
const namespaceError = (found: string) =>
  `involvedObject.namespace: Invalid value: "${found}": does not match event.namespace`;

test.each<[string, Record<string, unknown>, string[], Record<string, unknown>?]>([
  ['old style', { involvedObject: pod, reason: 'Killing' }, []],
  ['about another namespace', { involvedObject: { ...pod, namespace: 'b' } }, [namespaceError('b')]],
  ['about a cluster object, in default', { involvedObject: { kind: 'Node' } }, []],
  ['about a cluster object, elsewhere', { involvedObject: { kind: 'Node' } }, [namespaceError('')], { namespace: 'b' }],
  ['modern', modern, []],
  [
    'modern, about a cluster object in kube-system',
    { ...modern, involvedObject: {} },
    [],
    { namespace: 'kube-system' },
  ],
  [
    'modern, about a cluster object elsewhere',
    { ...modern, involvedObject: {} },
    [namespaceError('')],
    { namespace: 'b' },
  ],
  [
    'modern without reporter',
    { ...modern, reportingInstance: '', action: '', reason: '' },
    ['reportingInstance: Required value', 'action: Required value', 'reason: Required value'],
  ],
  [
    'modern, reported by nobody',
    { ...modern, reportingComponent: '' },
    [
      'reportingComponent: Required value',
      'reportingComponent: Invalid value: "": name part must be non-empty',
      expect.stringMatching(/^reportingComponent: Invalid value: "": name part must consist of/),
    ],
  ],
  [
    'in no namespace of this world',
    { involvedObject: { ...pod, namespace: 'A' } },
    [expect.stringMatching(/^namespace: Invalid value: "A": a lowercase RFC 1123 subdomain/)],
    { namespace: 'A' },
  ],
  [
    'modern with a long instance and reason',
    { ...modern, reportingInstance: 'x'.repeat(129), reason: 'x'.repeat(129) },
    ['reportingInstance', 'reason'].map((f) => `${f}: Invalid value: "": can have at most 128 characters`),
  ],
  ['modern with texts that just fit', { ...modern, action: 'x'.repeat(128), message: 'x'.repeat(1024) }, []],
  [
    'modern with long texts',
    { ...modern, action: 'x'.repeat(129), message: 'x'.repeat(1025) },
    [
      'action: Invalid value: "": can have at most 128 characters',
      'message: Invalid value: "": can have at most 1024 characters',
    ],
  ],
])('core: %s', (_name, fields, expected, metadata) => {
  expect(created(event, made(event, fields, metadata))).toEqual(expected);
});

test.each<[string, Record<string, unknown>, string[]]>([
  ['complete', shown, []],
  [
    'reported by a sentence',
    { ...shown, reportingController: 'a b' },
    [expect.stringMatching(/^reportingController: Invalid value: "a b": name part must consist of/)],
  ],
  ['no time', { ...shown, eventTime: undefined }, ['eventTime: Required value']],
  ['other type', { ...shown, type: 'Bad' }, ['type: Invalid value: "": has invalid value: Bad']],
  ['no reporter', { ...shown, action: '' }, ['action: Required value']],
  [
    'old fields',
    {
      ...shown,
      deprecatedFirstTimestamp: time,
      deprecatedLastTimestamp: time,
      deprecatedCount: 1,
      deprecatedSource: { host: 'h' },
    },
    ['firstTimestamp', 'lastTimestamp', 'count', 'source'].map((f) => `${f}: Invalid value: "": needs to be unset`),
  ],
  [
    'a series of one',
    { ...shown, series: { count: 1 } },
    ['series.count: Invalid value: "": should be at least 2', 'series.lastObservedTime: Required value'],
  ],
])('events.k8s.io: %s', (_name, fields, expected) => {
  expect(created(eventsV1, made(eventsV1, fields))).toEqual(expected);
});

test('events.k8s.io: a name is a subdomain, which core takes with more in it', () => {
  expect(created(eventsV1, made(eventsV1, shown, { name: 'A_b' }))).toEqual([
    expect.stringMatching(/^metadata.name: Invalid value: "A_b": a lowercase RFC 1123 subdomain/),
  ]);
  expect(created(event, made(event, modern, { name: 'A_b' }))).toEqual([]);
});

test('events.k8s.io: a series may grow, nothing else changes', () => {
  const old = made(eventsV1, shown);
  const series = { count: 5, lastObservedTime: time };
  expect(updated(eventsV1, made(eventsV1, { ...shown, series }), old)).toEqual([]);
  const other = made(eventsV1, { ...shown, reportingController: 'example.com/d', series: { ...series, count: 0 } });
  expect(updated(eventsV1, other, old)).toEqual([
    'series.count: Invalid value: "": should be at least 2',
    'reportingController: Invalid value: "example.com/d": field is immutable',
  ]);
  expect(updated(event, made(event, { ...modern, message: 'else' }), made(event, modern))).toEqual([]);
});

test('both forms of one event, there and back', () => {
  const shared = {
    metadata: { name: 'x' },
    kind: 'Event',
    eventTime: time,
    reason: 'Done',
    action: 'Do',
    type: 'Normal',
  };
  const shown = {
    ...shared,
    apiVersion: 'events.k8s.io/v1',
    regarding: pod,
    related: { kind: 'Node', name: 'n1' },
    note: 'text',
    reportingController: 'example.com/c',
    reportingInstance: 'c-1',
    series: { count: 2, lastObservedTime: time },
    deprecatedSource: { component: 'kubelet' },
    deprecatedFirstTimestamp: '2026-01-01T00:00:00Z',
    deprecatedLastTimestamp: null,
    deprecatedCount: 15,
  };
  const stored = eventsV1.storedAs!.toStored(structuredClone(shown));
  expect(stored).toEqual({
    ...shared,
    apiVersion: 'v1',
    involvedObject: pod,
    related: { kind: 'Node', name: 'n1' },
    message: 'text',
    reportingComponent: 'example.com/c',
    reportingInstance: 'c-1',
    series: { count: 2, lastObservedTime: time },
    source: { component: 'kubelet' },
    firstTimestamp: '2026-01-01T00:00:00Z',
    lastTimestamp: null,
    count: 15,
  });
  expect(eventsV1.storedAs!.fromStored(stored)).toEqual(shown);
});

test('selectable fields', () => {
  const source = (o: any) => event.selectableFields!.source!(made(event, o));
  expect(source({ involvedObject: pod, source: { component: 'kubelet' } })).toBe('kubelet');
  expect(source(modern)).toBe('example.com/c');
  expect(event.selectableFields!['involvedObject.name']!(modern)).toBe('web');
  expect(eventsV1.selectableFields!['regarding.name']!(shown)).toBe('web');
  expect(eventsV1.selectableFields!.reportingController!(shown)).toBe('example.com/c');
});

test('columns', () => {
  const now = Date.parse('2026-01-01T00:10:00Z');
  const old = made(event, {
    involvedObject: { ...pod, fieldPath: 'spec.containers{c}' },
    reason: 'Killing',
    type: 'Normal',
    message: ' text\n',
    source: { component: 'kubelet', host: 'n1' },
    firstTimestamp: '2026-01-01T00:05:00Z',
    lastTimestamp: '2026-01-01T00:09:30Z',
    count: 3,
  });
  expect(Object.values(cells(event, old, now))).toEqual([
    ...['30s', 'Normal', 'Killing', 'pod/web', 'spec.containers{c}', 'kubelet, n1', 'text', '5m', 3, 'x'],
  ]);
  const once = cells(event, made(event, modern), now);
  expect(once).toMatchObject({ 'Last Seen': '10m', 'First Seen': '10m', Count: 1, Source: 'example.com/c, c-1' });
  expect(cells(eventsV1, made(eventsV1, shown), now)).toEqual(once);
  const series = { count: 7, lastObservedTime: '2026-01-01T00:09:59.500000Z' };
  expect(cells(event, made(event, { ...modern, series }), now)).toMatchObject({ 'Last Seen': '0s', Count: 7 });
});

test('an hour to live, or what the flag says; names need not be subdomains', () => {
  expect(event.ttl!({})).toBe(3600);
  expect(withTTL(event, 60).ttl!({})).toBe(60);
  expect(event.validateName!('web.17A_', false)).toEqual([]);
  expect(texts([])).toEqual([]);
});
