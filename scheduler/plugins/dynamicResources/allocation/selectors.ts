// Does a device match the selectors of a class or of a request? CEL, compiled once and evaluated within a cost limit.
// Mirrors: selectorsMatch in staging/src/k8s.io/dynamic-resource-allocation/structured/internal, cel/cache.go.
// Used by: requests.ts. Next: cel/cel.ts.
import type { Device, DeviceSelector } from '../../../../apimachinery/types.ts';
import { type CelCompiled, compile } from '../../../../cel/cel.ts';
import { deviceEnv } from '../../../../cel/environments/device.ts';
import { deviceValueOf } from './deviceValue.ts';
import { AllocationError, type DeviceId } from './types.ts';

/** Upstream's CELSelectorExpressionMaxCost, of one evaluation. */
const highestCost = 1_000_000;
/** Programs kept; upstream keeps ten. */
const mostKept = 100;

/** Compiled expressions; the one that was used longest ago goes first. */
export interface SelectorCache {
  get(expression: string): CelCompiled;
}

export function createSelectorCache(): SelectorCache {
  const kept = new Map<string, CelCompiled>();
  return {
    get(expression) {
      const found = kept.get(expression) ?? compile(expression, deviceEnv('stored'));
      kept.delete(expression);
      kept.set(expression, found);
      if (kept.size > mostKept) kept.delete(kept.keys().next().value!);
      return found;
    },
  };
}

/** `owner` is whose selectors they are, for errors: `class gpu` or `claim ns/name`. Throws AllocationError when one cannot be told. */
export function selectorsMatch(
  selectors: readonly DeviceSelector[],
  device: Device,
  id: DeviceId,
  owner: string,
  cache: SelectorCache,
): boolean {
  return selectors.every(({ cel }, i) => {
    const compiled = cache.get(cel!.expression);
    if (!compiled.ok) throw new AllocationError(`${owner}: selector #${i}: CEL compile error: ${compiled.message}`);
    const budget = { budget: highestCost };
    try {
      const { value } = compiled.program.evaluate({ device: deviceValueOf(device, id.driver) }, budget);
      if (typeof value === 'boolean') return value;
      throw new Error(`CEL expression must evaluate to bool, not ${typeof value}`);
    } catch (error) {
      const text = withHint((error as Error).message);
      throw new AllocationError(`${owner}: selector #${i} on device ${id.key}: CEL runtime error: ${text}`);
    }
  });
}

const withHint = (message: string): string =>
  message.startsWith('no such key:')
    ? `${message}. Consider using CEL optional chaining (?), has() macro, or orValue() for optional fields`
    : message;
