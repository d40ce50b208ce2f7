// Sees to it that a container's image is on the node, by its pull policy, with back-off after failures.
// Reads: CRI ImageStatus. Writes: CRI PullImage, events Pulling, Pulled, Failed, BackOff, ErrImageNeverPull.
// Mirrors: pkg/kubelet/images/image_manager.go. Next: container/startContainer.ts.

import type { Container, ObjectReference, Pod, Secret } from '../../apimachinery/types.ts';
import { formatDuration } from '../../component-base/flags.ts';
import { CriError } from '../../cri/error.ts';
import type { Sent } from '../../cri/messages.ts';
import type { AuthConfig, Image, PodSandboxConfig } from '../../cri/types.ts';
import { createBackOff } from '../backOff.ts';
import { StartError } from '../container/startError.ts';
import { type KubeletContext, spanned } from '../context.ts';
import { withDefaultTag } from './imageName.ts';
import { createLimiter } from './limiter.ts';
import { credentialsFor } from './pullSecrets.ts';

export interface ReadyImage {
  /** What the runtime is to run. */
  ref: string;
  image: Image;
}

export interface ImageManager {
  /** The pod is gone: its failures are forgotten. */
  forget(uid: string): void;
  /** Resolves when the image is there; throws StartError. `about` is whom events are about. */
  ensure(o: EnsureOptions): Promise<ReadyImage>;
}

export interface EnsureOptions {
  pod: Pod;
  container: Container;
  about: ObjectReference;
  secrets: readonly Secret[];
  sandboxConfig: Sent<PodSandboxConfig>;
  signal: AbortSignal;
}

export function createImageManager(k: KubeletContext): ImageManager {
  const backOff = createBackOff(k.clock);
  const failures = new Map<string, { at: number; message: string }>();
  const parallel = k.config['serialize-image-pulls']
    ? 1
    : k.config['max-parallel-image-pulls'] || Number.POSITIVE_INFINITY;
  const limited = createLimiter(parallel);

  async function statusOf(image: string): Promise<Image | undefined> {
    try {
      return (await k.cri.image.imageStatus({ image: { image } })).image ?? undefined;
    } catch (error) {
      throw new StartError('ImageInspectError', `Failed to inspect image "${image}": ${(error as Error).message}`);
    }
  }

  async function pull(o: EnsureOptions, image: string): Promise<string> {
    const annotations = o.pod.metadata.annotations ?? {};
    const once = (auth?: Sent<AuthConfig>) =>
      spanned(k, o.pod, 'PullImage', image, () =>
        k.cri.image.pullImage(
          {
            image: { image, annotations, userSpecifiedImage: o.container.image ?? '' },
            auth,
            sandboxConfig: o.sandboxConfig,
          },
          { signal: o.signal },
        ),
      );
    const credentials = credentialsFor(image, o.secrets);
    let last: unknown;
    for (const auth of credentials.length ? credentials : [undefined]) {
      try {
        return (await once(auth)).imageRef;
      } catch (error) {
        last = error;
      }
    }
    throw last;
  }

  async function pullWithEvents(o: EnsureOptions, image: string, key: string): Promise<ReadyImage> {
    const quoted = `"${o.container.image}"`;
    const asked = k.clock.now();
    return limited(async () => {
      k.events.event(o.about, 'Normal', 'Pulling', `Pulling image ${quoted}`);
      const begun = k.clock.now();
      try {
        const ref = await pull(o, image);
        const found = await statusOf(image);
        if (!found) throw new Error(`image "${image}" is not there after it was pulled`);
        const took = (since: number) => formatDuration(Math.max(1, Math.round(k.clock.now() - since)));
        k.events.event(
          o.about,
          'Normal',
          'Pulled',
          `Successfully pulled image ${quoted} in ${took(begun)} (${took(asked)} including waiting). Image size: ${found.size} bytes.`,
        );
        backOff.forget(key);
        failures.delete(key);
        return { ref: ref || found.id, image: found };
      } catch (error) {
        if (o.signal.aborted) throw error;
        throw pullFailure(o, key, error as Error);
      }
    });
  }

  function pullFailure(o: EnsureOptions, key: string, error: Error): StartError {
    backOff.next(key, k.clock.now());
    const text = `Failed to pull image "${o.container.image}": ${error.message}`;
    k.events.event(o.about, 'Warning', 'Failed', text);
    const unavailable = error instanceof CriError && error.details === 'RegistryUnavailable';
    const failure = unavailable
      ? new StartError(
          'RegistryUnavailable',
          `image pull failed for ${o.container.image} because the registry is unavailable.`,
        )
      : new StartError('ErrImagePull', error.message, backOff.current(key));
    failures.set(key, { at: k.clock.now(), message: `${failure.reason}: ${error.message}` });
    return failure;
  }

  return {
    forget(uid) {
      backOff.forget(uid);
      for (const key of failures.keys()) if (key.startsWith(uid)) failures.delete(key);
    },
    async ensure(o) {
      const { container } = o;
      let image: string;
      try {
        image = withDefaultTag(container.image ?? '');
      } catch {
        const text = `Failed to apply default image tag "${container.image}": couldn't parse image name "${container.image}": invalid reference format`;
        k.events.event(o.about, 'Warning', 'InspectFailed', text);
        throw new StartError('InvalidImageName', text);
      }
      const found = await statusOf(image);
      const policy = container.imagePullPolicy ?? 'IfNotPresent';
      if (found && policy !== 'Always') {
        const text = `Container image "${container.image}" already present on machine and can be accessed by the pod`;
        k.events.event(o.about, 'Normal', 'Pulled', text);
        return { ref: found.id, image: found };
      }
      if (policy === 'Never') {
        const text = `Container image "${container.image}" is not present with pull policy of Never`;
        k.events.event(o.about, 'Warning', 'ErrImageNeverPull', text);
        throw new StartError('ErrImageNeverPull', text);
      }
      const key = `${o.pod.metadata.uid}_${image}`;
      const failed = failures.get(key);
      const wait = failed ? backOff.remaining(key, failed.at) : 0;
      if (failed && wait > 0) {
        const text = `Back-off pulling image "${container.image}"`;
        k.events.event(o.about, 'Normal', 'BackOff', text);
        throw new StartError('ImagePullBackOff', `${text}: ${failed.message}`, wait);
      }
      return pullWithEvents(o, image, key);
    },
  };
}
