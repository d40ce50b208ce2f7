// Asks the runtime how it is: version, readiness, handlers, images.
// Reads: CRI Version, Status, ListImages. Mirrors: pkg/kubelet/kubelet.go (updateRuntimeUp). Next: nodeManager.ts.
import type { RuntimeConnection } from '../../cri/client.ts';
import type { RuntimeCondition } from '../../cri/types.ts';
import type { RuntimeView } from './nodeStatus.ts';

const timeout = 10_000;

/** Never rejects: what went wrong is in `error`. Keeps the last version and images while the runtime is away. */
export async function viewRuntime(cri: RuntimeConnection, last: RuntimeView | undefined): Promise<RuntimeView> {
  try {
    const [version, status, images] = await Promise.all([
      last?.version ? undefined : cri.runtime.version({}, { timeout }),
      cri.runtime.status({}, { timeout }),
      cri.image.listImages({}, { timeout }),
    ]);
    const find = (type: string) => status.status?.conditions.find((c) => c.type === type);
    return {
      name: version?.runtimeName ?? last?.name ?? '',
      version: version?.runtimeVersion ?? last?.version ?? '',
      handlers: status.runtimeHandlers,
      supplementalGroupsPolicy: status.features?.supplementalGroupsPolicy ?? false,
      error: notReady(find('RuntimeReady'), 'container runtime status check may not have completed yet'),
      networkError: notReady(find('NetworkReady'), 'container runtime network not ready'),
      images: images.images,
    };
  } catch (error) {
    const base = last ?? { name: '', version: '', handlers: [], supplementalGroupsPolicy: false, images: [] };
    return { ...base, error: `container runtime is down: ${(error as Error).message}` };
  }
}

function notReady(c: RuntimeCondition | undefined, missing: string): string | undefined {
  if (!c) return missing;
  return c.status ? undefined : `${c.type}=false reason:${c.reason} message:${c.message}`;
}
