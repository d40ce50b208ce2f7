// ServiceAccount: who the processes in pods are.
// Read by the API server's mechanisms. Mirrors: pkg/registry/core/serviceaccount.
// Next: ../admission/serviceAccount.ts, which gives pods their account and its token.
import { ageColumn, column, nameColumn } from './columns.ts';
import { defineKind } from './kind.ts';
import { serviceAccountToken } from './serviceAccountToken.ts';

/** Of a listed Secret only the name is kept. */
function bareSecrets(account: any): void {
  if (account.secrets) account.secrets = account.secrets.map((ref: any) => ({ name: ref?.name }));
}

const mountable = 'kubernetes.io/enforce-mountable-secrets';
const isMountable = (account: any): boolean => account?.metadata.annotations?.[mountable] !== undefined;

/** Only of an annotation that is newly set. */
const warnings = (account: any, old: any): string[] =>
  isMountable(account) && !isMountable(old)
    ? [
        `metadata.annotations[${mountable}]: deprecated in v1.32+; prefer separate namespaces to isolate access to mounted secrets`,
      ]
    : [];

export const serviceAccount = defineKind({
  group: '',
  version: 'v1',
  kind: 'ServiceAccount',
  plural: 'serviceaccounts',
  shortNames: ['sa'],
  namespaced: true,
  schema: 'io.k8s.api.core.v1.ServiceAccount',
  storage: 'serviceaccounts',
  prepareCreate: bareSecrets,
  prepareUpdate: bareSecrets,
  warnings,
  deleteReturnsObject: true,
  subresources: [serviceAccountToken],
  columns: [nameColumn, column('Secrets', 'Number of listed Secrets.', (o) => o.secrets?.length ?? 0), ageColumn],
});
