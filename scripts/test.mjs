// `npm test`: types, lint, then every test, each as it ends; the last line counts them all. Arguments go to vitest.
// `npm run test:compose` is the compose test alone.
// With CI=true it first installs the Debian packages that tests use, and a skipped test is a failed one; but for those that hold our own
// against upstream's facts, which lie beside the checkout or do not.
// Reads the repository; writes nothing in it. Next: ../vitest.config.ts; testReporter.mjs counts.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { prepare, root } from './bootstrap.mjs';
import { hostNetwork, networkDifference } from './hostNetwork.mjs';
import { installDebianPackages, kubectlProblem } from './testMachine.mjs';

const ci = process.env.CI === 'true';
const count = { passed: 0, failed: 0, skipped: 0 };
const say = (text) => process.stdout.write(`${text}\n`);

/** Runs a program with its output shown; resolves with how it ended. */
function run(command, args, env = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: root,
      stdio: ['ignore', 'inherit', 'inherit'],
      env: { ...process.env, ...env },
    });
    child.on('error', () => resolve(127));
    child.on('exit', (code, signal) => resolve(code ?? signal));
  });
}

/** A check counts as one test. */
async function check(name, work) {
  const start = Date.now();
  let problem;
  try {
    problem = await work();
  } catch (error) {
    problem = error.message;
  }
  count[problem ? 'failed' : 'passed']++;
  say(
    `${problem ? 'FAILED' : 'ok'}  ${name} (${((Date.now() - start) / 1000).toFixed(1)} s)${typeof problem === 'string' ? `: ${problem}` : ''}`,
  );
}

/** The reporter's counts; a run that ended without them, or badly without a failed test, is one failure more. */
async function vitest(node, args) {
  const folder = mkdtempSync(join(tmpdir(), 'mini-k8s-test-'));
  const file = join(folder, 'counts.json');
  const vitestProgram = join(root, 'node_modules', 'vitest', 'vitest.mjs');
  const reporters = ['--reporter=default', `--reporter=${join(root, 'scripts', 'testReporter.mjs')}`];
  const code = await run(node, [vitestProgram, 'run', ...reporters, ...args], { MINI_K8S_TEST_COUNTS: file });
  const found = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : { passed: 0, failed: 0, skipped: [] };
  rmSync(folder, { recursive: true, force: true });
  count.passed += found.passed;
  count.failed += found.failed || (code === 0 ? 0 : 1);
  const forgiven = found.skipped.filter(
    (test) => !ci || /beside (the|this) (checkout|repository)/.test(test.name + test.why),
  );
  const wrong = found.skipped.filter((test) => !forgiven.includes(test));
  list('Skipped', forgiven);
  list('Skipped, which counts as failed here', wrong);
  count.skipped += forgiven.length;
  count.failed += wrong.length;
}

/** What many tests share is said once. */
function list(title, skipped) {
  if (skipped.length) say(`\n${title}:`);
  const lines = skipped.map(({ name, why }) => `  ${name}: ${why || 'no reason given'}`);
  for (const line of lines.slice(0, 20)) say(line);
  if (lines.length > 20) say(`  and ${lines.length - 20} more`);
}

/** The compose test comes last and alone, under CI or when asked for. */
const compose = ['--config', join(root, 'vitest.compose.config.ts')];

async function main() {
  const args = process.argv.slice(2);
  const node = await prepare({ dev: true });
  const bin = (name) => join(root, 'node_modules', '.bin', name);
  // Child programs find the same Node first: npm's programs start with `env node`.
  process.env.PATH = `${join(node, '..')}:${process.env.PATH ?? ''}`;
  if (ci) {
    await check('machine: Debian packages', () => installDebianPackages(say));
    await check('machine: kubectl', async () => kubectlProblem());
  }
  if (args.includes('--compose')) return vitest(node, [...compose, ...args.filter((a) => a !== '--compose')]);
  await check('types', async () => (await run(bin('tsc'), ['-p', '.'])) !== 0);
  await check('lint', async () => (await run(bin('biome'), ['check', '.', '--max-diagnostics=20'])) !== 0);
  const network = hostNetwork();
  await vitest(node, args);
  if (ci && !args.length) await vitest(node, compose);
  await check('host: packet filter and routes are as before', async () => networkDifference(network, hostNetwork()));
}

// Whatever happens, the last line is the count.
process.on('exit', () => {
  say(`${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped`);
  if (count.failed && !process.exitCode) process.exitCode = 1;
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    count.failed++;
    process.exit(1);
  });
}
try {
  await main();
} catch (error) {
  say(`mini-k8s: ${error?.message ?? error}`);
  count.failed++;
}
process.exit(count.failed ? 1 : 0);
