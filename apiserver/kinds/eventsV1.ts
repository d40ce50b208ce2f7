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

/** Go writes these fields even when they are empty. */
function defaults(shown: any): void {
  shown.regarding ??= {};
  shown.deprecatedSource ??= {};
  shown.eventTime ??= null;
  shown.deprecatedFirstTimestamp ??= null;
  shown.deprecatedLastTimestamp ??= null;
}

function seriesErrors(shown: any): FieldError[] {
  if (!shown.series) return [];
  const errors: FieldError[] = [];
  if ((shown.series.count ?? 0) < 2) errors.push(invalidValue('series.count', '', 'should be at least 2'));
  if (!shown.series.lastObservedTime) errors.push(required('series.lastObservedTime'));
  return errors;
}

/** A new event says when, of which type, and leaves the old names for time, count and source alone. */
function validateCreate(shown: any): FieldError[] {
  const errors: FieldError[] = [];
  const name = shown.metadata.name ?? '';
  pushTexts(errors, 'metadata.name', name, nameIsDNSSubdomain(name, false));
  errors.push(...seriesErrors(shown));
  if (!shown.eventTime) errors.push(required('eventTime'));
  if (shown.type !== 'Normal' && shown.type !== 'Warning') {
    errors.push(invalidValue('type', '', `has invalid value: ${shown.type ?? ''}`));
  }
  const used = ['FirstTimestamp', 'LastTimestamp', 'Count'].filter((field) => shown[`deprecated${field}`]);
  if (shown.deprecatedSource?.component || shown.deprecatedSource?.host) used.push('Source');
  // Messages use the names of the stored form.
  const stored = (field: string) => field.charAt(0).toLowerCase() + field.slice(1);
  return [...errors, ...used.map((field) => invalidValue(stored(field), '', 'needs to be unset'))];
}

/** In upstream's order: the field here, and the name that the message says. */
const fixed: readonly (readonly [string, string])[] = [
  ['regarding', 'involvedObject'],
  ['reason', 'reason'],
  ['note', 'message'],
  ['deprecatedSource', 'source'],
  ['deprecatedFirstTimestamp', 'firstTimestamp'],
  ['deprecatedLastTimestamp', 'lastTimestamp'],
  ['deprecatedCount', 'count'],
  ['type', 'type'],
  ['eventTime', 'eventTime'],
  ['action', 'action'],
  ['related', 'related'],
  ['reportingController', 'reportingController'],
  ['reportingInstance', 'reportingInstance'],
];

/** Of an event that happened only the series goes on. */
function validateUpdate(shown: any, old: any): FieldError[] {
  const errors = semanticEqual(shown.series, old.series, 'series') ? [] : seriesErrors(shown);
  for (const [field, said] of fixed) {
    if (!semanticEqual(shown[field], old[field], field)) errors.push(immutable(said, shown[field]));
  }
  return errors;
}

const regarding = (name: string) => (shown: any) => shown.regarding?.[name] ?? '';

export const eventsV1 = defineKind({
  group: 'events.k8s.io',
  version: 'v1',
  kind: 'Event',
  plural: 'events',
  shortNames: ['ev'],
  namespaced: true,
  schema: 'io.k8s.api.events.v1.Event',
  storage: event.storage,
  storedAs: { group: '', version: 'v1', plural: 'events', toStored, fromStored },
  defaults,
  validateName: event.validateName,
  validate: (shown) => validateEvent(toStored(shown), 'reportingController'),
  validateCreate,
  validateUpdate,
  ttl: event.ttl,
  createOnUpdate: true,
  defaultPropagation: 'Unsupported',
  selectableFields: {
    'regarding.kind': regarding('kind'),
    'regarding.namespace': regarding('namespace'),
    'regarding.name': regarding('name'),
    'regarding.uid': regarding('uid'),
    'regarding.apiVersion': regarding('apiVersion'),
    'regarding.resourceVersion': regarding('resourceVersion'),
    'regarding.fieldPath': regarding('fieldPath'),
    reason: (shown) => shown.reason ?? '',
    reportingController: (shown) => shown.reportingController ?? '',
    type: (shown) => shown.type ?? '',
  },
  columns: event.columns?.map((column) => ({
    ...column,
    value: (shown, now) => column.value(toStored(shown), now),
  })),
});
