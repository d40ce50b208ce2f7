// All that must be there before the first process starts: folders, lock, keys, kubeconfigs, compile cache, plan.
// Writes the data directory. This process then becomes the supervisor, so that nothing of what was loaded here stays in memory.
// Next: supervisor.ts.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { UsageError } from '../../component-base/flags.ts';
import { missingPki, nothingMissing } from '../pki/checkPki.ts';
import { namesOfAddress, type PkiOptions } from '../pki/identities.ts';
import { writeKubeconfig } from '../pki/kubeconfig.ts';
import { writePublic } from '../pki/writeFile.ts';
import type { DataDir } from './dataDir.ts';
import type { UpOptions } from './flags.ts';
import { freePorts, portProblem } from './freePorts.ts';
import { isAlive, takeLock } from './lock.ts';
import { kubeconfigOf, makePlan, type Plan } from './plan.ts';
import { readState } from './state.ts';
import { warmCompileCache } from './warm.ts';

/** Throws UsageError for what the person can mend. When it returns, the data directory is ours and complete. */
export async function prepare(options: UpOptions, dir: DataDir): Promise<Plan> {
  makeFolders(dir);
  takeLock(dir.lock, dir.path);
  await endRemains(dir);
  const ports = await freePorts(
    options.schedulers + options.controllerManagers + 2 * Math.max(options.nodes.length, 1) + 1,
  );
  const { plan, files } = makePlan(options, dir, () => ports.pop()!);
  for (const { program } of plan.processes) checkProgram(program);
  if (options.only.includes('apiserver')) await checkPort(options);
  const warm = warmCompileCache(dir, plan);
  await ensurePki(options, dir);
  writeKubeconfigs(options, dir);
  for (const [path, text] of Object.entries(files)) writePublic(path, text);
  writePublic(dir.plan, JSON.stringify(plan, undefined, 1));
  await warm;
  return plan;
}

function makeFolders(dir: DataDir): void {
  try {
    for (const folder of [dir.path, dir.config, dir.run, dir.logs, dir.cache, dir.store, `${dir.path}/nodes`]) {
      mkdirSync(folder, { recursive: true });
    }
    writeFileSync(`${dir.run}/writable`, '');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new UsageError(
      `${dir.path} cannot be written (${code}); choose another --data-dir, or make it writable for this user.`,
    );
  }
}

/** What a supervisor that was killed has left: it ends by itself within a second; what does not, is killed. */
async function endRemains(dir: DataDir): Promise<void> {
  const left = () =>
    (readState(dir.state)?.components ?? []).flatMap((c) => (c.process && isAlive(c.process) ? [c.process.pid] : []));
  for (let i = 0; i < 40 && left().length; i++) await pause(50);
  for (const pid of left()) process.kill(pid, 'SIGKILL');
  for (let i = 0; i < 40 && left().length; i++) await pause(25);
}

function checkProgram(program: string): void {
  if (!existsSync(`${root}/${program}`))
    throw new UsageError(`${program} is not there yet; leave its part out with --only.`);
}

const root = `${import.meta.dirname}/../..`;

async function checkPort(options: UpOptions): Promise<void> {
  const problem = await portProblem(options.port, options.bindAddress);
  const at = `${options.bindAddress}:${options.port}`;
  if (problem === 'EADDRINUSE')
    throw new UsageError(`port ${options.port} is in use; stop what listens on ${at}, or choose another --port.`);
  if (problem) throw new UsageError(`cannot listen on ${at} (${problem}); choose another --port or --bind-address.`);
}

/** The library that signs is loaded only when there is something to sign. */
async function ensurePki(options: UpOptions, dir: DataDir): Promise<void> {
  const pki: PkiOptions = {
    folder: dir.pki,
    nodes: options.nodes.map((name) => ({ name, names: options.runtimeEndpoint ? namesOfAddress('0.0.0.0') : [] })),
    names: namesOfAddress(options.bindAddress),
  };
  if (nothingMissing(missingPki(pki))) return;
  const { issuePki } = await import('../pki/issuePki.ts');
  await issuePki(pki);
}

function writeKubeconfigs(options: UpOptions, dir: DataDir): void {
  const about = { folder: dir.pki, server: options.server, cluster: 'mini-k8s' };
  writeKubeconfig(dir.kubeconfig, { ...about, identity: 'admin', user: 'kubernetes-admin' });
  const clients = ['controller-manager', 'scheduler', 'proxy', ...options.nodes.map((n) => `nodes/${n}/client`)];
  for (const identity of clients) writeKubeconfig(kubeconfigOf(dir, identity), { ...about, identity, user: identity });
}
