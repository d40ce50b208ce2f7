// How this server's own group versions rank among each other and among those of extension servers.
// Mirrors: pkg/controlplane/apiserver/aggregator.go and cmd/kube-apiserver/app/aggregator.go.
// Next: autoregister.ts writes them into APIServices, which is where discovery reads them.

export interface Priority {
  group: number;
  version: number;
}

/** The group's rank, then those of its versions. */
const table: Record<string, [group: number, versions: Record<string, number>]> = {
  '': [18000, { v1: 1 }],
  apps: [17800, { v1: 15 }],
  'events.k8s.io': [17750, { v1: 15, v1beta1: 5 }],
  'authentication.k8s.io': [17700, { v1: 15, v1beta1: 9, v1alpha1: 1 }],
  'authorization.k8s.io': [17600, { v1: 15 }],
  autoscaling: [17500, { v2: 30, v1: 15, v2beta1: 9, v2beta2: 1 }],
  batch: [17400, { v1: 15, v1beta1: 9, v2alpha1: 9 }],
  'certificates.k8s.io': [17300, { v1: 15, v1beta1: 9, v1alpha1: 1 }],
  'networking.k8s.io': [17200, { v1: 15, v1beta1: 9 }],
  policy: [17100, { v1: 15, v1beta1: 9 }],
  'rbac.authorization.k8s.io': [17000, { v1: 15 }],
  'storage.k8s.io': [16800, { v1: 15, v1beta1: 9, v1alpha1: 1 }],
  'apiextensions.k8s.io': [16700, { v1: 15 }],
  'admissionregistration.k8s.io': [16700, { v1: 15, v1beta1: 12, v1alpha1: 9 }],
  'scheduling.k8s.io': [16600, { v1: 15, v1alpha1: 9 }],
  'coordination.k8s.io': [16500, { v1: 15, v1beta1: 13, v1alpha2: 12 }],
  'node.k8s.io': [16300, { v1: 15, v1beta1: 9, v1alpha1: 1 }],
  'resource.k8s.io': [16200, { v1: 20, v1beta2: 15, v1beta1: 9, v1alpha3: 1 }],
  'discovery.k8s.io': [16200, { v1: 15, v1beta1: 12 }],
  'flowcontrol.apiserver.k8s.io': [16100, { v1: 21, v1beta3: 18, v1beta2: 15, v1beta1: 12, v1alpha1: 9 }],
  'internal.apiserver.k8s.io': [16000, { v1alpha1: 9 }],
  'storagemigration.k8s.io': [15800, { v1beta1: 9 }],
  // Ours: behind everything of Kubernetes, and before what others add, which clients' tests look for at the end.
  'trace.mini-k8s.io': [15000, { v1: 9 }],
};

/** Undefined for the aggregator's own group, which comes first without an APIService, and for groups that are none of ours. */
export function priorityOf(group: string, version: string): Priority | undefined {
  const known = table[group];
  const rank = known?.[1][version];
  return rank === undefined ? undefined : { group: known![0], version: rank };
}

/** 0 for groups that are none of ours. */
export const groupRank = (group: string): number => table[group]?.[0] ?? 0;

/** Of the versions of CustomResourceDefinitions. */
export const customPriority: Priority = { group: 1000, version: 100 };
