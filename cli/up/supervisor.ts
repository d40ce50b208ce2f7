// Keeps a cluster's processes running: starts them, says when they are ready, restarts what dies, stops them in order.
// Reads <data-dir>/plan.json; writes state.json and logs/. Imports as little as it can, since it stays for as long as the cluster.
// Started by commands/up.ts in its own place. Next: the main.ts of each component; waitReady.ts looks whether they are ready.
import { type ChildProcess, spawn } from 'node:child_process';
import { appendFileSync, closeSync, existsSync, openSync, readFileSync, renameSync, statSync } from 'node:fs';
import { dataDir } from './dataDir.ts';
import { lastSentence, readyLine, welcome } from './lines.ts';
import { processId } from './lock.ts';
import type { Plan, ProcessPlan } from './plan.ts';
import { type ComponentState, type State, writeState } from './state.ts';

const root = `${import.meta.dirname}/../..`;
const begun = Number(process.env['MINI_K8S_UP_BEGUN']) || Date.now();
const detached = process.env['MINI_K8S_DETACHED'] === '1';
/** Milliseconds: between SIGTERM and SIGKILL; the first and the longest wait before a restart; a run that makes the wait short again. */
const patience = 10_000;
const firstWait = 500;
const longestWait = 30_000;
const calmRun = 60_000;
/** A terminal's Ctrl-C may reach us twice, from it and from npm. */
const echo = 500;
const longestLog = 10_000_000;

interface Component {
  plan: ProcessPlan;
  state: ComponentState;
  child?: ChildProcess;
  wait: number;
  timer?: NodeJS.Timeout;
  everReady: boolean;
}

/** Loaded to fill the compile cache (warm.ts), it has nothing to supervise. */
const nothing: Plan = { server: '', kubeconfig: '', manifests: [], processes: [] };
const dir = dataDir(import.meta.main ? process.argv[2]! : '.');
const plan: Plan = import.meta.main ? JSON.parse(readFileSync(dir.plan, 'utf8')) : nothing;
const components: Component[] = plan.processes.map((p) => ({
  plan: p,
  state: { name: p.name, started: 0, ready: false, restarts: 0 },
  wait: firstWait,
  everReady: false,
}));
const state: State = {
  supervisor: processId(process.pid)!,
  server: plan.server,
  components: components.map((c) => c.state),
  ready: false,
};
let stopping = 0;

process.stdout.on('error', () => {});
/** To the terminal, and to a log that stays. */
function say(text: string): void {
  appendFileSync(`${dir.logs}/up.log`, `${new Date().toISOString()} ${text.trim()}\n`);
  process.stdout.write(`${text}\n`);
}
const save = () => writeState(dir.state, state);

function logFile(name: string): string {
  const file = `${dir.logs}/${name}.log`;
  if (existsSync(file) && statSync(file).size > longestLog) renameSync(file, `${file}.1`);
  return file;
}

function start(c: Component): void {
  const log = openSync(logFile(c.plan.name), 'a');
  const logStart = statSync(logFile(c.plan.name)).size;
  const env = {
    ...process.env,
    NODE_COMPILE_CACHE: dir.cache,
    MINI_K8S_SUPERVISOR_PID: String(process.pid),
    // Threads that take turns need no heap each.
    MALLOC_ARENA_MAX: '1',
  };
  const child = spawn(process.execPath, [...c.plan.v8, `${root}/${c.plan.program}`, ...c.plan.args], {
    cwd: dir.path,
    env,
    detached: true,
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  c.child = child;
  c.state.process = child.pid ? processId(child.pid) : undefined;
  c.state.started = Date.now();
  c.state.ready = false;
  child.once('error', (error) => ended(c, logStart, error.message));
  child.once('exit', (code, signal) => ended(c, logStart, signal ?? `exit code ${code}`));
}

function ended(c: Component, logStart: number, how: string): void {
  if (!c.child) return;
  c.child = undefined;
  c.state.process = undefined;
  c.state.ready = false;
  c.state.lastEnd = how;
  if (stopping) return;
  const why = lastSentence(readFileSync(`${dir.logs}/${c.plan.name}.log`).subarray(logStart).toString());
  // What cannot begin says why: a port in use, a store that is not there. Trying again would not mend it.
  if (!c.everReady && how === 'exit code 1') {
    say(`${c.plan.name} cannot start: ${why || `see ${dir.logs}/${c.plan.name}.log`}`);
    void stop(1);
    return;
  }
  if (Date.now() - c.state.started > calmRun) c.wait = firstWait;
  say(`${c.plan.name} has ended (${how}${why ? `: ${why}` : ''}); it starts again in ${c.wait / 1000} s.`);
  c.timer = setTimeout(() => {
    c.state.restarts++;
    start(c);
    save();
    watchReadiness([c]);
  }, c.wait);
  c.wait = Math.min(2 * c.wait, longestWait);
  save();
}

/** Another process looks, so that TLS and what else it takes is not in this one. It ends when all of them are ready. */
function watchReadiness(some: Component[]): void {
  const names = some.map((c) => c.plan.name);
  const looker = spawn(process.execPath, [`${root}/cli/up/waitReady.ts`, dir.path, ...names], {
    env: { ...process.env, NODE_COMPILE_CACHE: dir.cache, MINI_K8S_SUPERVISOR_PID: String(process.pid) },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let text = '';
  looker.stdout.on('data', (chunk) => {
    text += chunk;
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n')) {
      const name = text.slice(0, end);
      text = text.slice(end + 1);
      const c = components.find((x) => x.plan.name === name);
      if (c?.child && !c.state.ready) becameReady(c);
    }
  });
  looker.once('exit', () => {
    // It was killed, or one of them died while it looked and looks no more like the one it was asked for.
    const left = some.filter((c) => c.child && !c.state.ready);
    if (left.length && !stopping) setTimeout(() => watchReadiness(left), 1000);
  });
}

function becameReady(c: Component): void {
  c.state.ready = true;
  c.everReady = true;
  say(readyLine(c.plan, Date.now() - (c.state.restarts ? c.state.started : begun)));
  if (!state.ready && components.every((x) => x.everReady)) {
    state.ready = true;
    for (const line of welcome(plan, Date.now() - begun, process.env['PATH'] ?? '')) say(line);
    // `up --detach` reads this and goes.
    if (detached) process.stdout.write('\0\n');
  }
  save();
}

/** Another process, again, so that no YAML is read in this one. It ends when all is applied. */
function seed(): void {
  if (!plan.manifests.length || stopping) return;
  const log = openSync(logFile('seed'), 'a');
  const seeder = spawn(process.execPath, [`${root}/cli/up/seed.ts`, dir.path], {
    env: { ...process.env, NODE_COMPILE_CACHE: dir.cache, MINI_K8S_SUPERVISOR_PID: String(process.pid) },
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  seeder.once('exit', (code) => {
    if (code !== 0) setTimeout(seed, 1000);
  });
}

const living = () => components.filter((c) => c.child);

function kill(c: Component, signal: NodeJS.Signals): void {
  try {
    process.kill(-c.child!.pid!, signal);
  } catch {
    c.child?.kill(signal);
  }
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Stage by stage; what does not end in time is killed. */
async function stop(code: number): Promise<void> {
  if (stopping) return;
  stopping = Date.now();
  for (const c of components) clearTimeout(c.timer);
  for (const stage of [...new Set(components.map((c) => c.plan.stage))].sort((a, b) => b - a)) {
    const these = () => living().filter((c) => c.plan.stage === stage);
    for (const c of these()) kill(c, 'SIGTERM');
    const until = Date.now() + patience;
    while (these().length && Date.now() < until) await pause(20);
    for (const c of these()) kill(c, 'SIGKILL');
    while (these().length) await pause(20);
  }
  say('Stopped.');
  save();
  process.exit(code);
}

function onSignal(): void {
  if (!stopping) {
    say('\nStopping; once more stops at once.');
    void stop(0);
  } else if (Date.now() - stopping > echo) {
    for (const c of living()) kill(c, 'SIGKILL');
    process.exit(1);
  }
}

if (import.meta.main) {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, onSignal);
  process.on('SIGHUP', () => (detached ? undefined : onSignal()));
  for (const c of components) start(c);
  save();
  seed();
  watchReadiness(components);
}
