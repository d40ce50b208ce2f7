// Event: something that happened to an object, kept for an hour; core/v1 is the form that is stored.
// Read by the API server's mechanisms. Mirrors: pkg/apis/core/validation/events.go, pkg/registry/core/event, printers.go.
// Next: eventsV1.ts, the same objects as events.k8s.io/v1 shows them.
import { type FieldError, invalidValue, required } from '../../apimachinery/fieldErrors.ts';
import { isDNS1123Subdomain, isPathSegmentName, isQualifiedName } from '../../apimachinery/names.ts';
import { pushTexts } from './check.ts';
import { column, since } from './columns.ts';
import { defineKind, type Kind } from './kind.ts';

/** Go writes these fields even when they are empty, and kubectl shows them so. */
function defaults(event: any): void {
  event.source ??= {};
  event.firstTimestamp ??= null;
  event.lastTimestamp ??= null;
  event.eventTime ??= null;
  event.reportingComponent ??= '';
  event.reportingInstance ??= '';
}

const maxNote = 1024;
const namespaceText = 'does not match event.namespace';
const lengthError = (field: string, text: string, max: number): FieldError[] =>
  Buffer.byteLength(text) > max ? [invalidValue(field, '', `can have at most ${max} characters`)] : [];

/** Events of old clients have no eventTime; their namespace is that of the object, or `default` for one without. */
function namespaceErrors(event: any): FieldError[] {
  const about = event.involvedObject?.namespace ?? '';
  const own = event.metadata.namespace ?? '';
  const cluster = event.eventTime ? ['default', 'kube-system'] : ['', 'default'];
  const fine = about === '' ? cluster.includes(own) : Boolean(event.eventTime) || own === about;
  return fine ? [] : [invalidValue('involvedObject.namespace', about, namespaceText)];
}

/** Rules for events that say when they happened: who reports, what was done, why. */
function reporterErrors(event: any, reporter: string): FieldError[] {
  const errors: FieldError[] = [];
  const controller = event.reportingComponent ?? '';
  if (!controller) errors.push(required(reporter));
  pushTexts(errors, reporter, controller, isQualifiedName(controller));
  for (const field of ['reportingInstance', 'action', 'reason']) {
    const text = event[field] ?? '';
    errors.push(...(text ? lengthError(field, text, 128) : [required(field)]));
  }
  return [...errors, ...lengthError('message', event.message ?? '', maxNote)];
}

/** What both versions ask for; `reporter`: the name that the version has for who reports. */
export function validateEvent(event: any, reporter: string): FieldError[] {
  const errors = namespaceErrors(event);
  if (event.eventTime) errors.push(...reporterErrors(event, reporter));
  const namespace = event.metadata.namespace ?? '';
  pushTexts(errors, 'namespace', namespace, isDNS1123Subdomain(namespace));
  return errors;
}

const firstSeen = (e: any, now: number) => since(e.firstTimestamp || e.eventTime, now);
const lastSeen = (e: any, now: number) =>
  e.series ? since(e.series.lastObservedTime, now) : e.lastTimestamp ? since(e.lastTimestamp, now) : firstSeen(e, now);

function target(event: any): string {
  const { kind = '', name } = event.involvedObject ?? {};
  return name ? `${kind.toLowerCase()}/${name}` : kind.toLowerCase();
}

function source(event: any): string {
  const component = event.source?.component || event.reportingComponent || '';
  const instance = event.source?.host || event.reportingInstance;
  return instance ? `${component}, ${instance}` : component;
}

const about = (name: string) => (event: any) => event.involvedObject?.[name] ?? '';

export const event = defineKind({
  group: '',
  version: 'v1',
  kind: 'Event',
  plural: 'events',
  shortNames: ['ev'],
  namespaced: true,
  schema: 'io.k8s.api.core.v1.Event',
  storage: 'events',
  defaults,
  validateName: isPathSegmentName,
  validate: (object) => validateEvent(object, 'reportingComponent'),
  ttl: () => 3600,
  createOnUpdate: true,
  defaultPropagation: 'Unsupported',
  selectableFields: {
    'involvedObject.kind': about('kind'),
    'involvedObject.namespace': about('namespace'),
    'involvedObject.name': about('name'),
    'involvedObject.uid': about('uid'),
    'involvedObject.apiVersion': about('apiVersion'),
    'involvedObject.resourceVersion': about('resourceVersion'),
    'involvedObject.fieldPath': about('fieldPath'),
    reason: (e) => e.reason ?? '',
    reportingComponent: (e) => e.reportingComponent ?? '',
    source: (e) => e.source?.component || e.reportingComponent || '',
    type: (e) => e.type ?? '',
  },
  columns: [
    column('Last Seen', 'Time since it was last seen.', lastSeen),
    column('Type', 'Normal or Warning.', (e) => e.type ?? ''),
    column('Reason', 'Why it was written, in one word.', (e) => e.reason ?? ''),
    column('Object', 'What it is about.', target),
    column('Subobject', 'The part of the object that it is about.', about('fieldPath'), 1),
    column('Source', 'Who reports it.', source, 1),
    column('Message', 'What happened.', (e) => (e.message ?? '').trim()),
    column('First Seen', 'Time since it was first seen.', firstSeen, 1),
    column('Count', 'How often it was seen.', (e) => e.series?.count ?? (e.count || 1), 1),
    { ...column('Name', 'Name of the event.', (e) => e.metadata.name, 1), format: 'name' },
  ],
});

/** The kind with another time to live: what --event-ttl asks for. */
export const withTTL = (kind: Kind, seconds: number): Kind => ({ ...kind, ttl: () => seconds });
