// The shapes inside autoscaling/v1's annotations: metrics with flat names, and the behavior under its Go names.
// Mirrors: pkg/apis/autoscaling/v1/conversion.go (sources, statuses) and the internal type that upstream writes as the behavior's JSON.
// Called by: v1Form.ts.

/** Without what is undefined; JSON in the order of Go's fields. */
const defined = (object: Record<string, unknown>): any =>
  Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));

const reference = ({ kind = '', name = '', apiVersion }: any = {}) =>
  defined({ kind, name, apiVersion: apiVersion || undefined });
const identifier = (metricName: string, selector: unknown) => defined({ name: metricName, selector });
const isZero = (amount: unknown) => amount === undefined || amount === '0' || amount === 0;

type Convert = (source: any) => any;
type Both = { to: Convert; from: Convert };

const utilization = (more: (source: any) => object): Both => ({
  to: (source) =>
    defined({
      name: source.name,
      targetAverageUtilization: source.target?.averageUtilization,
      targetAverageValue: source.target?.averageValue,
      ...more(source),
    }),
  from: (source) => ({
    ...more(source),
    name: source.name,
    target: defined({
      type: source.targetAverageUtilization === undefined ? 'AverageValue' : 'Utilization',
      averageUtilization: source.targetAverageUtilization,
      averageValue: source.targetAverageValue,
    }),
  }),
});

const specs: Record<string, Both> = {
  object: {
    to: ({ describedObject, metric, target }) =>
      defined({
        target: reference(describedObject),
        metricName: metric?.name ?? '',
        targetValue: target?.value ?? '0',
        selector: metric?.selector,
        averageValue: target?.averageValue,
      }),
    from: ({ target, metricName, targetValue, selector, averageValue }) => ({
      describedObject: reference(target),
      metric: identifier(metricName, selector),
      target: defined({
        type: averageValue === undefined ? 'Value' : 'AverageValue',
        value: averageValue !== undefined && isZero(targetValue) ? undefined : targetValue,
        averageValue,
      }),
    }),
  },
  pods: {
    to: ({ metric, target }) =>
      defined({
        metricName: metric?.name ?? '',
        targetAverageValue: target?.averageValue ?? '0',
        selector: metric?.selector,
      }),
    from: ({ metricName, targetAverageValue, selector }) => ({
      metric: identifier(metricName, selector),
      target: defined({ type: 'AverageValue', averageValue: targetAverageValue }),
    }),
  },
  resource: utilization(() => ({})),
  containerResource: utilization(({ container }) => ({ container })),
  external: {
    to: ({ metric, target }) =>
      defined({
        metricName: metric?.name ?? '',
        metricSelector: metric?.selector,
        targetValue: target?.value,
        targetAverageValue: target?.averageValue,
      }),
    from: ({ metricName, metricSelector, targetValue, targetAverageValue }) => ({
      metric: identifier(metricName, metricSelector),
      target: defined({
        type: targetValue === undefined ? 'AverageValue' : 'Value',
        value: targetValue,
        averageValue: targetAverageValue,
      }),
    }),
  },
};

const used = (more: (source: any) => object): Both => ({
  to: (source) =>
    defined({
      name: source.name,
      currentAverageUtilization: source.current?.averageUtilization,
      currentAverageValue: source.current?.averageValue ?? '0',
      ...more(source),
    }),
  from: (source) => ({
    ...more(source),
    name: source.name,
    current: defined({
      averageUtilization: source.currentAverageUtilization,
      averageValue: source.currentAverageValue,
    }),
  }),
});

const statuses: Record<string, Both> = {
  object: {
    to: ({ describedObject, metric, current }) =>
      defined({
        target: reference(describedObject),
        metricName: metric?.name ?? '',
        currentValue: current?.value ?? '0',
        selector: metric?.selector,
        averageValue: current?.averageValue,
      }),
    from: ({ target, metricName, currentValue, selector, averageValue }) => ({
      describedObject: reference(target),
      metric: identifier(metricName, selector),
      current: defined({ value: currentValue, averageValue }),
    }),
  },
  pods: {
    to: ({ metric, current }) =>
      defined({
        metricName: metric?.name ?? '',
        currentAverageValue: current?.averageValue ?? '0',
        selector: metric?.selector,
      }),
    from: ({ metricName, currentAverageValue, selector }) => ({
      metric: identifier(metricName, selector),
      current: defined({ averageValue: currentAverageValue }),
    }),
  },
  resource: used(() => ({})),
  containerResource: used(({ container }) => ({ container })),
  external: {
    to: ({ metric, current }) =>
      defined({
        metricName: metric?.name ?? '',
        metricSelector: metric?.selector,
        currentValue: current?.value ?? '0',
        currentAverageValue: current?.averageValue,
      }),
    from: ({ metricName, metricSelector, currentValue, currentAverageValue }) => ({
      metric: identifier(metricName, metricSelector),
      current: defined({ value: currentValue, averageValue: currentAverageValue }),
    }),
  },
};

const convert = (shapes: Record<string, Both>, way: keyof Both) => (metric: any) =>
  defined({
    type: metric?.type ?? '',
    ...Object.fromEntries(
      Object.entries(shapes).map(([name, both]) => [name, metric?.[name] && both[way](metric[name])]),
    ),
  });

export const metricToV1: Convert = convert(specs, 'to');
export const metricFromV1: Convert = convert(specs, 'from');
export const statusToV1: Convert = convert(statuses, 'to');
export const statusFromV1: Convert = convert(statuses, 'from');

const upper = (name: string) => name.charAt(0).toUpperCase() + name.slice(1);
const ruleFields = ['stabilizationWindowSeconds', 'selectPolicy', 'policies', 'tolerance'];
const policyFields = ['type', 'value', 'periodSeconds'];

const named = (fields: readonly string[], object: any) =>
  Object.fromEntries(fields.map((field) => [upper(field), object[field] ?? null]));

function rulesText(rules: any): any {
  if (!rules) return null;
  const policies = rules.policies?.map((policy: any) => named(policyFields, policy));
  return named(ruleFields, { ...rules, policies });
}

/** The behavior as Go's encoder writes a type without JSON names. */
export const behaviorText = ({ scaleUp, scaleDown }: any): string =>
  JSON.stringify({ ScaleUp: rulesText(scaleUp), ScaleDown: rulesText(scaleDown) });

/** Go reads names in any case; what is null was not set. */
function lowered(value: any): any {
  if (Array.isArray(value)) return value.map(lowered);
  if (!value || typeof value !== 'object') return value;
  const known = [...ruleFields, ...policyFields, 'scaleUp', 'scaleDown'];
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, inner]) => {
      const name = known.find((each) => each.toLowerCase() === key.toLowerCase());
      return name && inner !== null ? [[name, lowered(inner)]] : [];
    }),
  );
}

/** Undefined when the text is none, or says nothing. */
export function readBehavior(text: string | undefined): any {
  if (!text) return undefined;
  try {
    const behavior = lowered(JSON.parse(text));
    return behavior && typeof behavior === 'object' && !Array.isArray(behavior) && Object.keys(behavior).length
      ? behavior
      : undefined;
  } catch {
    return undefined;
  }
}
