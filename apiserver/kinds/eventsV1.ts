// Event of events.k8s.io/v1: the objects of event.ts under newer names, with stricter rules for who writes them.
// Read by the API server's mechanisms. Mirrors: pkg/apis/events/v1/conversion.go, pkg/apis/core/validation/events.go.
// Next: ../../client/events.ts, the recorder that writes them.
import { type FieldError, immutable, invalidValue, required } from '../../apimachinery/fieldErrors.ts';
import { nameIsDNSSubdomain } from '../../apimachinery/names.ts';
import type { KubeObject } from '../../apimachinery/types.ts';
import { pushTexts } from './check.ts';
import { semanticEqual } from './equal.ts';
import { event, validateEvent } from './event.ts';
import { defineKind } from './kind.ts';

/** Names of this version beside those of the stored form. */
const renamed: readonly (readonly [string, string])[] = [
  ['regarding', 'involvedObject'],
  ['note', 'message'],
  ['reportingController', 'reportingComponent'],
  ['deprecatedSource', 'source'],
  ['deprecatedFirstTimestamp', 'firstTimestamp'],
  ['deprecatedLastTimestamp', 'lastTimestamp'],
  ['deprecatedCount', 'count'],
];

function rename(object: KubeObject, apiVersion: string, names: Iterable<readonly [string, string]>): KubeObject {
  const result: KubeObject = { ...object, apiVersion };
  for (const [from, to] of names) {
    if (result[from] !== undefined) result[to] = result[from];
    delete result[from];
  }
  return result;
}

const toStored = (object: KubeObject): KubeObject => {
  const stored = rename(object, 'v1', renamed);
  stored.involvedObject ??= {};
  return stored;
};
const backwards = renamed.map(([here, stored]) => [stored, here] as const);
const fromStored = (object: KubeObject): KubeObject => rename(object, 'events.k8s.io/v1', backwards);

function seriesErrors(stored: any): FieldError[] {
  if (!stored.series) return [];
  const errors: FieldError[] = [];
  if ((stored.series.count ?? 0) < 2) errors.push(invalidValue('series.count', '', 'should be at least 2'));
  if (!stored.series.lastObservedTime) errors.push(required('series.lastObservedTime'));
  return errors;
}

/** A new event says when, of which type, and leaves the old names for time, count and source alone. */
function validateCreate(stored: any): FieldError[] {
  const errors: FieldError[] = [];
  const name = stored.metadata.name ?? '';
  pushTexts(errors, 'metadata.name', name, nameIsDNSSubdomain(name, false));
  errors.push(...seriesErrors(stored));
  if (!stored.eventTime) errors.push(required('eventTime'));
  if (stored.type !== 'Normal' && stored.type !== 'Warning') {
    errors.push(invalidValue('type', '', `has invalid value: ${stored.type ?? ''}`));
  }
  const used = ['firstTimestamp', 'lastTimestamp', 'count'].filter((field) => stored[field]);
  if (stored.source?.component || stored.source?.host) used.push('source');
  return [...errors, ...used.map((field) => invalidValue(field, '', 'needs to be unset'))];
}

/** In upstream's order; stored name first, the name that the message says second. */
const fixed: readonly (readonly [string, string])[] = [
  ...['involvedObject', 'reason', 'message', 'source', 'firstTimestamp', 'lastTimestamp', 'count', 'type'],
  ...['eventTime', 'action', 'related'],
]
  .map((name) => [name, name] as const)
  .concat([
    ['reportingComponent', 'reportingController'],
    ['reportingInstance', 'reportingInstance'],
  ]);

/** Of an event that happened only the series goes on. */
function validateUpdate(stored: any, old: any): FieldError[] {
  const errors = semanticEqual(stored.series, old.series, 'series') ? [] : seriesErrors(stored);
  for (const [field, said] of fixed) {
    if (!semanticEqual(stored[field], old[field], field)) errors.push(immutable(said, stored[field]));
  }
  return errors;
}

export const eventsV1 = defineKind({
  group: 'events.k8s.io',
  version: 'v1',
  kind: 'Event',
  plural: 'events',
  shortNames: ['ev'],
  namespaced: true,
  schema: 'io.k8s.api.events.v1.Event',
  storage: event.storage,
  storedAs: {
    group: '',
    version: 'v1',
    plural: 'events',
    toStored,
    fromStored,
    fields: {
      'regarding.kind': 'involvedObject.kind',
      'regarding.namespace': 'involvedObject.namespace',
      'regarding.name': 'involvedObject.name',
      'regarding.uid': 'involvedObject.uid',
      'regarding.apiVersion': 'involvedObject.apiVersion',
      'regarding.resourceVersion': 'involvedObject.resourceVersion',
      'regarding.fieldPath': 'involvedObject.fieldPath',
      reportingController: 'reportingComponent',
      reason: 'reason',
      type: 'type',
    },
  },
  defaults: event.defaults,
  validateName: event.validateName,
  validate: validateEvent,
  validateCreate,
  validateUpdate,
  ttl: event.ttl,
  createOnUpdate: true,
  columns: event.columns,
});
