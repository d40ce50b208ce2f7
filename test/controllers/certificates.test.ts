import '../../component-base/reflectMetadata.ts';
import { webcrypto, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import * as x509 from '@peculiar/x509';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { certificateSigningRequests } from '../../apimachinery/resources.ts';
import type { CertificateSigningRequest } from '../../apimachinery/types.ts';
import type { Client } from '../../client/client.ts';
import { isOver } from '../../controllers/certificates/cleaning.ts';
import { readRequest } from '../../controllers/certificates/request.ts';
import { rules, type SignerName } from '../../controllers/certificates/rules.ts';
import { validity } from '../../controllers/certificates/sign.ts';
import { startTestApiServer, type TestApiServer, until } from '../kit/apiServer.ts';
import { type RunningManager, startManager } from './manager.ts';
import { at, now } from './objects.ts';

const crypto = webcrypto as unknown as Crypto;
type Name = { type: 'dns' | 'ip' | 'email' | 'url'; value: string };
async function request(subject: string, names: Name[] = [], rsa = false): Promise<string> {
  const algorithm: any = rsa
    ? { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256', modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]) }
    : { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const keys = (await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])) as webcrypto.CryptoKeyPair;
  const csr = await x509.Pkcs10CertificateRequestGenerator.create(
    {
      name: subject,
      keys,
      signingAlgorithm: algorithm,
      extensions: names.length ? [new x509.SubjectAlternativeNameExtension(names)] : [],
    },
    crypto,
  );
  return Buffer.from(csr.toString('pem')).toString('base64');
}

describe('what signers demand', () => {
  const node = 'O=system:nodes, CN=system:node:n1';
  const [client, serving, api] = ['kube-apiserver-client-kubelet', 'kubelet-serving', 'kube-apiserver-client'];
  const clientUse = ['digital signature', 'client auth'];
  const serverUse = ['key encipherment', 'digital signature', 'server auth'];
  const dns: Name = { type: 'dns', value: 'n1' };
  it.each<[string, string, Name[], string[], string | undefined]>([
    [client!, node, [], clientUse, undefined],
    [client!, node, [], ['key encipherment', ...clientUse], undefined],
    [client!, 'O=others, CN=system:node:n1', [], clientUse, 'subject organization is not system:nodes'],
    [client!, 'O=system:nodes, CN=n1', [], clientUse, 'subject common name does not begin with system:node:'],
    [client!, node, [dns], clientUse, 'DNS subjectAltNames are not allowed'],
    [client!, node, [{ type: 'ip', value: '10.0.0.1' }], clientUse, 'IP subjectAltNames are not allowed'],
    [client!, node, [], serverUse, 'usages did not match [client auth digital signature key encipherment]'],
    [serving!, node, [dns], serverUse, undefined],
    [serving!, node, [], serverUse, 'DNS or IP subjectAltName is required'],
    [serving!, node, [dns, { type: 'url', value: 'http://x' }], serverUse, 'URI subjectAltNames are not allowed'],
    [api!, 'CN=me', [], clientUse, undefined],
    [api!, 'CN=me', [], serverUse, 'invalid usage for client certificate: server auth'],
    [api!, 'CN=me', [], ['digital signature'], 'missing required usage for client certificate: client auth'],
    ['legacy-unknown', 'CN=me', [dns], serverUse, undefined],
  ])('%s of %s with %j for %j: %s', async (signer, subject, names, usages, why) => {
    const asked = readRequest({ spec: { request: await request(subject, names) } } as CertificateSigningRequest);
    expect(rules[`kubernetes.io/${signer}` as SignerName](asked, usages)).toBe(why);
  });

  it.each([
    [undefined, 8760, now - 300_000, now - 300_000 + 8760 * 3600_000],
    [3600, 8760, now - 300_000, now + 3600_000],
    [60, 8760, now - 300_000, now + 600_000],
    [86_400, 2, now - 300_000, now + 7200_000],
  ])('asked for %s s, of %d h at most', (asked, hours, from, to) => {
    expect(validity(asked, hours * 3600_000, now, now + 1e12)).toEqual({ from, to });
    expect(validity(asked, hours * 3600_000, now, now + 1000).to).toBe(now + 1000);
  });
});

it.each([
  [{}, -3600, false],
  [{}, -90_000, true],
  [{ conditions: [{ type: 'Approved', lastUpdateTime: at(-3500) }] }, -90_000, false],
  [{ conditions: [{ type: 'Denied', lastUpdateTime: at(-3700) }] }, -90_000, true],
  [{ conditions: [{ type: 'Failed', lastUpdateTime: at(-3700) }] }, -90_000, true],
])('over: %j made at %d: %s', (status, created, over) => {
  expect(isOver({ metadata: { creationTimestamp: at(created) }, status } as never, now)).toBe(over);
});

describe('against a server', () => {
  let server: TestApiServer;
  let client: Client;
  let manager: RunningManager;
  beforeAll(async () => {
    server = await startTestApiServer();
    client = await server.client();
    manager = startManager(server, [
      '--controllers=certificatesigningrequest-approving-controller,certificatesigningrequest-signing-controller',
      `--cluster-signing-cert-file=${server.folder}/pki/ca.crt`,
      `--cluster-signing-key-file=${server.folder}/pki/ca.key`,
    ]);
  });
  afterAll(async () => {
    await manager.stop();
    client.close();
    await server.stop();
  });
  const get = (name: string) => client.get(certificateSigningRequests, name) as Promise<CertificateSigningRequest>;
  const create = async (
    name: string,
    signer: string,
    subject: string,
    usages: string[],
    o: { rsa?: boolean; names?: Name[] } = {},
  ) =>
    client.create(certificateSigningRequests, {
      metadata: { name },
      spec: {
        request: await request(subject, o.names, o.rsa),
        signerName: `kubernetes.io/${signer}`,
        usages,
        expirationSeconds: 3600,
      },
    } as never);
  const approve = async (name: string) =>
    client.update(
      certificateSigningRequests,
      {
        ...(await get(name)),
        status: { conditions: [{ type: 'Approved', status: 'True', reason: 'Test', message: '' }] },
      } as never,
      { subresource: 'approval' },
    );

  it('a node gets its client certificate without anybody', async () => {
    // Administrators may ask for any node's.
    await create('kubelet', 'kube-apiserver-client-kubelet', 'O=system:nodes, CN=system:node:n1', [
      'digital signature',
      'client auth',
    ]);
    await until(async () => Boolean((await get('kubelet')).status?.certificate));
    const { status } = await get('kubelet');
    expect(status?.conditions).toMatchObject([
      {
        type: 'Approved',
        reason: 'AutoApproved',
        message: 'Auto approving kubelet client certificate after SubjectAccessReview.',
      },
    ]);
    const certificate = new X509Certificate(Buffer.from(status!.certificate!, 'base64'));
    const authority = new X509Certificate(readFileSync(`${server.folder}/pki/ca.crt`));
    expect([certificate.checkIssued(authority), certificate.verify(authority.publicKey), certificate.ca]).toEqual([
      true,
      true,
      false,
    ]);
    expect(certificate.subject).toBe('O=system:nodes\nCN=system:node:n1');
    expect(certificate.keyUsage).toEqual(['1.3.6.1.5.5.7.3.2']);
    const minutes = (Date.parse(certificate.validTo) - Date.now()) / 60_000;
    expect(Math.round(minutes)).toBe(60);
  });

  it('what was approved is signed, with its names and its own kind of key', async () => {
    const names: Name[] = [
      { type: 'dns', value: 'n1.example' },
      { type: 'ip', value: '10.0.0.1' },
    ];
    const usages = ['digital signature', 'key encipherment', 'server auth'];
    await create('serving', 'kubelet-serving', 'O=system:nodes, CN=system:node:n1', usages, { names, rsa: true });
    expect((await get('serving')).status?.conditions).toBeUndefined();
    await approve('serving');
    await until(async () => Boolean((await get('serving')).status?.certificate));
    const certificate = new X509Certificate(Buffer.from((await get('serving')).status!.certificate!, 'base64'));
    expect([certificate.subjectAltName, certificate.publicKey.asymmetricKeyType]).toEqual([
      'DNS:n1.example, IP Address:10.0.0.1',
      'rsa',
    ]);
  });

  it('what the signer does not take fails', async () => {
    await create('wrong', 'kube-apiserver-client', 'CN=me', ['server auth']);
    await approve('wrong');
    await until(async () => (await get('wrong')).status?.conditions?.length === 2);
    expect((await get('wrong')).status?.conditions?.[1]).toMatchObject({
      type: 'Failed',
      reason: 'SignerValidationFailure',
      message: 'invalid usage for client certificate: server auth',
    });
  });
});
