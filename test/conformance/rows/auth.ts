// Rows of certificate signing requests, tokens' reviews and access reviews. See ../row.ts for how to read one.
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { course } from '../course.ts';
import { certificatePem, signingRequestPem } from '../harness/certificates.ts';
import { holds } from '../harness/check.ts';
import type { Context } from '../harness/context.ts';
import { type Row, row } from '../row.ts';

const certificates = 'certificates.k8s.io/v1';
const authorization = 'authorization.k8s.io/v1';

export const authRows: Row[] = [
  row('auth.csr.crud', async (c) => {
    const r = c.of(certificates, 'CertificateSigningRequest');
    const dyn = c.dyn(certificates, 'CertificateSigningRequest');
    const unique = c.unique();
    const signerName = `example.com/e2e-${unique}`;
    const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const spec = {
      request: Buffer.from(await signingRequestPem(keys, 'e2e.example.com')).toString('base64'),
      signerName,
      expirationSeconds: 3600,
      usages: ['digital signature', 'key encipherment', 'server auth'],
    };
    const body = { metadata: { generateName: 'e2e-example-csr-' }, spec };
    await course(c, {
      r,
      dyn,
      subresources: ['approval', 'status'].map((s) => `${r.plural}/${s}`),
      bodies: [body, body, body],
      fieldSelector: `spec.signerName=${signerName}`,
      watch: (object) => ({ fieldSelector: `metadata.name=${object.metadata.name}` }),
      status: async (object) => {
        holds(object.spec, spec);
        await approval(c, object.metadata.name);
        await certificate(c, object.metadata.name, await certificatePem(keys, 'e2e.example.com'));
      },
    });
  }),
  row('auth.serviceaccount.token-review', async (c) => {
    const namespace = await c.namespace();
    const accounts = c.of('v1', 'ServiceAccount', namespace);
    const account = await accounts.create({ metadata: { name: c.unique('e2e-sa-') } });
    const { name, uid } = account.metadata;
    const reply = await c.raw(accounts.path(name, 'token'), {
      body: { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} },
    });
    assert.equal(reply.code, 201, reply.text);
    assert.equal(reply.json.kind, 'TokenRequest');
    const { token } = reply.json.status;
    assert.match(token, /^[\w-]+\.[\w-]+\.[\w-]+$/);
    const review = await c.of('authentication.k8s.io/v1', 'TokenReview').create({ spec: { token } });
    assert.equal(review.status.error ?? '', '');
    assert.equal(review.status.authenticated, true);
    assert.equal(review.status.user.username, `system:serviceaccount:${namespace}:${name}`);
    assert.equal(review.status.user.uid, uid);
  }),
  row('auth.subjectreview.matches-request', async (c) => {
    const namespace = await c.namespace();
    const user = `system:serviceaccount:${namespace}:e2e`;
    const groups = ['system:authenticated', 'system:serviceaccounts', `system:serviceaccounts:${namespace}`];
    const uid = 'e2e-uid-1234';
    const attributes = { verb: 'list', resource: 'configmaps', version: 'v1', namespace };
    const review = await c.of(authorization, 'SubjectAccessReview').create({
      spec: { user, uid, groups, resourceAttributes: attributes },
    });
    assert.equal(typeof review.status.allowed, 'boolean');
    const really = await listAs(c, namespace, user, uid, groups);
    assert.equal(review.status.allowed, really);
    const local = await c.of(authorization, 'LocalSubjectAccessReview', namespace).create({
      metadata: { namespace },
      spec: { user: 'e2e', resourceAttributes: attributes },
    });
    assert.equal(local.status.allowed, await listAs(c, namespace, 'e2e', '', []));
    assert.equal(local.status.allowed, review.status.allowed, 'by default neither may');
    await allowedToo(c, namespace, user, uid, groups, attributes);
  }),
];

/** What really happens: 403 Forbidden or success; anything else fails. */
async function listAs(c: Context, namespace: string, user: string, uid: string, groups: string[]): Promise<boolean> {
  const headers: any = { 'impersonate-user': user, ...(uid ? { 'impersonate-uid': uid } : {}) };
  // A repeated header is a list to Node.
  if (groups.length) headers['impersonate-group'] = groups;
  const reply = await c.raw(`/api/v1/namespaces/${namespace}/configmaps`, { headers, accept: 'application/json' });
  if (reply.code === 403) assert.equal(reply.json.reason, 'Forbidden');
  else assert.equal(reply.json.kind, 'ConfigMapList');
  assert.ok([200, 403].includes(reply.code), reply.text);
  return reply.code === 200;
}

/** Upstream looks at a refusal alone. Once a role is bound, the verdict and the request must both be yes. */
async function allowedToo(
  c: Context,
  namespace: string,
  user: string,
  uid: string,
  groups: string[],
  attributes: object,
): Promise<void> {
  const rbac = 'rbac.authorization.k8s.io';
  await c.of(`${rbac}/v1`, 'Role', namespace).create({
    metadata: { name: 'lister' },
    rules: [{ apiGroups: [''], resources: ['configmaps'], verbs: ['list'] }],
  });
  await c.of(`${rbac}/v1`, 'RoleBinding', namespace).create({
    metadata: { name: 'lister' },
    roleRef: { apiGroup: rbac, kind: 'Role', name: 'lister' },
    subjects: [{ kind: 'ServiceAccount', name: 'e2e', namespace }],
  });
  const verdict = async () => {
    const spec = { user, uid, groups, resourceAttributes: attributes };
    return (await c.of(authorization, 'SubjectAccessReview').create({ spec })).status.allowed;
  };
  await c.poll(500, 60_000, 'the role takes effect', async () => (await verdict()) === true);
  assert.equal(await listAs(c, namespace, user, uid, groups), true);
}

async function approval(c: Context, name: string): Promise<void> {
  const r = c.of(certificates, 'CertificateSigningRequest');
  const read = await c.dyn(certificates, 'CertificateSigningRequest').get(name, 'approval');
  assert.equal(read.metadata.name, name);
  const condition = (type: string) => ({ type, status: 'True', reason: 'E2E', message: `Set by an e2e test: ${type}` });
  const patched = await r.patch(
    name,
    'merge',
    { metadata: { annotations: { patchedapproval: 'true' } }, status: { conditions: [condition('ApprovalPatch')] } },
    'approval',
  );
  assert.equal(patched.metadata.annotations.patchedapproval, 'true');
  assert.equal(patched.status.conditions.length, 1);
  holds(patched.status.conditions[0], condition('ApprovalPatch'));
  const updated = await r.change(
    name,
    (object) => void object.status.conditions.push(condition('Approved')),
    'approval',
  );
  assert.deepEqual(
    updated.status.conditions.map((x: any) => x.type),
    ['ApprovalPatch', 'Approved'],
  );
}

async function certificate(c: Context, name: string, pem: string): Promise<void> {
  const r = c.of(certificates, 'CertificateSigningRequest');
  const bytes = Buffer.from(pem).toString('base64');
  const patched = await r.patch(
    name,
    'merge',
    { metadata: { annotations: { patchedstatus: 'true' } }, status: { certificate: bytes } },
    'status',
  );
  assert.equal(patched.metadata.annotations.patchedstatus, 'true');
  assert.equal(patched.status.certificate, bytes);
  const condition = { type: 'StatusUpdate', status: 'True', reason: 'E2E', message: 'Set from an e2e test' };
  const updated = await r.change(name, (object) => void object.status.conditions.push(condition), 'status');
  holds(updated.status.conditions.at(-1), condition);
  const read = await r.get(name);
  assert.equal(read.metadata.annotations.patchedapproval, 'true', 'annotations sent to a subresource are stored');
  assert.equal(read.status.certificate, bytes);
}
