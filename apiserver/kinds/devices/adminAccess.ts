// Access to devices that others use is for the namespaces that an administrator has marked.
// Mirrors: pkg/registry/resource/resourceclaim/strategy.go and pkg/registry/resource/authorize.go.
// Called by: ../resourceClaim.ts, ../resourceClaimTemplate.ts.
import { forbiddenField } from '../../../apimachinery/fieldErrors.ts';
import { invalid } from '../../../apimachinery/status.ts';
import type { Context } from '../kind.ts';

const label = 'resource.kubernetes.io/admin-access';

/** Throws 422 when the object's namespace is not marked. */
function requireMark(kind: string, object: any, context: Context): void {
  const { name = '', namespace } = object.metadata;
  const found = context.cluster.cached({ group: '', plural: 'namespaces' }, namespace);
  if (found?.metadata.labels?.[label] === 'true') return;
  throw invalid({ group: 'resource.k8s.io', kind }, name, [
    forbiddenField('', `admin access to devices requires the \`${label}: true\` label on the containing namespace`),
  ]);
}

/** `devices` of a claim's spec. */
export function checkAdminRequests(kind: string, object: any, devices: any, context: Context): void {
  if (devices?.requests?.some((request: any) => request.exactly?.adminAccess)) requireMark(kind, object, context);
}

/** What is allocated for the first time; what was there before may stay. */
export function checkAdminResults(object: any, old: any, context: Context | undefined): void {
  const results: any[] = object.status?.allocation?.devices?.results ?? [];
  if (!context || old.status?.allocation || !results.some((result) => result.adminAccess)) return;
  requireMark('ResourceClaim', object, context);
}
