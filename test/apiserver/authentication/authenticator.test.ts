import { generateKeyPairSync } from 'node:crypto';
import { SignJWT } from 'jose';
import { beforeEach, describe, expect, it } from 'vitest';
import { createAuthenticator } from '../../../apiserver/authentication/authenticator.ts';
import { parseTokenFile } from '../../../apiserver/authentication/tokenFile.ts';
import { createTokenIssuer } from '../../../apiserver/authentication/tokenIssuer.ts';
import { serviceAccountToken } from '../../../apiserver/kinds/serviceAccountToken.ts';
import { tokenReview } from '../../../apiserver/kinds/tokenReview.ts';
import { memoryCluster } from '../memoryCluster.ts';

const issuer = 'https://kubernetes.default.svc.cluster.local';
const pemPair = (kind: 'ec' | 'rsa') => {
  const pair =
    kind === 'ec'
      ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
      : generateKeyPairSync('rsa', { modulusLength: 2048 });
  return {
    key: pair.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
    public: pair.publicKey.export({ type: 'spki', format: 'pem' }) as string,
  };
};
const keys = pemPair('ec');
const tokens = createTokenIssuer({ issuer, signingKey: keys.key, audiences: [issuer] });

let now = Date.parse('2026-01-01T00:00:00Z');
let cluster: ReturnType<typeof memoryCluster>;
let account: any;
beforeEach(() => {
  cluster = memoryCluster();
  account = cluster.put({ group: '', plural: 'serviceaccounts' }, { metadata: { name: 'sa', namespace: 'a' } });
});
const make = (options: object = {}) =>
  createAuthenticator({
    trust: { clientCA: 'pem' },
    tokenAuthFile: 'secret,ann,7,"devs,ops"\n',
    serviceAccount: { issuers: [issuer], keys: [keys.public], audiences: [issuer] },
    anonymous: true,
    lookups: cluster,
    now: () => now,
    ...options,
  });
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const context = () => ({ cluster, tokens, now: () => now, authentication: make() }) as never;
const request = async (spec: object = {}): Promise<any> =>
  (await serviceAccountToken.create!({ metadata: {}, spec }, { name: 'sa', namespace: 'a' }, context()))['status'];

describe('certificates', () => {
  it('names user and groups', async () => {
    const certificate = { commonName: 'ann', organizations: ['devs'], fingerprint256: 'AB:CD' };
    expect(await make().authenticate({ certificate })).toEqual({
      username: 'ann',
      groups: ['devs', 'system:authenticated'],
      extra: { 'authentication.kubernetes.io/credential-id': ['X509SHA256=abcd'] },
    });
  });

  it.each([
    [{ commonName: 'ann', organizations: [], error: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' }],
    [{ commonName: 'ann', organizations: [], notAfter: 1 }],
  ])('refuses %j', async (certificate) => {
    await expect(make().authenticate({ certificate })).rejects.toMatchObject({ code: 401, reason: 'Unauthorized' });
  });

  it('are not looked at without a client CA', async () => {
    const certificate = { commonName: 'ann', organizations: [] };
    expect((await make({ trust: {} }).authenticate({ certificate }))?.username).toBe('system:anonymous');
  });
});

describe('tokens from a file, and none', () => {
  it('knows the user', async () => {
    expect(await make().authenticate(bearer('secret'))).toEqual({
      username: 'ann',
      uid: '7',
      groups: ['devs', 'ops', 'system:authenticated'],
    });
  });

  it('refuses an unknown token even where anonymous is allowed', async () => {
    await expect(make().authenticate(bearer('other'))).rejects.toMatchObject({ code: 401, message: 'Unauthorized' });
  });

  it('takes no credentials as anonymous, or as nobody', async () => {
    for (const authorization of [undefined, '', 'Basic eDp5', 'Bearer ', 'Bearer']) {
      expect((await make().authenticate({ authorization }))?.username).toBe('system:anonymous');
      expect(await make({ anonymous: false }).authenticate({ authorization })).toBeUndefined();
    }
  });

  it.each([
    ['t,u,1', 'u'],
    ['"t,x",u,', 'u'],
    ['t,"a ""b""",1,g', 'a "b"'],
  ])('reads %s', (line, name) => expect([...parseTokenFile(line).values()][0]?.username).toBe(name));

  it.each(['t,u', 't', ',u,1', 't,u,1,g,h'])('refuses the line %s', (line) =>
    expect(() => parseTokenFile(line)).toThrow('line 1'),
  );
});

describe('bootstrap tokens', () => {
  const valid = { 'token-id': 'abcdef', 'token-secret': '0123456789abcdef', 'usage-bootstrap-authentication': 'true' };
  const who = async (data: Record<string, string>, more: { type?: string; deletionTimestamp?: string } = {}) => {
    const { type = 'bootstrap.kubernetes.io/token', ...metadata } = more;
    const base64 = Object.entries(data).map(([key, text]) => [key, Buffer.from(text).toString('base64')]);
    cluster.put(
      { group: '', plural: 'secrets' },
      {
        metadata: { name: 'bootstrap-token-abcdef', namespace: 'kube-system', ...metadata },
        type,
        data: Object.fromEntries(base64),
      },
    );
    return make({ bootstrapTokens: true }).authenticate(bearer('abcdef.0123456789abcdef'));
  };

  it('are known by their Secret, behind their flag', async () => {
    const user = { username: 'system:bootstrap:abcdef', groups: ['system:bootstrappers', 'system:authenticated'] };
    expect(await who(valid)).toEqual(user);
    expect(await who({ ...valid, expiration: '2026-01-01T00:00:01Z' })).toEqual(user);
    const groups = ['system:bootstrappers', 'system:bootstrappers:a', 'system:bootstrappers:b:c'];
    const more = { ...valid, 'auth-extra-groups': `${groups[2]},${groups[1]}` };
    expect((await who(more))?.groups).toEqual([...groups, 'system:authenticated']);
    await expect(make().authenticate(bearer('abcdef.0123456789abcdef'))).rejects.toThrow('Unauthorized');
  });

  it.each([
    [{ ...valid, 'token-secret': '0123456789abcdee' }, {}],
    [{ ...valid, 'token-secret': '' }, {}],
    [{ ...valid, 'token-id': 'abcdeg' }, {}],
    [{ ...valid, 'usage-bootstrap-authentication': 'yes' }, {}],
    [{ ...valid, expiration: '2026-01-01T00:00:00Z' }, {}],
    [{ ...valid, expiration: 'tomorrow' }, {}],
    [{ ...valid, 'auth-extra-groups': 'system:masters' }, {}],
    [valid, { type: 'Opaque' }],
    [valid, { deletionTimestamp: '2026-01-01T00:00:00Z' }],
  ])('%j %j is none', async (data, more) => {
    await expect(who(data, more)).rejects.toThrow('Unauthorized');
  });
});

describe('ServiceAccount tokens', () => {
  it('are given out and known again', async () => {
    const { token, expirationTimestamp } = await request();
    expect(expirationTimestamp).toBe('2026-01-01T01:00:00Z');
    const user = await make().authenticate(bearer(token));
    expect(user).toEqual({
      username: 'system:serviceaccount:a:sa',
      uid: account.metadata.uid,
      groups: ['system:serviceaccounts', 'system:serviceaccounts:a', 'system:authenticated'],
      extra: { 'authentication.kubernetes.io/credential-id': [expect.stringMatching(/^JTI=[0-9a-f-]{36}$/)] },
    });
  });

  it.each(['rsa', 'ec'] as const)('verify with any key of the list (%s)', async (kind) => {
    const other = pemPair(kind);
    const signer = createTokenIssuer({ issuer, signingKey: other.key, audiences: [issuer] });
    const claims = { namespace: 'a', serviceaccount: { name: 'sa', uid: account.metadata.uid } };
    const token = await signer.issue(claims, [issuer], 600, now);
    await expect(make().authenticate(bearer(token))).rejects.toThrow('Unauthorized');
    const both = { issuers: [issuer], keys: [`${keys.public}\n${other.public}`], audiences: [issuer] };
    expect((await make({ serviceAccount: both }).authenticate(bearer(token)))?.username).toBe(
      'system:serviceaccount:a:sa',
    );
    expect(signer.discovery('u').jwks).toMatchObject({
      keys: [{ use: 'sig', alg: kind === 'ec' ? 'ES256' : 'RS256' }],
    });
  });

  it('share the life of their pod and tell of its node', async () => {
    const pods = { group: '', plural: 'pods' };
    const pod = cluster.put(pods, {
      metadata: { name: 'p', namespace: 'a' },
      spec: { serviceAccountName: 'sa', nodeName: 'n1' },
    });
    const node = cluster.put({ group: '', plural: 'nodes' }, { metadata: { name: 'n1' } });
    const { token } = await request({
      boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name: 'p', uid: pod.metadata.uid },
    });
    expect((await make().authenticate(bearer(token)))?.extra).toMatchObject({
      'authentication.kubernetes.io/pod-name': ['p'],
      'authentication.kubernetes.io/pod-uid': [pod.metadata.uid],
      'authentication.kubernetes.io/node-name': ['n1'],
      'authentication.kubernetes.io/node-uid': [node.metadata.uid],
    });
    await cluster.delete(pods, 'p', 'a');
    await expect(make().authenticateToken(token)).rejects.toThrow(
      '[invalid bearer token, service account token has been invalidated]',
    );
    cluster.put(pods, { metadata: { name: 'p', namespace: 'a', uid: 'other' } });
    await expect(make().authenticateToken(token)).rejects.toThrow(
      'pod UID (other) does not match service account pod ref claim',
    );
  });

  it.each<[string, string, () => unknown]>([
    ['an hour later', 'service account token has expired', () => (now += 3_600_000)],
    [
      'when the account is gone',
      'not found',
      () => cluster.delete({ group: '', plural: 'serviceaccounts' }, 'sa', 'a'),
    ],
    [
      'when the account is another',
      'service account UID (u2) does not match claim',
      () => (account.metadata.uid = 'u2'),
    ],
    [
      'when the account is being deleted',
      'invalidated',
      () => (account.metadata.deletionTimestamp = '2020-01-01T00:00:00Z'),
    ],
  ])('are refused %s', async (_, text, change) => {
    const { token } = await request();
    await change();
    await expect(make().authenticateToken(token)).rejects.toThrow(text);
    now = Date.parse('2026-01-01T00:00:00Z');
  });

  it('are refused by others than they were made for, and when forged', async () => {
    const { token } = await request({ audiences: ['vault'] });
    await expect(make().authenticateToken(token)).rejects.toThrow(
      `token audiences ["vault"] is invalid for the target audiences ["${issuer}"]`,
    );
    expect((await make().authenticateToken(token, ['vault', 'x'])).audiences).toEqual(['vault']);
    const forged = await new SignJWT({ iss: issuer, sub: 'x' })
      .setProtectedHeader({ alg: 'HS256' })
      .sign(new TextEncoder().encode(keys.public));
    await expect(make().authenticateToken(forged)).rejects.toThrow('failed to verify signature');
    const { token: mine } = await request();
    const [head, , signature] = mine.split('.');
    const body = Buffer.from(JSON.stringify({ iss: issuer, exp: 9e9 })).toString('base64url');
    await expect(make().authenticateToken(`${head}.${body}.${signature}`)).rejects.toThrow(
      'failed to verify signature',
    );
  });

  it('serve from the cache for ten seconds at most', async () => {
    const { token } = await request();
    const authenticator = make();
    await authenticator.authenticate(bearer(token));
    await cluster.delete({ group: '', plural: 'serviceaccounts' }, 'sa', 'a');
    expect((await authenticator.authenticate(bearer(token)))?.username).toBe('system:serviceaccount:a:sa');
    now += 10_001;
    await expect(authenticator.authenticate(bearer(token))).rejects.toThrow('Unauthorized');
    now = Date.parse('2026-01-01T00:00:00Z');
  });
});

describe('TokenRequest refuses', () => {
  it.each([
    [
      { expirationSeconds: 60 },
      422,
      'spec.expirationSeconds: Invalid value: 60: may not specify a duration less than 10 minutes',
    ],
    [{ expirationSeconds: 2 ** 33 }, 422, 'may not specify a duration larger than 2^32 seconds'],
    [
      { boundObjectRef: { apiVersion: 'v1', kind: 'ConfigMap', name: 'x' } },
      400,
      'cannot bind token to object of type /v1, Kind=ConfigMap',
    ],
    [{ boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name: 'nope' } }, 404, 'pods "nope" not found'],
    [
      { boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name: 'p' } },
      400,
      'cannot bind token for serviceaccount "sa" to pod running with different serviceaccount name.',
    ],
    [
      { boundObjectRef: { apiVersion: 'v1', kind: 'Secret', name: 's', uid: 'x' } },
      409,
      'the UID in the bound object reference (x)',
    ],
  ])('%j', async (spec, code, text) => {
    cluster.put(
      { group: '', plural: 'pods' },
      { metadata: { name: 'p', namespace: 'a' }, spec: { serviceAccountName: 'b' } },
    );
    cluster.put({ group: '', plural: 'secrets' }, { metadata: { name: 's', namespace: 'a' } });
    await expect(request(spec)).rejects.toMatchObject({ code, message: expect.stringContaining(text) });
  });
});

describe('TokenRequest', () => {
  const named = (metadata: object): Promise<any> =>
    serviceAccountToken.create!({ metadata, spec: {} }, { name: 'sa', namespace: 'a' }, context());
  it.each([
    [{ name: 'other' }, 'metadata.name: Invalid value: "other": must match the service account name if specified'],
    [
      { namespace: 'b' },
      'metadata.namespace: Invalid value: "b": must match the service account namespace if specified',
    ],
  ])('is of its account: not %j', async (metadata, text) => {
    await expect(named(metadata)).rejects.toMatchObject({ code: 422, message: expect.stringContaining(text) });
  });
  it('is of its account, whether it says so or not', async () => {
    for (const metadata of [{}, { name: 'sa', namespace: 'a' }])
      expect((await named(metadata)).metadata).toMatchObject({ name: 'sa', namespace: 'a' });
  });
  it('lives ten minutes at least', async () => {
    expect((await request({ expirationSeconds: 600 })).expirationTimestamp).toBe('2026-01-01T00:10:00Z');
  });

  const longest = 7200;
  /** For a pod, with a longest validity of two hours. */
  async function inPod(spec: object, extendExpiration: boolean) {
    const ref = { group: '', plural: 'pods' };
    cluster.put(ref, { metadata: { name: 'p', namespace: 'a' }, spec: { serviceAccountName: 'sa' } });
    const options = { issuer, signingKey: keys.key, audiences: [issuer], maxExpirationSeconds: longest };
    const limited = createTokenIssuer({ ...options, extendExpiration });
    const warnings: string[] = [];
    const world = { cluster, tokens: limited, now: () => now, warn: (text: string) => warnings.push(text) } as never;
    const body = { spec: { boundObjectRef: { kind: 'Pod', name: 'p' }, ...spec } };
    const made: any = await serviceAccountToken.create!(body, { name: 'sa', namespace: 'a' }, world);
    const claims = JSON.parse(Buffer.from(made.status.token.split('.')[1], 'base64url').toString());
    const warnAfter = claims['kubernetes.io'].warnafter;
    return { lives: claims.exp - claims.iat, warnAfter: warnAfter && warnAfter - claims.iat, warnings };
  }
  const year = 365 * 24 * 3600;
  it.each([
    ['as old clients ask for it', { expirationSeconds: 3607 }, true, { lives: year, warnAfter: 3607 }],
    ['unless none shall outlive its time', { expirationSeconds: 3607 }, false, { lives: 3607 }],
    ['for others too', { expirationSeconds: 3607, audiences: [issuer, 'b'] }, true, { lives: 3607 }],
    [
      'longer than there may be',
      { expirationSeconds: 7201 },
      true,
      { lives: longest, warnings: ['requested expiration of 7201 seconds shortened to 7200 seconds'] },
    ],
  ])('in a pod, %s', async (_, spec, extend, expected) => {
    expect(await inPod(spec, extend)).toMatchObject(expected);
  });

  it.each([3599, 2 ** 32 + 1])('%i seconds are no longest validity', (maxExpirationSeconds) => {
    const options = { issuer, signingKey: keys.key, audiences: [issuer], maxExpirationSeconds };
    expect(() => createTokenIssuer(options)).toThrow('must be between 1 hour and 2^32 seconds');
  });
});

describe('TokenReview', () => {
  const review = (spec: object): Promise<any> =>
    tokenReview.answer!({ apiVersion: 'v1', kind: 'TokenReview', metadata: {}, spec }, context());

  it('tells the owner', async () => {
    const { token } = await request();
    const { status } = await review({ token });
    expect(status).toMatchObject({
      authenticated: true,
      audiences: [issuer],
      user: { username: 'system:serviceaccount:a:sa' },
    });
    expect(status.error).toBeUndefined();
  });

  it('tells why not', async () => {
    expect((await review({ token: 'x' })).status).toEqual({ user: {}, error: 'invalid bearer token' });
    await expect(review({ token: '' })).rejects.toMatchObject({
      code: 400,
      message: 'token is required for TokenReview in authentication',
    });
  });
});

describe('where the issuer says that its keys are', () => {
  const issued = (jwksUri: string) => createTokenIssuer({ issuer, signingKey: keys.key, audiences: [issuer], jwksUri });

  it.each([
    ['', 'https://here/openid/v1/jwks'],
    ['https://keys.example/jwks', 'https://keys.example/jwks'],
  ])('flag %j: %s', (flag, uri) => {
    expect(issued(flag).discovery('https://here/openid/v1/jwks').configuration).toMatchObject({
      issuer,
      jwks_uri: uri,
    });
  });

  it.each([
    ['http://keys.example/jwks', 'service-account-jwks-uri requires https scheme'],
    ['keys', 'service-account-jwks-uri must be a valid URL'],
  ])('%s is refused', (flag, why) => {
    expect(() => issued(flag)).toThrow(why);
  });
});
