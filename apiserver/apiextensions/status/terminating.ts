// What the condition Terminating of a CustomResourceDefinition says, from its deletion to its end.
// Mirrors: apiextensions-apiserver/pkg/registry/customresourcedefinition/etcd.go and pkg/controller/finalizer/crd_finalizer.go.
import type { CrdCondition } from './naming.ts';

const condition = (status: CrdCondition['status'], reason: string, message: string): CrdCondition => ({
  type: 'Terminating',
  status,
  reason,
  message,
});

export const deletionPending = condition(
  'True',
  'InstanceDeletionPending',
  'CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon',
);
export const inProgress = condition('True', 'InstanceDeletionInProgress', 'CustomResource deletion is in progress');
export const deletionFailed = (why: string): CrdCondition => condition('True', 'InstanceDeletionFailed', why);
export const completed = condition('False', 'InstanceDeletionCompleted', 'removed all instances');
export const overlapping = condition(
  'False',
  'OverlappingBuiltIn',
  'instances overlap with built-in resources in storage',
);
export const neverEstablished = condition('False', 'NeverEstablished', 'resource was never established');
