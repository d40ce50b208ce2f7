// The ImageService: pulls that take as long, and fail as, the pod's annotations say; an image is its name, an invented digest and a size.
// Reads and writes: node.ts. Mirrors: containerd internal/cri/server/images/*.go.
// Used by: main.ts, and containers.ts, which asks for an image's id.
import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { CriError } from '../cri/error.ts';
import type { Sent, ServiceImplementation } from '../cri/messages.ts';
import type { Image, ImageServiceMethods } from '../cri/types.ts';
import { podBehaviour } from './behaviour.ts';
import { toNanos } from './clock.ts';
import type { SimulatedNode } from './node.ts';
import type { ImageRecord } from './records.ts';
import { verboseInfo } from './status.ts';

/** `nginx` → `docker.io/library/nginx:latest`; throws InvalidArgument when it is no image name. */
export function normalImage(name: string): { repository: string; tag?: string; digest?: string } {
  const m = /^([^@]+?)(?::([\w][\w.-]{0,127}))?(?:@(sha256:[0-9a-f]{64}))?$/.exec(name);
  const path = m?.[1] ?? '';
  if (!m || !/^[a-z0-9]+([._:/-]+[a-z0-9]+)*$/i.test(path) || path !== lowerPath(path)) {
    throw new CriError('InvalidArgument', `failed to parse image reference "${name}": invalid reference format`);
  }
  const [head = '', ...rest] = path.split('/');
  const hasHost = rest.length > 0 && (/[.:]/.test(head) || head === 'localhost');
  const repository = hasHost ? path : `docker.io/${rest.length ? path : `library/${path}`}`;
  return { repository, tag: m[2] ?? (m[3] ? undefined : 'latest'), digest: m[3] };
}

/** All but a host's name must be in lower case. */
const lowerPath = (path: string) => {
  const slash = path.indexOf('/');
  return path.slice(0, slash + 1) + path.slice(slash + 1).toLowerCase();
};

/** By id, tag or digest, written short or in full; undefined when it is not on the node. */
export function findImage(node: SimulatedNode, name: string): ImageRecord | undefined {
  if (!name) return undefined;
  const byId = node.images.get(name) ?? node.images.get(`sha256:${name}`);
  if (byId) return byId;
  let wanted: ReturnType<typeof normalImage>;
  try {
    wanted = normalImage(name);
  } catch {
    return undefined;
  }
  const full = wanted.digest ? `${wanted.repository}@${wanted.digest}` : `${wanted.repository}:${wanted.tag}`;
  return node.images.values().find((i) => i.tags.includes(full) || i.digests.includes(full));
}

export function imageMethods(node: SimulatedNode): ServiceImplementation<ImageServiceMethods> {
  const failures = new Map<string, number>();
  return {
    async pullImage({ image, sandboxConfig }) {
      const name = image?.image ?? '';
      const record = imageRecord(name, node.host.clock.now());
      const behaviour = podBehaviour(sandboxConfig?.annotations ?? {});
      if (behaviour.pullDelay) await sleep(behaviour.pullDelay);
      const key = `${sandboxConfig?.metadata?.uid ?? ''} ${name}`;
      const failed = failures.get(key) ?? 0;
      const error = pullError(name, behaviour, failed);
      if (error) {
        failures.set(key, failed + 1);
        throw error;
      }
      failures.delete(key);
      node.saveImage(node.images.get(record.id) ?? record);
      return { imageRef: record.digests[0] };
    },

    listImages({ filter }) {
      const name = filter?.image?.image;
      const found = name ? [findImage(node, name)].filter((i) => i !== undefined) : [...node.images.values()];
      return { images: found.map(imageMessage) };
    },

    imageStatus({ image, verbose }) {
      const name = image?.image ?? '';
      const found = findImage(node, name);
      return found
        ? { image: imageMessage(found), info: verboseInfo(verbose, 'info', found) }
        : { image: null, info: {} };
    },

    removeImage({ image }) {
      const found = findImage(node, image?.image ?? '');
      if (found) node.dropImage(found);
      return {};
    },

    imageFsInfo() {
      const used = [...node.images.values()].reduce((sum, i) => sum + i.size, 0);
      const filesystem = {
        timestamp: toNanos(node.host.clock.now()),
        fsId: { mountpoint: node.host.rootDir },
        usedBytes: { value: used },
        inodesUsed: { value: node.images.size },
      };
      return { imageFilesystems: [filesystem], containerFilesystems: [filesystem] };
    },
  };
}

/** Tags that say themselves that they are not there. */
const missingTags = new Set(['non-existent', 'nonexistent', '404']);

/** Hosts under .invalid exist nowhere (RFC 2606), so their images cannot be pulled: a failure that needs no annotation. */
function pullError(
  name: string,
  b: { pullError?: string; pullErrorImage: string; pullFailures: number },
  failed: number,
): CriError | undefined {
  const told =
    (b.pullError !== undefined || b.pullFailures < Number.POSITIVE_INFINITY) && name.includes(b.pullErrorImage);
  const { repository, tag, digest } = normalImage(name);
  const full = digest ? `${repository}@${digest}` : `${repository}:${tag}`;
  const host = repository.split('/')[0]!;
  if (told && failed < b.pullFailures) {
    const text = b.pullError ?? `${full}: not found`;
    const code = text.endsWith('not found') ? 'NotFound' : 'Unknown';
    return new CriError(code, `failed to pull and unpack image "${full}": ${text}`);
  }
  if (tag && missingTags.has(tag))
    return new CriError(
      'NotFound',
      `failed to pull and unpack image "${full}": failed to resolve reference "${full}": ${full}: not found`,
    );
  if (!/\.invalid(:\d+)?$/.test(host)) return undefined;
  return new CriError(
    'Unknown',
    `failed to pull and unpack image "${full}": failed to resolve reference "${full}": lookup ${host}: no such host`,
  );
}

/** The same name is the same image on every node and after every restart. */
function imageRecord(name: string, pulledAt: number): ImageRecord {
  const { repository, tag, digest } = normalImage(name);
  const hash = createHash('sha256')
    .update(`${repository}:${tag ?? digest}`)
    .digest('hex');
  const content = digest ?? `sha256:${createHash('sha256').update(hash).digest('hex')}`;
  return {
    id: `sha256:${hash}`,
    tags: tag ? [`${repository}:${tag}`] : [],
    digests: [`${repository}@${content}`],
    size: 5_000_000 + (Number.parseInt(hash.slice(0, 6), 16) % 95_000_000),
    pulledAt,
  };
}

const imageMessage = (i: ImageRecord): Sent<Image> => ({
  id: i.id,
  repoTags: i.tags,
  repoDigests: i.digests,
  size: i.size,
  username: '',
});
