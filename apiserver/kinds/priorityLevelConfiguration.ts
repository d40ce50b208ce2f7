// PriorityLevelConfiguration: how much of the server's concurrency the requests of a level may take, and how the rest waits.
// Read by the API server's mechanisms. Mirrors: pkg/registry/flowcontrol/prioritylevelconfiguration, pkg/apis/flowcontrol, pkg/printers.
// Next: flowSchema.ts sends requests here.
import {
  type FieldError,
  forbiddenField,
  invalidValue,
  notSupported,
  required,
} from '../../apimachinery/fieldErrors.ts';
import { ageColumn, column, nameColumn } from './columns.ts';
import { semanticEqual } from './equal.ts';
import { mandatoryLevels } from './flowControl/bootstrapObjects.ts';
import { goStruct, statusAlone, validateStatus } from './flowControl/shared.ts';
import { defineKind } from './kind.ts';

const types: readonly string[] = ['Exempt', 'Limited'];
const responses: readonly string[] = ['Queue', 'Reject'];
const mostQueues = 10_000_000;
/** A hand of queues is dealt by a hash of so many bits. */
const hashBits = 60;

function defaults(level: any): void {
  level.spec ??= {};
  const { exempt, limited } = level.spec;
  if (exempt) {
    exempt.nominalConcurrencyShares ??= 0;
    exempt.lendablePercent ??= 0;
  }
  if (!limited) return;
  limited.nominalConcurrencyShares ??= 30;
  limited.lendablePercent ??= 0;
  limited.limitResponse ??= { type: '' };
  const { queuing } = limited.limitResponse;
  if (!queuing) return;
  queuing.queues ||= 64;
  queuing.handSize ||= 8;
  queuing.queueLengthLimit ||= 50;
}

const shownQueuing = (q: any) =>
  goStruct({ Queues: q.queues, HandSize: q.handSize, QueueLengthLimit: q.queueLengthLimit });
const shownLimited = (l: any) =>
  goStruct({
    NominalConcurrencyShares: l.nominalConcurrencyShares,
    LimitResponse: goStruct({
      Type: l.limitResponse?.type ?? '',
      Queuing: l.limitResponse?.queuing && shownQueuing(l.limitResponse.queuing),
    }),
    LendablePercent: l.lendablePercent,
    BorrowingLimitPercent: l.borrowingLimitPercent,
  });
const shownExempt = (e: any) =>
  goStruct({ NominalConcurrencyShares: e.nominalConcurrencyShares, LendablePercent: e.lendablePercent });
const shownSpec = ({ type, limited, exempt }: any) =>
  goStruct({ Type: type, Limited: limited && shownLimited(limited), Exempt: exempt && shownExempt(exempt) });

function checkShares(errors: FieldError[], field: string, shares: any): void {
  const { nominalConcurrencyShares: nominal, lendablePercent: lendable } = shares;
  if (nominal < 0)
    errors.push(invalidValue(`${field}.nominalConcurrencyShares`, nominal, 'must be a non-negative integer'));
  if (lendable < 0 || lendable > 100)
    errors.push(invalidValue(`${field}.lendablePercent`, lendable, 'must be between 0 and 100, inclusive'));
}

function checkQueuing(errors: FieldError[], field: string, { queues, handSize, queueLengthLimit }: any): void {
  const refuse = (name: string, value: number, text: string) =>
    errors.push(invalidValue(`${field}.${name}`, value, text));
  if (queueLengthLimit <= 0) refuse('queueLengthLimit', queueLengthLimit, 'must be positive');
  if (queues <= 0) refuse('queues', queues, 'must be positive');
  else if (queues > mostQueues) refuse('queues', queues, `must not be greater than ${mostQueues}`);
  if (handSize <= 0) refuse('handSize', handSize, 'must be positive');
  else if (handSize > queues) refuse('handSize', handSize, `should not be greater than queues (${queues})`);
  else if (Math.ceil(Math.log2(queues) * handSize) > hashBits) {
    const what = `required entropy bits of deckSize ${queues} and handSize ${handSize}`;
    refuse('handSize', handSize, `${what} should not be greater than ${hashBits}`);
  }
}

/** The texts name `Limited` where they mean `Queue`, as upstream's do. */
function checkResponse(errors: FieldError[], field: string, { type = '', queuing }: any): void {
  const at = `${field}.queuing`;
  if (!responses.includes(type)) errors.push(notSupported(`${field}.type`, type, responses));
  else if (type === 'Reject') {
    if (queuing) errors.push(forbiddenField(at, 'must be nil if limited.limitResponse.type is not Limited'));
  } else if (!queuing) errors.push(required(at, 'must not be empty if limited.limitResponse.type is Limited'));
  else checkQueuing(errors, at, queuing);
}

function checkLimited(errors: FieldError[], limited: any): void {
  const field = 'spec.limited';
  const { nominalConcurrencyShares, lendablePercent, borrowingLimitPercent: borrowing } = limited;
  checkShares(errors, field, { nominalConcurrencyShares });
  checkResponse(errors, `${field}.limitResponse`, limited.limitResponse);
  checkShares(errors, field, { lendablePercent });
  if (borrowing < 0)
    errors.push(
      invalidValue(`${field}.borrowingLimitPercent`, borrowing, 'if specified, must be a non-negative integer'),
    );
}

function checkSpec(errors: FieldError[], name: string, { type = '', limited, exempt }: any): void {
  if ((name === 'exempt') !== (type === 'Exempt'))
    errors.push(invalidValue('spec.type', type, "type must be 'Exempt' if and only if name is 'exempt'"));
  if (!types.includes(type)) return void errors.push(notSupported('spec.type', type, types));
  if (type === 'Exempt') {
    if (limited) errors.push(forbiddenField('spec.limited', 'must be nil if the type is not Limited'));
    if (exempt) checkShares(errors, 'spec.exempt', exempt);
    return;
  }
  if (exempt) errors.push(forbiddenField('spec.exempt', 'must be nil if the type is Limited'));
  if (limited) checkLimited(errors, limited);
  else errors.push(required('spec.limited', 'must not be empty when type is Limited'));
}

const withoutExempt = ({ exempt: _, ...spec }: any) => spec;

function checkMandatory(errors: FieldError[], name: string, spec: any): void {
  const fixed = mandatoryLevels.find((each) => each.metadata.name === name);
  if (!fixed || semanticEqual(withoutExempt(spec), withoutExempt(fixed.spec))) return;
  const except = name === 'exempt' ? " except the 'spec.exempt' field" : '';
  errors.push(invalidValue('spec', shownSpec(spec), `spec of '${name}'${except} must equal the fixed value`));
}

function validate(level: any): FieldError[] {
  const errors: FieldError[] = [];
  const { name = '' } = level.metadata;
  checkSpec(errors, name, level.spec);
  checkMandatory(errors, name, level.spec);
  return [...errors, ...validateStatus(level)];
}

const queuing = (name: string) => (level: any) => level.spec?.limited?.limitResponse?.queuing?.[name] ?? '<none>';

export const priorityLevelConfiguration = defineKind({
  group: 'flowcontrol.apiserver.k8s.io',
  version: 'v1',
  kind: 'PriorityLevelConfiguration',
  plural: 'prioritylevelconfigurations',
  namespaced: false,
  schema: 'io.k8s.api.flowcontrol.v1.PriorityLevelConfiguration',
  storage: 'prioritylevelconfigurations',
  defaults,
  validate,
  generation: (level, old) => !semanticEqual(level.spec, old.spec),
  subresources: [statusAlone],
  columns: [
    nameColumn,
    column('Type', 'Whether its requests are limited.', (o) => o.spec?.type ?? ''),
    column(
      'NominalConcurrencyShares',
      'Its part of the concurrency, beside those of the other levels.',
      (o) => o.spec?.limited?.nominalConcurrencyShares ?? '<none>',
    ),
    column('Queues', 'How many queues there are.', queuing('queues')),
    column('HandSize', 'How many of them a flow may use.', queuing('handSize')),
    column('QueueLengthLimit', 'How many requests wait in one.', queuing('queueLengthLimit')),
    ageColumn,
  ],
});
