// LimitRange: bounds and defaults of what single pods, containers and claims of a namespace ask for.
// Read by the API server's mechanisms. Mirrors: ValidateLimitRange in pkg/apis/core/validation, pkg/registry/core/limitrange.
// Next: admission holds new objects to it.

import { randomUUID } from 'node:crypto';
import { duplicate, type FieldError, forbiddenField, invalidValue, required } from '../../apimachinery/fieldErrors.ts';
import { isQualifiedName } from '../../apimachinery/names.ts';
import { ownValue } from '../../apimachinery/ownValue.ts';
import {
  compareQuantities,
  milliValue,
  parseQuantity,
  type Quantity,
  quantityOf,
  quantityText,
} from '../../apimachinery/quantity.ts';
import { pushTexts } from './check.ts';
import { createdColumn, nameColumn } from './columns.ts';
import { defineKind } from './kind.ts';
import { mayOvercommit } from './pod/resourceNames.ts';
import { checkContainerName, checkName } from './pod/resources.ts';
import { roundAmounts } from './resourceLists.ts';

const types: readonly string[] = ['Pod', 'Container', 'PersistentVolumeClaim'];
const lists = ['max', 'min', 'default', 'defaultRequest', 'maxLimitRequestRatio'] as const;

/** A container's limit is the maximum unless said otherwise, its request the limit, or else the minimum. */
function defaultItem(item: any): void {
  for (const list of lists) roundAmounts(item[list]);
  if (item.type !== 'Container') return;
  item.default = { ...item.max, ...item.default };
  item.defaultRequest = { ...item.min, ...item.default, ...item.defaultRequest };
}

function checkType(errors: FieldError[], field: string, type: string): void {
  const texts = isQualifiedName(type);
  pushTexts(errors, field, type, texts);
  if (!texts.length && !type.includes('/') && !types.includes(type))
    errors.push(invalidValue(field, type, 'must be a standard limit type or fully qualified'));
}

function checkNames(errors: FieldError[], field: string, item: any): void {
  const check = item.type === 'Pod' || item.type === 'Container' ? checkContainerName : checkName;
  for (const list of lists) {
    const names = Object.keys(item[list] ?? {});
    if (item.type === 'Pod' && list.startsWith('default')) {
      if (names.length) errors.push(forbiddenField(`${field}.${list}`, "may not be specified when `type` is 'Pod'"));
    } else for (const name of names) check(errors, `${field}.${list}[${name}]`, name);
  }
  const isClaim = item.type === 'PersistentVolumeClaim';
  if (isClaim && item.min?.storage === undefined && item.max?.storage === undefined)
    errors.push(
      required(`${field}.limits`, 'either minimum or maximum storage value is required, but neither was provided'),
    );
}

type List = (typeof lists)[number];
type Amounts = Partial<Record<List, Quantity>>;
const text = quantityText;

/** Which amount may not exceed which, how they are called, and at which of all lists that is said of which value. */
const order: readonly (readonly [low: List, high: List, lowName: string, highName: string, at: List, value: List])[] = [
  ['min', 'max', 'min', 'max', 'min', 'min'],
  ['min', 'defaultRequest', 'min', 'default request', 'defaultRequest', 'defaultRequest'],
  ['defaultRequest', 'max', 'default request', 'max', 'defaultRequest', 'defaultRequest'],
  ['defaultRequest', 'default', 'default request', 'default limit', 'defaultRequest', 'defaultRequest'],
  ['min', 'default', 'min', 'default', 'default', 'min'],
  ['default', 'max', 'default', 'max', 'default', 'max'],
];

/** What is said of one resource must fit together. */
function checkOrder(errors: FieldError[], field: string, name: string, amounts: Amounts): void {
  for (const [low, high, lowName, highName, at, value] of order) {
    const [less, more] = [amounts[low], amounts[high]];
    if (!less || !more || compareQuantities(less, more) <= 0) continue;
    const why = `${lowName} value ${text(less)} is greater than ${highName} value ${text(more)}`;
    errors.push(invalidValue(`${field}.${at}[${name}]`, text(amounts[value]!), why));
  }
  checkRatio(errors, `${field}.maxLimitRequestRatio[${name}]`, amounts);
  const { default: limit, defaultRequest: request } = amounts;
  if (!mayOvercommit(name) && limit && request && compareQuantities(limit, request) !== 0)
    errors.push(
      invalidValue(
        `${field}.defaultRequest[${name}]`,
        text(request),
        `default value ${text(limit)} must equal to defaultRequest value ${text(request)} in ${name}`,
      ),
    );
}

function checkRatio(errors: FieldError[], field: string, { min, max, maxLimitRequestRatio: ratio }: Amounts): void {
  if (!ratio) return;
  if (compareQuantities(ratio, quantityOf(1)) < 0)
    errors.push(invalidValue(field, text(ratio), `ratio ${text(ratio)} is less than 1`));
  if (!min || !max) return;
  const widest = milliValue(max) / milliValue(min);
  if (milliValue(ratio) / 1000 > widest)
    errors.push(
      invalidValue(field, text(ratio), `ratio ${text(ratio)} is greater than max/min = ${widest.toFixed(6)}`),
    );
}

function checkItem(errors: FieldError[], field: string, item: any): void {
  checkNames(errors, field, item);
  const names = new Set(lists.flatMap((list) => Object.keys(item[list] ?? {})));
  for (const name of names) {
    const of = (list: List) => {
      const hidden = item.type === 'Pod' && list.startsWith('default');
      const amount = ownValue<string>(item[list], name);
      return hidden || amount === undefined ? undefined : parseQuantity(amount);
    };
    checkOrder(errors, field, name, Object.fromEntries(lists.map((list) => [list, of(list)])));
  }
}

function validate(object: any): FieldError[] {
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  (object.spec.limits ?? []).forEach((item: any, i: number) => {
    const field = `spec.limits[${i}]`;
    const type = item.type ?? '';
    checkType(errors, `${field}.type`, type);
    if (seen.has(type)) errors.push(duplicate(`${field}.type`, type));
    seen.add(type);
    checkItem(errors, field, item);
  });
  return errors;
}

export const limitRange = defineKind({
  group: '',
  version: 'v1',
  kind: 'LimitRange',
  plural: 'limitranges',
  shortNames: ['limits'],
  namespaced: true,
  schema: 'io.k8s.api.core.v1.LimitRange',
  storage: 'limitranges',
  defaults: (object) => {
    object.spec ??= {};
    // Go writes the list out, empty or not.
    object.spec.limits ??= null;
    for (const item of object.spec.limits ?? []) defaultItem(item);
  },
  prepareCreate: ({ metadata }) => {
    metadata.name ||= randomUUID();
  },
  validate,
  createOnUpdate: true,
  columns: [nameColumn, createdColumn],
});
