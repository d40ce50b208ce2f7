// What an autoscaler measures: exactly one source a metric, each with its own target.
// Mirrors: validateMetricSpec and its sources in pkg/apis/autoscaling/validation/validation.go. Called by: validation.ts.
import {
  type FieldError,
  forbiddenField,
  invalidValue,
  notSupported,
  required,
} from '../../../apimachinery/fieldErrors.ts';
import { isDNS1123Label } from '../../../apimachinery/names.ts';
import { parseQuantity, signOf } from '../../../apimachinery/quantity.ts';
import { pushTexts } from '../check.ts';
import { checkContainerName } from '../pod/resources.ts';
import { checkReference, checkSegment, type ReferenceRules } from './reference.ts';

type Check = (errors: FieldError[], field: string, source: any, rules: ReferenceRules) => void;

const targetTypes: readonly string[] = ['Utilization', 'Value', 'AverageValue'];

function checkTarget(errors: FieldError[], field: string, target: any = {}): void {
  const { type = '', averageUtilization } = target;
  if (!type) errors.push(required(`${field}.type`, 'must specify a metric target type'));
  if (!targetTypes.includes(type))
    errors.push(invalidValue(`${field}.type`, type, 'must be either Utilization, Value, or AverageValue'));
  for (const name of ['value', 'averageValue'])
    if (target[name] !== undefined && signOf(parseQuantity(target[name])) !== 1)
      errors.push(invalidValue(`${field}.${name}`, target[name], 'must be positive'));
  if (averageUtilization < 1)
    errors.push(invalidValue(`${field}.averageUtilization`, averageUtilization, 'must be greater than 0'));
}

const checkMetricName = (errors: FieldError[], field: string, metric: any): void =>
  checkSegment(errors, `${field}.metric.name`, metric?.name ?? '', 'must specify a metric name');

const isMissing = (target: any, ...names: string[]) => names.every((name) => target?.[name] === undefined);
const hasBoth = (target: any, a: string, b: string) => target?.[a] !== undefined && target?.[b] !== undefined;

function checkUtilization(errors: FieldError[], field: string, target: any): void {
  checkTarget(errors, field, target);
  if (isMissing(target, 'averageUtilization', 'averageValue'))
    errors.push(required(`${field}.averageUtilization`, 'must set either a target raw value or a target utilization'));
  if (hasBoth(target, 'averageUtilization', 'averageValue'))
    errors.push(
      forbiddenField(`${field}.averageValue`, 'may not set both a target raw value and a target utilization'),
    );
}

const object: Check = (errors, field, { describedObject, metric, target }, rules) => {
  checkReference(errors, `${field}.describedObject`, describedObject, rules);
  checkMetricName(errors, field, metric);
  checkTarget(errors, `${field}.target`, target);
  if (isMissing(target, 'value', 'averageValue'))
    errors.push(required(`${field}.target.averageValue`, 'must set either a target value or averageValue'));
};

const external: Check = (errors, field, { metric, target }) => {
  checkMetricName(errors, field, metric);
  checkTarget(errors, `${field}.target`, target);
  if (isMissing(target, 'value', 'averageValue'))
    errors.push(
      required(`${field}.target.averageValue`, 'must set either a target value for metric or a per-pod target'),
    );
  if (hasBoth(target, 'value', 'averageValue'))
    errors.push(
      forbiddenField(`${field}.target.value`, 'may not set both a target value for metric and a per-pod target'),
    );
};

const pods: Check = (errors, field, { metric, target }) => {
  checkMetricName(errors, field, metric);
  checkTarget(errors, `${field}.target`, target);
  if (isMissing(target, 'averageValue'))
    errors.push(required(`${field}.target.averageValue`, 'must specify a positive target averageValue'));
};

const resource: Check = (errors, field, { name, target }) => {
  if (!name) errors.push(required(`${field}.name`, 'must specify a resource name'));
  checkUtilization(errors, `${field}.target`, target);
};

const containerResource: Check = (errors, field, { name, container, target }) => {
  if (!name) errors.push(required(`${field}.name`, 'must specify a resource name'));
  else checkContainerName(errors, `${field}.name`, name);
  if (!container) errors.push(required(`${field}.container`, 'must specify a container'));
  else pushTexts(errors, `${field}.container`, container, isDNS1123Label(container));
  checkUtilization(errors, `${field}.target`, target);
};

/** In the order in which upstream looks at them: only the first that is there is checked. */
const sources: Readonly<Record<string, Check>> = { object, external, pods, resource, containerResource };
const fieldOf: Readonly<Record<string, string>> = {
  ContainerResource: 'containerResource',
  External: 'external',
  Object: 'object',
  Pods: 'pods',
  Resource: 'resource',
};
const types = Object.keys(fieldOf);

export function checkMetric(errors: FieldError[], field: string, metric: any, rules: ReferenceRules): void {
  const type: string = metric.type ?? '';
  if (!type) errors.push(required(`${field}.type`, 'must specify a metric source type'));
  if (!types.includes(type)) errors.push(notSupported(`${field}.type`, type, types));
  const present = Object.keys(sources).filter((name) => metric[name] !== undefined);
  const first = present[0];
  if (first) sources[first]!(errors, `${field}.${first}`, metric[first], rules);
  const expected = Object.hasOwn(fieldOf, type) ? fieldOf[type] : undefined;
  if (!expected) errors.push(notSupported(`${field}.type`, type, types));
  else if (!present.includes(expected))
    errors.push(required(`${field}.${expected}`, 'must populate information for the given metric source'));
  if (present.length === 1) return;
  for (const name of present)
    if (name !== expected)
      errors.push(forbiddenField(`${field}.${name}`, 'must populate the given metric source only'));
}
