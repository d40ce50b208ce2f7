import { expect, it } from 'vitest';
import { isEnabled } from '../../controllers/controllers.ts';

it.each([
  ['job-controller', ['job'], true],
  ['job-controller', ['*', '-job'], false],
  ['cronjob-controller', ['*', '-job'], true],
  ['pod-garbage-collector-controller', ['podgc'], true],
  ['certificatesigningrequest-signing-controller', ['*', '-csrsigning'], false],
  ['job-controller', ['constructor'], false],
])('%s with %j: %s', (name, wanted, on) => {
  expect(isEnabled(name, wanted)).toBe(on);
});
