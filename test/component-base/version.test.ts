// --version: what a daemon prints for it, and the version that it reports once it is given another.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, it } from 'vitest';
import { version } from '../../apiserver/version.ts';
import { readVersionFlag, reportedVersion, setReportedVersion } from '../../component-base/version.ts';

const before = reportedVersion();
afterAll(() => setReportedVersion(before));

it.each([
  [['--version'], 'Kubernetes v1.35.0\n'],
  [['--v=2', '--version=true'], 'Kubernetes v1.35.0\n'],
  [['--version=raw'], `version.Info{Major:"1", Minor:"35", GitVersion:"${before}"}\n`],
  [['--version=false', '--v=2'], undefined],
])('%j', (argv, text) => {
  const read = readVersionFlag(argv);
  expect(read.text).toBe(text);
  expect(read.argv).toEqual(argv.filter((a) => !a.startsWith('--version')));
});

it('another build of the same version is what is reported from then on', () => {
  expect(readVersionFlag(['--v=2', '--version=v1.35.0-custom'])).toEqual({ argv: ['--v=2'] });
  expect(JSON.parse(JSON.stringify(version))).toMatchObject({ gitVersion: 'v1.35.0-custom', minor: '35' });
});

it.each([
  ['v1.36.0', 'must match major/minor/patch of default version "v1.35.0"'],
  ['vx', 'could not parse'],
  ['what', 'must be true, false, raw'],
])('%s is refused', (value, why) => {
  expect(() => readVersionFlag([`--version=${value}`])).toThrow(why);
});

it('a daemon prints it, and refuses what it is not', async () => {
  const main = fileURLToPath(new URL('../../scheduler/main.ts', import.meta.url));
  const run = (flag: string) =>
    new Promise<string[]>((done) => {
      execFile(process.execPath, [main, flag], (error, out, errors) => done([out + errors, String(error?.code ?? 0)]));
    });
  const [printed, refused] = await Promise.all([run('--version'), run('--version=v9.0.0')]);
  expect(printed).toEqual(['Kubernetes v1.35.0\n', '0']);
  expect(refused).toEqual([
    expect.stringMatching(/^kube-scheduler: invalid argument "v9.0.0" for --version: .*\n$/),
    '1',
  ]);
});
