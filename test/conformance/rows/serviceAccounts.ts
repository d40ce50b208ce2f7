// Rows of service accounts: tokens in pods, the issuer's discovery documents, their lifecycle, and the published root certificate.
// See ../row.ts for how to read one.
import assert from 'node:assert/strict';
import { createPublicKey, verify } from 'node:crypto';
import { grew, names, sameUid, validVersion } from '../harness/check.ts';
import type { Context } from '../harness/context.ts';
import { type Row, row } from '../row.ts';

const mountPath = '/var/run/secrets/kubernetes.io/serviceaccount';
const accounts = (c: Context, namespace?: string) => c.of('v1', 'ServiceAccount', namespace);

export const serviceAccountRows: Row[] = [
  row('auth.serviceaccount.automount-opt-out', async (c) => {
    const namespace = await c.namespace();
    for (const [name, automount] of [
      ['mount', true],
      ['nomount', false],
    ] as const)
      await accounts(c, namespace).create({ metadata: { name }, automountServiceAccountToken: automount });
    const seen: Record<string, boolean> = {};
    for (const account of ['default', 'mount', 'nomount'])
      for (const own of [undefined, true, false]) {
        const name = `pod-service-account-${account}-${own ?? 'unset'}`;
        const pod = await c.of('v1', 'Pod', namespace).create({
          metadata: { name },
          spec: {
            containers: [{ name: 'token-test', image: 'registry.k8s.io/e2e-test-images/agnhost:2.59' }],
            restartPolicy: 'Never',
            serviceAccountName: account,
            ...(own === undefined ? {} : { automountServiceAccountToken: own }),
          },
        });
        assert.equal(pod.spec.serviceAccountName, account);
        const mounts = pod.spec.containers[0].volumeMounts ?? [];
        seen[`${account} ${own}`] = mounts.some((m: any) => m.mountPath === mountPath);
      }
    assert.deepEqual(seen, {
      'default undefined': true,
      'default true': true,
      'default false': false,
      'mount undefined': true,
      'mount true': true,
      'mount false': false,
      'nomount undefined': false,
      'nomount true': true,
      'nomount false': false,
    });
  }),
  row('auth.serviceaccount.oidc-discovery', async (c) => {
    const namespace = await c.namespace();
    const audience = 'oidc-discovery-test';
    const [token, probe] = [
      await tokenOf(c, namespace, { audiences: [audience], expirationSeconds: 600 }),
      await tokenOf(c, namespace, {}),
    ];
    // As the pod would ask: with its automounted token and nothing else.
    const pod = c.connect(probe);
    c.after(() => pod.close());
    const as = (path: string) => pod.ask(path);
    const nobody = { 'impersonate-user': 'e2e-nobody' };
    assert.equal((await c.raw('/openid/v1/jwks', { headers: nobody })).code, 403, 'closed to who is not bound');
    const bindings = c.of('rbac.authorization.k8s.io/v1', 'ClusterRoleBinding');
    c.mine(
      bindings,
      await bindings.create({
        metadata: { name: `oidc-discovery-validator-${namespace}` },
        roleRef: {
          apiGroup: 'rbac.authorization.k8s.io',
          kind: 'ClusterRole',
          name: 'system:service-account-issuer-discovery',
        },
        subjects: [{ kind: 'ServiceAccount', name: 'default', namespace }],
      }),
    );
    await c.poll(
      500,
      30_000,
      'the binding opens the documents',
      async () => (await as('/openid/v1/jwks')).code === 200,
    );
    const [header, claims] = token.split('.', 2).map(decodePart);
    const { issuer, jwks_uri } = (await as('/.well-known/openid-configuration')).json;
    assert.equal(issuer, claims.iss);
    assert.match(jwks_uri, /^https:\/\/.*\/openid\/v1\/jwks$/);
    assert.deepEqual(claims.aud, [audience]);
    assert.equal(decodePart(probe.split('.')[1]!).iss, issuer);
    assert.ok(['RS256', 'ES256'].includes(header.alg), header.alg);
    const { keys } = (await as(new URL(jwks_uri).pathname)).json;
    const jwk = keys.find((k: any) => k.kid === header.kid);
    assert.ok(jwk, `a key ${header.kid}`);
    assert.ok(signedBy(jwk, token), 'the signature is right');
  }),
  row('auth.serviceaccount.lifecycle', async (c) => {
    const namespace = await c.namespace();
    const r = accounts(c, namespace);
    const name = `testserviceaccount-${namespace}`;
    const labels = { 'test-serviceaccount-static': namespace };
    const labelSelector = `test-serviceaccount-static=${namespace}`;
    const made = await r.create({ metadata: { name, labels } });
    validVersion(made);
    sameUid(made, await r.get(name));
    const watch = await r.watch({ labelSelector, timeoutSeconds: 180 });
    c.after(() => watch.close());
    sameUid(made, (await watch.expect('ADDED')).object);
    const patched = await r.patch(name, 'strategic', { metadata: {}, automountServiceAccountToken: false });
    grew(made, patched);
    assert.equal((await watch.expect('MODIFIED')).object.automountServiceAccountToken, false);
    const list = await accounts(c).list({ labelSelector });
    assert.deepEqual(names(list.items), [name]);
    assert.equal(list.items[0].automountServiceAccountToken, false);
    await r.deleteCollection();
    assert.equal((await watch.expect('DELETED')).object.metadata.name, name);
  }),
  row('auth.serviceaccount.root-ca', async (c) => {
    const r = c.of('v1', 'ConfigMap', await c.namespace());
    const name = 'kube-root-ca.crt';
    const first = await r.get(name);
    assert.match(first.data['ca.crt'], /BEGIN CERTIFICATE/);
    await r.delete(name, { gracePeriodSeconds: 0 });
    const again = await c.poll(500, 60_000, 'it comes back', () => r.get(name).catch(() => undefined));
    assert.notEqual(again.metadata.uid, first.metadata.uid);
    const emptied = await r.update({ metadata: { name }, data: { 'ca.crt': '' } });
    assert.equal(emptied.data['ca.crt'], '');
    await c.poll(
      500,
      30_000,
      'it is filled again',
      async () => (await r.get(name)).data['ca.crt'] === first.data['ca.crt'],
    );
  }),
  row('auth.serviceaccount.update', async (c) => {
    const r = accounts(c, await c.namespace());
    const name = c.unique('e2e-sa-');
    const made = await r.create({ metadata: { name }, automountServiceAccountToken: false });
    assert.equal(made.automountServiceAccountToken, false);
    const updated = await r.change(name, (object) => {
      object.automountServiceAccountToken = true;
    });
    assert.equal(updated.automountServiceAccountToken, true);
    sameUid(made, updated);
  }),
];

async function tokenOf(c: Context, namespace: string, spec: object): Promise<string> {
  const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec };
  const reply = await c.raw(accounts(c, namespace).path('default', 'token'), { body });
  assert.equal(reply.code, 201, reply.text);
  return reply.json.status.token;
}

const decodePart = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString());

function signedBy(jwk: any, token: string): boolean {
  const [header, claims, signature = ''] = token.split('.');
  const key = createPublicKey({ key: jwk, format: 'jwk' });
  return verify(
    'sha256',
    Buffer.from(`${header}.${claims}`),
    jwk.kty === 'EC' ? { key, dsaEncoding: 'ieee-p1363' } : key,
    Buffer.from(signature, 'base64url'),
  );
}
