// What a claim's volume starts with: an old field and a new one that say the same, each filled from the other.
// Mirrors: EnforceDataSourceBackwardsCompatibility and NormalizeDataSources in pkg/api/persistentvolumeclaim/util.go.
// Used by: ../persistentVolumeClaim.ts.

const isKnown = (source: any): boolean =>
  (source?.kind === 'PersistentVolumeClaim' && !source.apiGroup) ||
  (source?.kind === 'VolumeSnapshot' && source.apiGroup === 'snapshot.storage.k8s.io');

const copyOf = ({ apiGroup, kind, name }: any): any => ({ apiGroup: apiGroup ?? null, kind, name });

/** Old clients' unknown sources are dropped in silence. */
export function settleDataSources(spec: any, old?: any): void {
  const inUse = old?.dataSource || old?.dataSourceRef;
  if (!inUse && !spec.dataSourceRef && spec.dataSource && !isKnown(spec.dataSource)) delete spec.dataSource;
  if (spec.dataSource && !spec.dataSourceRef) spec.dataSourceRef = copyOf(spec.dataSource);
  else if (spec.dataSourceRef && !spec.dataSource && !spec.dataSourceRef.namespace)
    spec.dataSource = copyOf(spec.dataSourceRef);
}
