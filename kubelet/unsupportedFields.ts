// Fields that the API server takes and this kubelet cannot honour yet. A pod that uses one stays Pending and is told which.
// Reads: a pod. Writes: field paths. Pure. Next: podSync.ts turns them into condition and event.
import type { Container, Pod, Volume } from '../apimachinery/types.ts';

/** Those of claims and of CSI may still not be mountable here; then FailedMount says why. */
const volumeTypes = new Set(
  'name emptyDir hostPath configMap secret projected downwardAPI persistentVolumeClaim ephemeral csi'.split(' '),
);
const resourceNames = new Set(['cpu', 'memory', 'ephemeral-storage']);
/** Extended resources are counted by the scheduler; without a device plugin there is nothing to tell the runtime of them. */
const isHonoured = (resource: string) => resourceNames.has(resource) || resource.includes('/');

/** Paths such as `spec.volumes[0].nfs`; empty when the pod can be run. */
export function unsupportedFields(pod: Pod): string[] {
  const spec = pod.spec;
  if (!spec) return [];
  const containers: [string, Container[]][] = [
    ['containers', spec.containers],
    ['initContainers', spec.initContainers ?? []],
    ['ephemeralContainers', (spec.ephemeralContainers ?? []) as Container[]],
  ];
  return [
    ...podFields(spec),
    ...(spec.volumes ?? []).flatMap((v, i) => volumeFields(v, `spec.volumes[${i}]`)),
    ...containers.flatMap(([list, items]) => items.flatMap((c, i) => containerFields(c, `spec.${list}[${i}]`))),
  ];
}

function podFields(spec: NonNullable<Pod['spec']>): string[] {
  const out: string[] = [];
  if (spec.resourceClaims?.length) out.push('spec.resourceClaims');
  if (spec.hostUsers === false) out.push('spec.hostUsers');
  if (spec.runtimeClassName) out.push('spec.runtimeClassName');
  if (spec.resources && Object.keys(spec.resources).length) out.push('spec.resources');
  return out;
}

function volumeFields(v: Volume, path: string): string[] {
  const out = Object.keys(v)
    .filter((k) => !volumeTypes.has(k) && v[k as keyof Volume] != null)
    .map((k) => `${path}.${k}`);
  if (v.emptyDir?.medium && v.emptyDir.medium !== 'Memory') out.push(`${path}.emptyDir.medium`);
  for (const [i, s] of (v.projected?.sources ?? []).entries()) {
    for (const k of ['clusterTrustBundle', 'podCertificate'] as const) {
      if (s[k as keyof typeof s]) out.push(`${path}.projected.sources[${i}].${k}`);
    }
  }
  return out;
}

function containerFields(c: Container, path: string): string[] {
  const out: string[] = [];
  if (c.volumeDevices?.length) out.push(`${path}.volumeDevices`);
  if (c.resources?.claims?.length) out.push(`${path}.resources.claims`);
  for (const list of ['limits', 'requests'] as const) {
    const odd = Object.keys(c.resources?.[list] ?? {}).find((name) => !isHonoured(name));
    if (odd) out.push(`${path}.resources.${list}[${odd}]`);
  }
  for (const [i, e] of (c.env ?? []).entries()) {
    if (e.valueFrom && 'fileKeyRef' in e.valueFrom && e.valueFrom.fileKeyRef)
      out.push(`${path}.env[${i}].valueFrom.fileKeyRef`);
  }
  for (const [i, m] of (c.volumeMounts ?? []).entries()) {
    if (m.recursiveReadOnly === 'Enabled') out.push(`${path}.volumeMounts[${i}].recursiveReadOnly`);
  }
  for (const [i, r] of (c.restartPolicyRules ?? []).entries()) {
    if (r.action !== 'Restart') out.push(`${path}.restartPolicyRules[${i}].action`);
  }
  return out;
}
