// What a claim's volume starts with: an old field and a new one that say the same, each filled from the other.
// Mirrors: DropDisabledFields, EnforceDataSourceBackwardsCompatibility and NormalizeDataSources in pkg/api/persistentvolumeclaim/util.go.
// Used by: ../persistentVolumeClaim.ts.

const isKnown = (source: any): boolean =>
  (source?.kind === 'PersistentVolumeClaim' && !source.apiGroup) ||
  (source?.kind === 'VolumeSnapshot' && source.apiGroup === 'snapshot.storage.k8s.io');

const copyOf = ({ apiGroup, kind, name }: any): any => ({ apiGroup: apiGroup ?? null, kind, name });

/** Sources in other namespaces are behind a gate that is off; old clients' unknown ones are dropped in silence. */
export function settleDataSources(spec: any, old?: any): void {
  if (spec.dataSourceRef?.namespace && !old?.dataSourceRef) delete spec.dataSourceRef;
  const inUse = old?.dataSource || old?.dataSourceRef;
  if (!inUse && !spec.dataSourceRef && spec.dataSource && !isKnown(spec.dataSource)) delete spec.dataSource;
  if (spec.dataSource && !spec.dataSourceRef) spec.dataSourceRef = copyOf(spec.dataSource);
  else if (spec.dataSourceRef && !spec.dataSource && !spec.dataSourceRef.namespace)
    spec.dataSource = copyOf(spec.dataSourceRef);
}
