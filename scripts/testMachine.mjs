// What a machine needs for the whole of the tests, and under CI how it gets there.
// Used by test.mjs. Installs Debian packages as root; starts none of their services.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, rmSync, writeFileSync } from 'node:fs';

const packages = [
  'etcd-server',
  'containerd',
  'runc',
  'containernetworking-plugins',
  'iptables',
  'iproute2',
  'procps',
  'busybox-static',
  'catatonit',
  'debootstrap',
  'docker.io',
  'docker-compose',
];
const oldestKubectl = 27;

function missingPackages() {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg's own placeholders
  const list = spawnSync('dpkg-query', ['-W', '-f', '${Package} ${db:Status-Status}\\n', ...packages], {
    encoding: 'utf8',
  });
  const there = new Set(
    (list.stdout ?? '')
      .split('\n')
      .filter((l) => l.endsWith(' installed'))
      .map((l) => l.split(' ')[0]),
  );
  return packages.filter((p) => !there.has(p));
}

/** A mirror that does not answer is asked again; whoever installs something else is waited for. */
const patient = ['-o', 'Acquire::Retries=5', '-o', 'DPkg::Lock::Timeout=300'];

/** Resolves with nothing, or with the end of what apt-get said. */
function aptGet(args) {
  return new Promise((resolve) => {
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    const child = spawn('apt-get', ['-q', '-y', ...patient, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    const hear = (chunk) => {
      said = (said + chunk).slice(-2000);
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    child.on('error', () => resolve('apt-get was not found'));
    child.on('close', (code) => resolve(code === 0 ? undefined : `apt-get ${args[0]} failed: ${said.trim()}`));
  });
}

/** Packages that bring a daemon start it as they are installed, unless this file says that they may not. */
async function withoutServices(work) {
  const policy = '/usr/sbin/policy-rc.d';
  if (existsSync(policy)) return work();
  writeFileSync(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    return await work();
  } finally {
    rmSync(policy, { force: true });
  }
}

/** Installs what is missing. Returns the problem, if there is one. */
export async function installDebianPackages(say) {
  const missing = missingPackages();
  if (!missing.length) return undefined;
  if (process.getuid?.() !== 0)
    return `missing ${missing.join(', ')}, and only root may install them: apt-get install ${missing.join(' ')}`;
  say(`Installing Debian packages: ${missing.join(', ')} …`);
  return withoutServices(
    async () => (await aptGet(['update'])) ?? (await aptGet(['install', '--no-install-recommends', ...missing])),
  );
}

/** Why kubectl cannot be used, if so. */
export function kubectlProblem() {
  const found = spawnSync('kubectl', ['version', '--client', '-o', 'json'], { encoding: 'utf8' });
  if (found.error) return 'kubectl is not on the PATH; get it from https://kubernetes.io/docs/tasks/tools/';
  try {
    const { major, minor } = JSON.parse(found.stdout).clientVersion;
    if (Number(major) > 1 || Number.parseInt(minor, 10) >= oldestKubectl) return undefined;
    return `kubectl is ${major}.${minor}; 1.${oldestKubectl} or later is needed`;
  } catch {
    return `kubectl version --client failed: ${found.stderr || found.stdout}`;
  }
}
