// Keeps one mirror pod in the API for each static pod: made when missing, made anew when deleted or when it shows another.
// Reads: the mirror as last seen. Writes: POST and DELETE pods. Mirrors: pkg/kubelet/pod/mirror_client.go. Next: podSync.ts.
import { pods } from '../../apimachinery/resources.ts';
import { isReason } from '../../apimachinery/status.ts';
import type { Node, Pod } from '../../apimachinery/types.ts';
import type { KubeletContext } from '../context.ts';
import { mirrorOf, mirrors } from './staticPods.ts';

/** Failures are logged and tried again at the next sync: a static pod runs without the API server. */
export async function ensureMirror(
  k: KubeletContext,
  pod: Pod,
  mirror: Pod | undefined,
  node: Node | undefined,
): Promise<void> {
  if (!k.client) return;
  try {
    if (mirror && (mirror.metadata.deletionTimestamp || !mirrors(mirror, pod))) {
      await deleteMirror(k, mirror);
      mirror = undefined;
    }
    if (mirror || !node) return;
    await k.client.create(pods, mirrorOf(pod, { name: node.metadata.name, uid: node.metadata.uid ?? '' }));
  } catch (error) {
    if (isReason(error, 'AlreadyExists')) return;
    k.log.info({ pod: pod.metadata.name, error: (error as Error).message }, 'mirror pod not made');
  }
}

export async function deleteMirror(k: KubeletContext, mirror: Pod): Promise<void> {
  const { name, namespace, uid } = mirror.metadata;
  try {
    await k.client?.delete(pods, name, namespace, { gracePeriodSeconds: 0, preconditions: { uid } });
  } catch (error) {
    if (!isReason(error, 'NotFound') && !isReason(error, 'Conflict')) throw error;
  }
}
