// Makes a pod's volumes before its containers start, keeps their files current, and removes them after the last one ended.
// Reads: the pod, payloads.ts, claimVolume.ts. Writes: <root-dir>/pods/<uid>/volumes.
// Mirrors: pkg/kubelet/volumemanager and pkg/volume/{emptydir,hostpath,configmap,secret,projected}. Next: container/mounts.ts.
import { execFile } from 'node:child_process';
import { chmod, chown, mkdir, readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { quantityValue } from '../../apimachinery/quantity.ts';
import type { PersistentVolume, Pod, Volume } from '../../apimachinery/types.ts';
import { writeAtomically } from './atomicWriter.ts';
import { type ClaimSources, isClaim, noDriver, volumeOfClaim, volumePath } from './claimVolume.ts';
import { prepareHostPath } from './hostPathType.ts';
import { podDir, volumeDir } from './paths.ts';
import { type PayloadSources, volumePayload } from './payloads.ts';

const run = promisify(execFile);

/** Volume name to its path on the node. */
export type MountedVolumes = Map<string, string>;

export type VolumeSources = PayloadSources & ClaimSources;

export interface VolumeManager {
  /** Sets up what containers mount, and rewrites files that changed. Throws VolumeError for the first that fails. */
  mount(pod: Pod, sources: VolumeSources): Promise<MountedVolumes>;
  /** Removes all that the pod had on disk. */
  remove(uid: string): Promise<void>;
}

/** `message` is the text of the FailedMount event. */
export class VolumeError extends Error {
  override name = 'VolumeError';
  /** Some claim has no volume yet: somebody works on it, so it is worth a look soon. */
  waitsForClaim = false;
}

/** Names of the volumes that some container mounts; others are not set up. */
export function mountedVolumeNames(pod: Pod): Set<string> {
  const spec = pod.spec;
  const all = [...(spec?.containers ?? []), ...(spec?.initContainers ?? []), ...(spec?.ephemeralContainers ?? [])];
  return new Set(all.flatMap((c) => (c.volumeMounts ?? []).map((m) => m.name)));
}

export function createVolumeManager(rootDir: string): VolumeManager {
  /** Paths of claims' volumes, by pod and entry: once mounted they are, whatever becomes of the claim. */
  const claimed = new Map<string, MountedVolumes>();

  async function setUpClaims(pod: Pod, entries: readonly Volume[], s: VolumeSources): Promise<MountedVolumes> {
    const uid = pod.metadata.uid ?? '';
    const known = claimed.get(uid) ?? new Map<string, string>();
    const missing = entries.filter((e) => isClaim(e) && !known.has(e.name));
    const asked = await Promise.allSettled(missing.map((e) => volumeOfClaim(pod, e, s)));
    const failed = asked.flatMap((a, i) =>
      a.status === 'rejected' ? [{ name: missing[i]!.name, error: a.reason }] : [],
    );
    if (failed.length) throw unprocessed(failed);
    for (const [i, { name }] of missing.entries()) {
      const volume = (asked[i] as PromiseFulfilledResult<PersistentVolume>).value;
      const path = await volumePath(volume, s.node()).catch((error: Error) => {
        throw new VolumeError(error.message);
      });
      const group = pod.spec?.securityContext?.fsGroup;
      if (volume.spec?.local && group !== undefined) await giveToGroup(path, group);
      known.set(name, path);
    }
    if (known.size) claimed.set(uid, known);
    return known;
  }

  return {
    async mount(pod, sources) {
      const wanted = mountedVolumeNames(pod);
      const volumes = (pod.spec?.volumes ?? []).filter((v) => wanted.has(v.name));
      const claims = await setUpClaims(pod, volumes, sources);
      const others = volumes.filter((v) => !isClaim(v));
      const paths = await Promise.all(others.map((v) => setUp(rootDir, pod, v, sources)));
      return new Map([...claims, ...others.map((v, i): [string, string] => [v.name, paths[i]!])]);
    },
    async remove(uid) {
      await removePodDir(podDir(rootDir, uid));
      claimed.delete(uid);
    },
  };
}

/** As the wait for all volumes of a pod reports it. */
function unprocessed(failed: readonly { name: string; error: Error }[]): VolumeError {
  const names = `[${failed.map((f) => f.name).join(' ')}]`;
  const texts = failed.map((f) => f.error.message);
  const why = texts.length > 1 ? `[${texts.join(', ')}]` : texts[0];
  const error = new VolumeError(
    `Unable to attach or mount volumes: unmounted volumes=${names}, unattached volumes=[], failed to process volumes=${names}: ${why}`,
  );
  error.waitsForClaim = true;
  return error;
}

async function setUp(root: string, pod: Pod, volume: Volume, sources: PayloadSources): Promise<string> {
  try {
    if (volume.hostPath) {
      await prepareHostPath(volume.hostPath.path, volume.hostPath.type);
      return volume.hostPath.path;
    }
    if (volume.csi) throw new Error(noDriver(volume.csi.driver, 'inline'));
    const uid = pod.metadata.uid ?? '';
    const path = volumeDir(root, uid, pluginOf(volume), volume.name);
    const group = pod.spec?.securityContext?.fsGroup;
    if (volume.emptyDir) await setUpEmptyDir(path, volume.emptyDir, group);
    else await setUpFiles(path, pod, volume, sources, group);
    return path;
  } catch (error) {
    throw new VolumeError(`MountVolume.SetUp failed for volume "${volume.name}" : ${(error as Error).message}`);
  }
}

const pluginOf = (v: Volume): string => {
  if (v.emptyDir) return 'kubernetes.io/empty-dir';
  if (v.configMap) return 'kubernetes.io/configmap';
  if (v.secret) return 'kubernetes.io/secret';
  return v.downwardAPI ? 'kubernetes.io/downward-api' : 'kubernetes.io/projected';
};

async function setUpEmptyDir(
  path: string,
  o: NonNullable<Volume['emptyDir']>,
  group: number | undefined,
): Promise<void> {
  const fresh = !(await stat(path).catch(() => undefined));
  await mkdir(path, { recursive: true });
  if (fresh) await chmod(path, 0o777);
  const toMount = o.medium === 'Memory' && !(await mountPoints()).includes(path);
  if (toMount && (await mountMemory(path, o.sizeLimit as string))) await chmod(path, 0o777);
  if ((fresh || toMount) && group !== undefined) await giveToGroup(path, group);
}

/** Only root can mount; without it the files lie on disk, which a simulated runtime does not notice. */
async function mountMemory(path: string, sizeLimit: string | undefined): Promise<boolean> {
  if (process.getuid?.() !== 0) return false;
  const size = sizeLimit ? ['-o', `size=${quantityValue(sizeLimit)}`] : [];
  await run('mount', ['-t', 'tmpfs', ...size, 'tmpfs', path]);
  return true;
}

async function mountPoints(): Promise<string[]> {
  const text = await readFile('/proc/self/mounts', 'utf8').catch(() => '');
  const plain = (s: string) => s.replace(/\\(\d{3})/g, (_, o: string) => String.fromCharCode(Number.parseInt(o, 8)));
  return text.split('\n').map((line) => plain(line.split(' ')[1] ?? ''));
}

async function setUpFiles(path: string, pod: Pod, volume: Volume, sources: PayloadSources, group?: number) {
  const payload = await volumePayload(pod, volume, sources);
  if (!payload) throw new Error('unsupported volume type');
  await mkdir(path, { recursive: true });
  await chmod(path, 0o777);
  if (group === undefined) await writeAtomically(path, payload);
  else if (await writeAtomically(path, payload, (dir) => giveToGroup(dir, group))) await giveToGroup(path, group);
}

/** As SetVolumeOwnership does: the group owns all, may read what the owner may, and new files inherit it. */
async function giveToGroup(path: string, group: number): Promise<void> {
  const s = await stat(path);
  try {
    await chown(path, s.uid, group);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EPERM' && process.getuid?.() !== 0) return;
    throw error;
  }
  const shared = s.mode | 0o440;
  await chmod(path, (s.isDirectory() ? shared | 0o2110 : shared) & 0o7777);
  if (!s.isDirectory()) return;
  for (const entry of await readdir(path, { withFileTypes: true })) {
    if (!entry.isSymbolicLink()) await giveToGroup(join(path, entry.name), group);
  }
}

async function removePodDir(dir: string): Promise<void> {
  const mounted = (await mountPoints()).filter((p) => p.startsWith(`${dir}/`));
  for (const path of mounted.reverse()) await run('umount', [path]);
  await rm(dir, { recursive: true, force: true });
}
