// CertificateSigningRequest: somebody asks a signer for a certificate; somebody else approves; the signer puts it into the status.
// Its strategy and columns; the rules are in certificateRequest/. Read by the API server's mechanisms.
// Mirrors: pkg/registry/certificates/certificates, pkg/printers. Next: certificateRequest/validation.ts; controllers approve and sign.
import { toTime } from '../../apimachinery/clock.ts';
import { checkUpdate, conditionsOf, validateCreate } from './certificateRequest/validation.ts';
import { ageColumn, column, humanDuration, nameColumn } from './columns.ts';
import { type Context, defineKind } from './kind.ts';

/** Who asks is who sends it, whatever it says. */
function prepareCreate(csr: any, { user }: Context): void {
  const { username: _n, uid: _u, groups: _g, extra: _e, ...spec } = csr.spec;
  csr.spec = { ...spec, username: user.username ?? '' };
  if (user.uid) csr.spec.uid = user.uid;
  if (user.groups?.length) csr.spec.groups = [...user.groups];
  if (Object.keys(user.extra ?? {}).length) csr.spec.extra = structuredClone(user.extra);
  csr.status = {};
}

/** Conditions that the writer leaves without times get them: those of the same state from before, or now. */
function setTimes(csr: any, old: any, context?: Context): void {
  const now = toTime(context?.now() ?? Date.now());
  for (const condition of conditionsOf(csr)) {
    condition.lastUpdateTime ||= now;
    const same = conditionsOf(old, condition.type).find((c) => c.status === condition.status && c.lastTransitionTime);
    condition.lastTransitionTime ||= same?.lastTransitionTime ?? now;
  }
}

/** A signer leaves decisions as they are. */
function keepForStatus(csr: any, old: any, context?: Context): void {
  csr.spec = old.spec;
  for (const type of ['Approved', 'Denied']) {
    const [before, after] = [conditionsOf(old, type), conditionsOf(csr, type)];
    if (before.length !== after.length || !before.length) continue;
    let i = 0;
    csr.status.conditions = csr.status.conditions.map((c: any) => (c.type === type ? { ...before[i++] } : c));
  }
  setTimes(csr, old, context);
}

function keepForApproval(csr: any, old: any, context?: Context): void {
  setTimes(csr, old, context);
  const conditions = csr.status?.conditions;
  csr.spec = old.spec;
  csr.status = { ...old.status };
  if (conditions?.length) csr.status.conditions = conditions;
  else delete csr.status.conditions;
}

function stateText(csr: any): string {
  const has = (type: string) => conditionsOf(csr, type).length > 0;
  const decision = has('Denied') ? 'Denied' : has('Approved') ? 'Approved' : 'Pending';
  return `${decision}${has('Failed') ? ',Failed' : ''}${csr.status?.certificate ? ',Issued' : ''}`;
}

export const certificateSigningRequest = defineKind({
  group: 'certificates.k8s.io',
  version: 'v1',
  kind: 'CertificateSigningRequest',
  plural: 'certificatesigningrequests',
  shortNames: ['csr'],
  namespaced: false,
  schema: 'io.k8s.api.certificates.v1.CertificateSigningRequest',
  storage: 'certificatesigningrequests',
  defaults: (csr) => {
    csr.spec ??= {};
  },
  prepareCreate,
  prepareUpdate: (csr, old) => {
    csr.spec = old.spec;
  },
  // Any name will do.
  validateName: () => [],
  validateCreate,
  validateUpdate: (csr, old) => checkUpdate(csr, old),
  resets: ['spec', 'status'],
  subresources: [
    {
      name: 'approval',
      verbs: ['get', 'patch', 'update'],
      keep: keepForApproval,
      validateUpdate: (csr, old) => checkUpdate(csr, old, { decide: true }),
      resets: ['spec', 'status.certificate'],
    },
    {
      name: 'status',
      verbs: ['get', 'patch', 'update'],
      keep: keepForStatus,
      validateUpdate: (csr, old) => checkUpdate(csr, old, { issue: true }),
      resets: ['spec', 'status.conditions'],
    },
  ],
  columns: [
    nameColumn,
    ageColumn,
    column('SignerName', 'Whose certificate is asked for.', (o) => o.spec?.signerName || '<none>'),
    column('Requestor', 'Who asks.', (o) => o.spec?.username ?? ''),
    column('RequestedDuration', 'For how long.', (o) =>
      o.spec?.expirationSeconds === undefined ? '<none>' : humanDuration(o.spec.expirationSeconds * 1000),
    ),
    column('Condition', 'What became of it.', stateText),
  ],
  selectableFields: { 'spec.signerName': (o) => o.spec?.signerName ?? '' },
});
