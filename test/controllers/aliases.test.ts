import { expect, it } from 'vitest';
import { parseFlags } from '../../component-base/flags.ts';
import { enabledControllers, rows } from '../../controllers/controllers.ts';
import { flags } from '../../controllers/flags.ts';
import { isEnabled } from '../../controllers/isEnabled.ts';
import { checkNames, knownControllers } from '../../controllers/names.ts';

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

it.each([
  ['bootstrap-signer-controller', ['*'], false],
  ['bootstrap-signer-controller', ['*', 'bootstrapsigner'], true],
  ['token-cleaner-controller', ['tokencleaner'], true],
])('%s is off unless it is named: %j', (name, wanted, on) => {
  expect(isEnabled(name, wanted)).toBe(on);
});

it('refuses names that are none, and takes those of upstream that run nothing here', () => {
  expect(() => checkNames(['*', '-nosuch'])).toThrow('"nosuch" is not in the list of known controllers');
  expect(() => checkNames(['*', '-job', 'csrsigning', 'storageversion-garbage-collector-controller'])).not.toThrow();
});

it('every controller that there is has one of upstream’s names', () => {
  const { config } = parseFlags(flags, []);
  const made = rows.map((row) => row(config, '')).filter((c) => c !== undefined);
  expect(made.map((c) => c.name).filter((name) => !knownControllers.includes(name))).toEqual([]);
  expect(new Set(made.map((c) => c.name)).size).toBe(made.length);
});

it.each([
  [['--cluster-cidr=10.0.0.0/16,10.1.0.0/16'], '--cluster-cidr 10.0.0.0/16,10.1.0.0/16: give one range'],
  [
    ['--cluster-cidr=10.0.0.0/16', '--service-cluster-ip-range=fd00::/112,fd01::/112'],
    '--service-cluster-ip-range fd00',
  ],
  [['--cluster-cidr=10.0.0.0/25'], 'smaller than a node'],
  [[], 'needs --cluster-cidr'],
])('ranges of nodes: %j', (args, text) => {
  const { config } = parseFlags(flags, ['--allocate-node-cidrs', ...args]);
  expect(() => enabledControllers(config)).toThrow(text);
});
