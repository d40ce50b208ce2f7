// Fields whose feature gates are off in v1.35: they are dropped from what is written, unless the stored object already uses them.
// Mirrors: dropDisabledFields in pkg/api/pod/util.go.
// Called by: prepare.ts for pods; ../podTemplate.ts for templates.

const lists = ['initContainers', 'containers', 'ephemeralContainers'];
const gatedProjections = ['clusterTrustBundle', 'podCertificate'];

function usesStopSignal(spec: any): boolean {
  return lists.some((list) => spec?.[list]?.some((c: any) => c.lifecycle?.stopSignal !== undefined));
}

function usesProjection(spec: any, name: string): boolean {
  return Boolean(spec?.volumes?.some((v: any) => v.projected?.sources?.some((s: any) => s[name])));
}

/** ContainerStopSignals, ClusterTrustBundleProjection, PodCertificateRequest, GenericWorkload. */
export function dropDisabledSpec(spec: any, old?: any): void {
  for (const list of lists)
    for (const container of spec[list] ?? [])
      if (container.lifecycle?.stopSignal !== undefined && !usesStopSignal(old)) delete container.lifecycle.stopSignal;
  for (const volume of spec.volumes ?? [])
    for (const source of volume.projected?.sources ?? [])
      for (const name of gatedProjections) if (source[name] && !usesProjection(old, name)) delete source[name];
  if (!old?.workloadRef) delete spec.workloadRef;
}

/** InPlacePodLevelResourcesVerticalScaling. */
export function dropDisabledStatus(status: any, old?: any): void {
  if (!status) return;
  if (!old?.resources) delete status.resources;
  if (!old?.allocatedResources) delete status.allocatedResources;
}
