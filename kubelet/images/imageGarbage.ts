// Removes images that no container uses when the disk that holds them fills up, those unused longest first.
// Reads: CRI ImageFsInfo, ListImages, ListContainers. Writes: CRI RemoveImage.
// Mirrors: pkg/kubelet/images/image_gc_manager.go. Next: kubelet.ts runs it.
import { statfs } from 'node:fs/promises';
import { sleep } from '../../client/backoff.ts';
import type { Container, Image } from '../../cri/types.ts';
import type { KubeletContext } from '../context.ts';

const every = 300_000;
const minimumAge = 120_000;

export async function collectImages(k: KubeletContext, signal: AbortSignal): Promise<void> {
  const seen = new Map<string, number>();
  for (; !signal.aborted; await sleep(k.clock, every, signal)) {
    await collectOnce(k, seen).catch((error) => k.log.info({ error: String(error) }, 'images not collected'));
  }
}

async function collectOnce(k: KubeletContext, lastUsed: Map<string, number>): Promise<void> {
  const [{ images }, { containers }] = await Promise.all([
    k.cri.image.listImages({}),
    k.cri.runtime.listContainers({}),
  ]);
  noteUse(lastUsed, images, containers, k.clock.now());
  const { imageFilesystems } = await k.cri.image.imageFsInfo({});
  const mountpoint = imageFilesystems[0]?.fsId?.mountpoint;
  const disk = mountpoint ? await statfs(mountpoint).catch(() => undefined) : undefined;
  if (!disk?.blocks) return;
  const usedPercent = 100 - Math.floor((disk.bavail * 100) / disk.blocks);
  if (usedPercent < k.config['image-gc-high-threshold']) return;
  const total = disk.blocks * disk.bsize;
  const wanted = (total * (100 - k.config['image-gc-low-threshold'])) / 100 - disk.bavail * disk.bsize;
  for (const image of unusedImages(images, containers, lastUsed, k.clock.now(), wanted)) {
    await k.cri.image.removeImage({ image: { image: image.id } });
    k.log.info({ image: image.id }, 'removed an unused image');
  }
}

function noteUse(lastUsed: Map<string, number>, images: Image[], containers: Container[], now: number): void {
  const used = usedIds(containers);
  for (const i of images) if (used.has(i.id) || !lastUsed.has(i.id)) lastUsed.set(i.id, now);
  for (const id of lastUsed.keys()) if (!images.some((i) => i.id === id)) lastUsed.delete(id);
}

const usedIds = (containers: Container[]): Set<string> =>
  new Set(containers.flatMap((c) => [c.imageRef, c.imageId, c.image?.image ?? '']));

/** Enough of them to free `bytes`, the longest unused first; pinned and young ones stay. Pure. */
export function unusedImages(
  images: Image[],
  containers: Container[],
  lastUsed: ReadonlyMap<string, number>,
  now: number,
  bytes: number,
): Image[] {
  const used = usedIds(containers);
  const candidates = images
    .filter((i) => !used.has(i.id) && !i.pinned && now - (lastUsed.get(i.id) ?? now) >= minimumAge)
    .sort((a, b) => (lastUsed.get(a.id) ?? 0) - (lastUsed.get(b.id) ?? 0));
  const out: Image[] = [];
  let freed = 0;
  for (const i of candidates) {
    if (freed >= bytes) break;
    out.push(i);
    freed += Number(i.size);
  }
  return out;
}
