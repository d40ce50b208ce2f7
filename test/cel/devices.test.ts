// Selectors of devices: what they may say and what it costs at most. The costs are those of upstream's own test
// (staging/src/k8s.io/dynamic-resource-allocation/cel/compile_test.go).
import { expect, test } from 'vitest';
import { parseQuantity } from '../../apimachinery/quantity.ts';
import { compile } from '../../cel/cel.ts';
import { deviceEnv } from '../../cel/environments/device.ts';
import { quantityValue } from '../../cel/libraries/quantities.ts';
import { semverValue } from '../../cel/libraries/semvers.ts';

const attributes = { 'dra.example.com': { name: true, count: 1, model: 'fish', version: semverValue('1.2.3') } };
const capacity = { 'dra.example.com': { memory: quantityValue(parseQuantity('1Mi')) } };
const device = { driver: 'dra.example.com', attributes, capacity };
const ours = 'device.attributes["dra.example.com"]';

test.each<[string, number, unknown]>([
  ['true', 0, true],
  ['"no-such-domain" in device.attributes', 3, false],
  ['device.driver == ""', 2, false],
  ['device.driver == "dra.example.com"', 4, true],
  [`${ours}.name`, 4, true],
  [`${ours}["name"]`, 4, true],
  [`cel.bind(dra, ${ours}, dra.name)`, 15, true],
  [`${ours}.count > 0`, 5, true],
  [`${ours}.model == "fish"`, 5, true],
  [`${ours}.version.isGreaterThan(semver("0.0.1"))`, 6, true],
  ['device.capacity["dra.example.com"].memory.isGreaterThan(quantity("1k"))', 6, true],
])('%s', (expression, cost, value) => {
  const compiled = compile(expression, deviceEnv('new'));
  if (!compiled.ok) throw new Error(compiled.message);
  expect(compiled.program.estimate().max).toBe(BigInt(cost));
  expect(compiled.program.evaluate({ device }, { budget: 1_000_000 }).value).toBe(value);
});

test('a number is no list', () => {
  const compiled = compile(`${ours}.count.exists(x, x > 0)`, deviceEnv('new'));
  if (!compiled.ok) throw new Error(compiled.message);
  expect(compiled.program.estimate().max).toBe(5n + 6n * 64n);
  expect(() => compiled.program.evaluate({ device }, { budget: 1000 })).toThrow(
    "got 'types.Int', expected iterable type",
  );
});
