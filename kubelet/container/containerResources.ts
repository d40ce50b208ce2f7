// Requests and limits as the kernel takes them: CPU shares and quota, memory bytes, OOM score.
// Reads: one container's resources. Writes: CRI LinuxContainerResources. Pure.
// Mirrors: pkg/kubelet/kuberuntime/kuberuntime_container_linux.go and pkg/kubelet/cm/helpers_linux.go.
// Next: containerConfig.ts.
import { quantityMilliValue, quantityValue } from '../../apimachinery/quantity.ts';
import type { Container, Pod } from '../../apimachinery/types.ts';
import type { Sent } from '../../cri/messages.ts';
import type { LinuxContainerResources } from '../../cri/types.ts';
import { oomScoreAdj } from './qos.ts';

const period = 100_000;
const minShares = 2;
const maxShares = 262_144;
const minQuota = 1000;

/** 1000m is 1024 shares; never under 2. */
export const cpuShares = (milli: number): number =>
  milli === 0 ? minShares : Math.min(Math.max(Math.floor((milli * 1024) / 1000), minShares), maxShares);

/** Microseconds of CPU in each period; 0 when there is no limit. */
export const cpuQuota = (milli: number): number =>
  milli === 0 ? 0 : Math.max(Math.floor((milli * period) / 1000), minQuota);

export function containerResources(
  pod: Pod,
  container: Container,
  memoryCapacity: number,
): Sent<LinuxContainerResources> {
  const { requests, limits } = container.resources ?? {};
  const cpuLimit = quantityMilliValue(limits?.cpu as string | undefined);
  const cpuRequest = requests?.cpu === undefined ? cpuLimit : quantityMilliValue(requests.cpu as string);
  const memory = quantityValue(limits?.memory as string | undefined);
  return {
    cpuShares: cpuShares(cpuRequest),
    cpuPeriod: period,
    cpuQuota: cpuQuota(cpuLimit),
    memoryLimitInBytes: memory,
    oomScoreAdj: oomScoreAdj(pod, container, memoryCapacity),
  };
}
