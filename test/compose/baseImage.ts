// The Dockerfile's base image where no registry is reachable: Debian's own packages under the Dockerfile's FROM name.
// It carries what a machine behind a proxy has set up: apt's mirror and proxies, npm's registry and CA bundle.
import { execFileSync, spawnSync } from 'node:child_process';
import { appendFileSync, copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Docker } from '../kit/docker.ts';
import { answers } from '../kit/realNode.ts';

/** The FROM name of a Dockerfile; all its stages start from the same. */
export const baseName = (dockerfile: string): string =>
  /^FROM (\S+)/m.exec(readFileSync(dockerfile, 'utf8'))?.[1] ?? '';

/** Makes the image unless the engine has it or can get it. Returns whether it did. */
export async function ensureBaseImage(docker: Docker, name: string): Promise<boolean> {
  if (docker.docker(['images', '-q', name]).trim()) return false;
  if (!docker.own && answers(() => docker.docker(['pull', name]))) return false;
  const root = join(docker.folder, 'base');
  const release = /bookworm|trixie|bullseye/.exec(name)?.[0] ?? 'stable';
  const mirror = aptMirror();
  await docker.asRoot(['debootstrap', '--variant=minbase', '--include=ca-certificates', release, root, mirror]);
  writeFileSync(join(root, 'etc/apt/sources.list'), `deb ${mirror} ${release} main\n`);
  appendFileSync(join(root, 'etc/apt/apt.conf.d/90machine'), `${aptSettings()}Acquire::Retries "5";\n`);
  // Docker's Debian images have it, too: packages are installed fast, since a broken build is thrown away.
  writeFileSync(join(root, 'etc/dpkg/dpkg.cfg.d/image'), 'force-unsafe-io\n');
  const env = [...npmRegistry(), ...caBundle(root)];
  const archive = join(docker.folder, 'base.tar');
  await docker.asRoot(['tar', '-C', root, '--exclude=./var/cache/apt/archives/*.deb', '-cf', archive, '.']);
  docker.docker(['import', ...env.flatMap((e) => ['--change', `ENV ${e}`]), archive, name]);
  await docker.asRoot(['rm', '-rf', root, archive]);
  return true;
}

/** Where this machine gets its Debian packages from. */
function aptMirror(): string {
  const folder = '/etc/apt/sources.list.d';
  const files = [
    '/etc/apt/sources.list',
    ...(existsSync(folder) ? readdirSync(folder).map((f) => join(folder, f)) : []),
  ];
  const text = files
    .filter((f) => existsSync(f))
    .map((f) => readFileSync(f, 'utf8'))
    .join('\n');
  const found = /^(?:URIs:|deb(?: \[[^\]]*\])?)\s+(https?:\/\/\S+\/debian\/?)(?:\s|$)/m.exec(text)?.[1];
  if (!found) throw new Error('no Debian mirror in /etc/apt: name one in /etc/apt/sources.list.');
  return found;
}

/** Proxies, and checks that this machine does not make. */
const aptSettings = (): string =>
  execFileSync('apt-config', ['dump'], { encoding: 'utf8' })
    .split('\n')
    .filter((line) => /^Acquire::(https?::|Check-)/.test(line) && !line.endsWith(' "";'))
    .map((line) => `${line}\n`)
    .join('');

/** Asked of the npm that a person would run: it looks for its settings beside its own Node, not beside the repository's. */
function npmConfig(name: string): string {
  const own = (folder: string) => !folder.includes('node_modules') && !folder.includes('.node/');
  const PATH = (process.env.PATH ?? '').split(':').filter(own).join(':');
  const done = spawnSync('npm', ['config', 'get', name], { encoding: 'utf8', cwd: '/', env: { ...process.env, PATH } });
  const said = (done.stdout ?? '').trim();
  return ['null', 'undefined'].includes(said) ? '' : said;
}

function npmRegistry(): string[] {
  const registry = npmConfig('registry');
  return registry ? [`npm_config_registry=${registry}`] : [];
}

function caBundle(root: string): string[] {
  const file = npmConfig('cafile') || process.env.NODE_EXTRA_CA_CERTS;
  if (!file) return [];
  mkdirSync(join(root, 'etc/ssl'), { recursive: true });
  copyFileSync(file, join(root, 'etc/ssl/machine.pem'));
  return ['NODE_EXTRA_CA_CERTS=/etc/ssl/machine.pem'];
}
