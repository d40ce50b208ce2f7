import { createHmac } from 'node:crypto';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  configMaps,
  namespaces,
  secrets,
  serviceAccounts,
  serviceCIDRs,
  services,
} from '../../apimachinery/resources.ts';
import type { IPAddress, Secret, ServiceAccount, ServiceCIDR } from '../../apimachinery/types.ts';
import type { Client } from '../../client/client.ts';
import { planSignatures } from '../../controllers/bootstrapTokens/bootstrapSigner.ts';
import { expiryOf, signingToken } from '../../controllers/bootstrapTokens/token.ts';
import { planCleaning } from '../../controllers/legacyTokenCleaner.ts';
import { planToken } from '../../controllers/serviceAccountTokens/plan.ts';
import { mayGo } from '../../controllers/serviceCidr/plan.ts';
import { startTestApiServer, type TestApiServer, until } from '../kit/apiServer.ts';
import { type RunningManager, startManager } from './manager.ts';
import { at, now } from './objects.ts';

const base64 = (text: string) => Buffer.from(text).toString('base64');
const text = (value: string | undefined) => Buffer.from(value ?? '', 'base64').toString();

const account = (uid = 'u', listed = false) =>
  ({ metadata: { name: 'a', uid }, ...(listed ? { secrets: [{ name: 's' }] } : {}) }) as ServiceAccount;
const tokenSecret = (uid: string | undefined, data: Record<string, string> = {}, metadata: object = {}) =>
  ({
    metadata: {
      name: 's',
      namespace: 'd',
      annotations: {
        'kubernetes.io/service-account.name': 'a',
        ...(uid ? { 'kubernetes.io/service-account.uid': uid } : {}),
      },
      ...metadata,
    },
    data: Object.fromEntries(Object.entries(data).map(([k, v]) => [k, base64(v)])),
  }) as unknown as Secret;

describe('token secrets', () => {
  const full = { token: 't', namespace: 'd', 'ca.crt': 'CA' };
  it.each([
    ['an empty one is filled', tokenSecret(undefined), account(), { do: 'fill', token: true, rootCa: true }],
    ['a full one stays', tokenSecret('u', full), account(), { do: 'nothing' }],
    [
      'a new bundle',
      tokenSecret('u', { ...full, 'ca.crt': 'old' }),
      account(),
      { do: 'fill', token: false, rootCa: true },
    ],
    ['without its account it goes', tokenSecret('u', full), undefined, { do: 'delete' }],
    ['another account of that name', tokenSecret('v', full), account(), { do: 'delete' }],
  ])('%s', (_name, secret, sa, plan) => expect(planToken(secret, sa, 'CA')).toEqual(plan));
});

describe('tokens that nobody uses', () => {
  const days = (n: number) => n * 86_400;
  const year = days(365) * 1000;
  const day = (n: number) => at(days(n)).slice(0, 10);
  const clean = (labels: Record<string, string>, o: object = {}) =>
    planCleaning(tokenSecret('u', {}, { labels, creationTimestamp: at(days(-800)) }), {
      account: account('u', true),
      mounted: false,
      since: day(-800),
      period: year,
      now,
      ...o,
    });
  const used = 'kubernetes.io/legacy-token-last-used';
  const invalid = 'kubernetes.io/legacy-token-invalid-since';
  const nothing = { do: 'nothing' };
  it.each([
    ['never used: marked', clean({}), { do: 'mark', day: day(0) }],
    ['used long ago: marked', clean({ [used]: day(-400) }), { do: 'mark', day: day(0) }],
    ['used lately', clean({ [used]: day(-300) }), nothing],
    ['used at a time that is none', clean({ [used]: 'x' }), nothing],
    ['marked lately', clean({ [invalid]: day(-300) }), nothing],
    ['marked long ago: deleted', clean({ [invalid]: day(-366) }), { do: 'delete' }],
    ['marked with a time that is none: again', clean({ [invalid]: 'x' }), { do: 'mark', day: day(0) }],
    ['mounted', clean({}, { mounted: true }), nothing],
    ['made by hand', clean({}, { account: account('u') }), nothing],
    ['uses are noted since last week', clean({}, { since: day(-7) }), nothing],
    ['uses are not noted', clean({}, { since: undefined }), nothing],
  ])('%s', (_name, plan, wanted) => expect(plan).toEqual(wanted));
});

const bootstrapSecret = (id: string, data: Record<string, string> = {}) => ({
  metadata: { name: `bootstrap-token-${id}`, namespace: 'kube-system' },
  type: 'bootstrap.kubernetes.io/token',
  data: Object.fromEntries(
    Object.entries({
      'token-id': id,
      'token-secret': '0123456789abcdef',
      'usage-bootstrap-signing': 'true',
      ...data,
    }).map(([k, v]) => [k, base64(v)]),
  ),
});
function isSigned(info: any, id: string): boolean {
  const [header, middle, signature] = (info.data[`jws-kubeconfig-${id}`] ?? '').split('.');
  if (!header || middle !== '') return false;
  expect(JSON.parse(Buffer.from(header, 'base64url').toString())).toEqual({ alg: 'HS256', kid: id });
  const signed = `${header}.${Buffer.from(info.data.kubeconfig).toString('base64url')}`;
  return createHmac('sha256', '0123456789abcdef').update(signed).digest('base64url') === signature;
}

describe('bootstrap tokens', () => {
  const token = (data: Record<string, string>) => signingToken(bootstrapSecret('abcdef', data) as never, now)?.id;
  it.each([
    ['as it should be', token({}), 'abcdef'],
    ['of another name', token({ 'token-id': 'zzzzzz' }), undefined],
    ['too short a secret', token({ 'token-secret': 'x' }), undefined],
    ['not for signing', token({ 'usage-bootstrap-signing': 'false' }), undefined],
    ['still good', token({ expiration: at(10) }), 'abcdef'],
    ['over', token({ expiration: at(0) }), undefined],
    ['with an end that is none', token({ expiration: 'tomorrow' }), undefined],
  ])('%s', (_name, found, wanted) => expect(found).toBe(wanted));

  it('end as they say, in any zone', () => {
    const end = (expiration: string) => expiryOf(bootstrapSecret('abcdef', { expiration }) as never);
    expect([end('2026-01-01T02:00:00+02:00'), end('never'), expiryOf(bootstrapSecret('abcdef') as never)]).toEqual([
      Date.parse('2026-01-01T00:00:00Z'),
      0,
      undefined,
    ]);
  });

  it('are signed with, and taken off when they are gone', () => {
    const info = (data: object) => ({ data }) as never;
    const data = planSignatures(info({ kubeconfig: 'k', other: 'x' }), [{ id: 'abcdef', secret: '0123456789abcdef' }])!;
    expect(isSigned({ data }, 'abcdef')).toBe(true);
    expect(planSignatures(info(data), [{ id: 'abcdef', secret: '0123456789abcdef' }])).toBeUndefined();
    expect(planSignatures(info(data), [])).toEqual({ kubeconfig: 'k', other: 'x' });
    expect(planSignatures(info({}), [{ id: 'abcdef', secret: 'x' }])).toBeUndefined();
  });
});

describe('ranges of Services', () => {
  const cidr = (name: string, cidrs: string[], deleting = false) =>
    ({ metadata: { name, ...(deleting ? { deletionTimestamp: at(0) } : {}) }, spec: { cidrs } }) as ServiceCIDR;
  const ip = (name: string, manager = 'ipallocator.k8s.io') =>
    ({ metadata: { name, labels: { 'ipaddress.kubernetes.io/managed-by': manager } } }) as unknown as IPAddress;
  const own = cidr('own', ['10.1.0.0/24', 'fd00::/112'], true);
  it.each([
    ['nothing is given out', [own], [], true],
    ['an address would be left', [own], [ip('10.1.0.7')], false],
    ['an address of the other family', [own], [ip('fd00::7')], false],
    ['an address of someone else', [own], [ip('10.1.0.7', 'me')], true],
    ['an address from elsewhere', [own], [ip('10.2.0.7')], true],
    ['a larger one has all', [own, cidr('all', ['10.0.0.0/8', 'fd00::/108'])], [ip('10.1.0.7')], true],
    ['a larger one that goes too', [own, cidr('all', ['10.0.0.0/8', 'fd00::/108'], true)], [ip('10.1.0.7')], false],
    ['a smaller one has that address', [own, cidr('part', ['10.1.0.0/28'])], [ip('10.1.0.7')], true],
    ['a smaller one has not', [own, cidr('part', ['10.1.0.0/28'])], [ip('10.1.0.77')], false],
  ])('%s', (_name, all, ips, wanted) => expect(mayGo(own, all, ips)).toBe(wanted));
});

describe('in a cluster', { concurrent: true }, () => {
  let server: TestApiServer;
  let client: Client;
  let manager: RunningManager;
  beforeAll(async () => {
    server = await startTestApiServer({ flagsFor: (pki) => [`--service-account-key-file=${pki}/sa.pub`] });
    client = await server.client();
    manager = startManager(server, [
      '--controllers=serviceaccount-token,serviceaccount,bootstrapsigner,tokencleaner,service-cidr-controller',
      `--service-account-private-key-file=${server.folder}/pki/sa.key`,
    ]);
  });
  afterAll(async () => {
    await manager?.stop();
    client?.close();
    await server?.stop();
  });

  const review = async (token: string) => {
    const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', spec: { token } };
    return (await client.raw<any>('POST', '/apis/authentication.k8s.io/v1/tokenreviews', body)).status;
  };
  const make = async (name: string) => {
    await client.create(serviceAccounts, { metadata: { name, namespace: 'default' } });
    await client.create(secrets, {
      metadata: {
        name,
        namespace: 'default',
        annotations: { 'kubernetes.io/service-account.name': name },
      },
      type: 'kubernetes.io/service-account-token',
    } as never);
    await until(async () => Boolean((await client.get(secrets, name, 'default')).data?.token));
    return client.get(secrets, name, 'default');
  };
  const isGone = (name: string) =>
    until(() =>
      client.get(secrets, name, 'default').then(
        () => false,
        (error) => error.reason === 'NotFound',
      ),
    );

  it('a Secret gets token, bundle and namespace; the token is the account, for as long as both live', async () => {
    const secret = await make('builder');
    expect(text(secret.data!.namespace)).toBe('default');
    expect(text(secret.data!['ca.crt'])).toContain('BEGIN CERTIFICATE');
    const token = text(secret.data!.token);
    const sa = await client.get(serviceAccounts, 'builder', 'default');
    expect(secret.metadata.annotations!['kubernetes.io/service-account.uid']).toBe(sa.metadata.uid);
    expect(decodeProtectedHeader(token).kid).toBeTruthy();
    expect(decodeJwt(token)).toEqual({
      iss: 'kubernetes/serviceaccount',
      sub: 'system:serviceaccount:default:builder',
      'kubernetes.io/serviceaccount/namespace': 'default',
      'kubernetes.io/serviceaccount/secret.name': 'builder',
      'kubernetes.io/serviceaccount/service-account.name': 'builder',
      'kubernetes.io/serviceaccount/service-account.uid': sa.metadata.uid,
    });
    const status = await review(token);
    expect(status.user).toMatchObject({ username: 'system:serviceaccount:default:builder', uid: sa.metadata.uid });
    expect(status.user.groups).toContain('system:serviceaccounts:default');
    const noted = await client.get(secrets, 'builder', 'default');
    expect(noted.metadata.labels).toEqual({
      'kubernetes.io/legacy-token-last-used': new Date().toISOString().slice(0, 10),
    });
    await client.delete(serviceAccounts, 'builder', 'default');
    await isGone('builder');
  });

  it('one that is marked, or whose Secret is gone, is refused', async () => {
    const marked = text((await make('marked')).data!.token);
    const label = { 'kubernetes.io/legacy-token-invalid-since': '2020-01-01' };
    await client.patch(secrets, 'marked', 'default', 'merge', { metadata: { labels: label } });
    expect(await review(marked)).toMatchObject({ error: expect.stringContaining('has been marked invalid') });
    const lost = text((await make('lost')).data!.token);
    await client.delete(secrets, 'lost', 'default');
    expect(await review(lost)).toMatchObject({ error: expect.stringContaining('Token has been invalidated') });
  });

  it('cluster-info is signed with each bootstrap token; what is over goes', async () => {
    await until(() =>
      client.get(namespaces, 'kube-public').then(
        () => true,
        () => false,
      ),
    );
    await client.create(configMaps, {
      metadata: { name: 'cluster-info', namespace: 'kube-public' },
      data: { kubeconfig: 'apiVersion: v1\n' },
    });
    await client.create(secrets, bootstrapSecret('abcdef') as never);
    const info = () => client.get(configMaps, 'cluster-info', 'kube-public');
    await until(async () => isSigned(await info(), 'abcdef'));
    await client.patch(configMaps, 'cluster-info', 'kube-public', 'merge', { data: { kubeconfig: 'other' } });
    await until(async () => isSigned(await info(), 'abcdef'));
    const expiration = new Date(Date.now() + 1500).toISOString();
    await client.patch(secrets, 'bootstrap-token-abcdef', 'kube-system', 'merge', {
      data: { expiration: base64(expiration) },
    });
    await until(async () => (await info()).data!['jws-kubeconfig-abcdef'] === undefined);
  });

  it('a ServiceCIDR is Ready with its finalizer, and waits for its last address', async () => {
    await client.create(serviceCIDRs, { metadata: { name: 'more' }, spec: { cidrs: ['10.200.0.0/24'] } });
    const ready = async () => {
      const cidr = await client.get(serviceCIDRs, 'more');
      return [cidr.status?.conditions?.[0]?.status, cidr.status?.conditions?.[0]?.reason, cidr.metadata.finalizers];
    };
    const finalizers = ['networking.k8s.io/service-cidr-finalizer'];
    await until(async () => (await ready())[0] === 'True');
    expect((await ready())[2]).toEqual(finalizers);
    const spec = { clusterIP: '10.200.0.9', ports: [{ port: 80 }] };
    await until(() =>
      client.create(services, { metadata: { name: 's', namespace: 'default' }, spec } as never).then(
        () => true,
        () => false,
      ),
    );
    await client.delete(serviceCIDRs, 'more');
    await until(async () => (await ready())[0] === 'False');
    expect(await ready()).toEqual(['False', 'Terminating', finalizers]);
    await client.delete(services, 's', 'default');
    await until(
      () =>
        client.get(serviceCIDRs, 'more').then(
          () => false,
          (error) => error.reason === 'NotFound',
        ),
      30_000,
    );
  });
});
