import { expect, test } from 'vitest';
import { createFeatureGates, defaultFeatureGates, featureGateHelp } from '../../component-base/featureGates.ts';

test('each gate as v1.35 has it', () => {
  expect(defaultFeatureGates.enabled('CBORServingAndStorage')).toBe(false);
  expect(defaultFeatureGates.enabled('DRAPrioritizedList')).toBe(true);
  const list = defaultFeatureGates.list();
  expect(new Set(list.map((gate) => gate.name)).size).toBe(list.length);
  expect(list.map((gate) => gate.name)).toEqual(list.map((gate) => gate.name).toSorted());
  expect(list.filter((gate) => gate.stage === 'ALPHA' && gate.enabled)).toEqual([]);
  expect(list.find((gate) => gate.name === 'SidecarContainers')).toMatchObject({ stage: '', enabled: true });
  expect(featureGateHelp()).toContain('kube:HPAScaleToZero=true|false (ALPHA - default=false)');
  expect(() => defaultFeatureGates.enabled('Odd')).toThrow('not registered');
});

test('the flag turns gates on and off, alone or all of a stage', () => {
  expect(createFeatureGates({ HPAScaleToZero: 'true' }).enabled('HPAScaleToZero')).toBe(true);
  expect(createFeatureGates({ 'kube:WatchList': 'F' }).enabled('WatchList')).toBe(false);
  const all = createFeatureGates({ AllAlpha: 'true', MemoryQoS: 'false' });
  expect([all.enabled('ContainerStopSignals'), all.enabled('MemoryQoS'), all.enabled('SELinuxMount')]).toEqual([
    true,
    false,
    false,
  ]);
  expect(createFeatureGates({ SidecarContainers: 'true' }).enabled('SidecarContainers')).toBe(true);
});

test.each<[Record<string, string>, string]>([
  [{ Odd: 'true' }, 'invalid argument "Odd=true" for "--feature-gates" flag: unrecognized feature gate: Odd'],
  [
    { MemoryQoS: 'yes' },
    'invalid argument "MemoryQoS=yes" for "--feature-gates" flag: invalid value of MemoryQoS=yes, err: strconv.ParseBool: parsing "yes": invalid syntax',
  ],
  [
    { SidecarContainers: 'false' },
    'invalid argument "SidecarContainers=false" for "--feature-gates" flag: cannot set feature gate SidecarContainers to false, feature is locked to true',
  ],
  [
    { 'wardle:A': 'true' },
    'invalid argument "wardle:A=true" for "--feature-gates" flag: component not registered: wardle',
  ],
  [
    { GangScheduling: 'true' },
    'invalid feature gates: GangScheduling is enabled, but depends on features that are disabled: [GenericWorkload]',
  ],
])('refused: %o', (flag, text) => {
  expect(() => createFeatureGates(flag)).toThrow(text);
});
