// A server that was given no certificate makes one and keeps it in --cert-dir.
import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type PeerCertificate } from 'node:tls';
import { afterAll, expect, it } from 'vitest';
import { flags } from '../../apiserver/flags.ts';
import { ownCertificate } from '../../apiserver/ownCertificate.ts';
import { startApiServer } from '../../apiserver/run.ts';
import { parseFlags } from '../../component-base/flags.ts';
import { silentLogger } from '../../component-base/logger.ts';

const folder = mkdtempSync(join(tmpdir(), 'mk8s-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('is for the addresses and the names in the cluster, its key for the owner alone', () => {
  const dir = join(folder, 'made');
  const { cert } = ownCertificate(dir, ['10.1.2.3', '127.0.0.1', '10.0.0.1']);
  const x = new X509Certificate(cert);
  for (const ip of ['10.1.2.3', '127.0.0.1', '10.0.0.1']) expect(x.checkIP(ip)).toBe(ip);
  for (const name of ['kubernetes', 'kubernetes.default', 'kubernetes.default.svc', 'localhost'])
    expect(x.checkHost(name)).toBe(name);
  expect(statSync(join(dir, 'apiserver.key')).mode & 0o777).toBe(0o600);
});

it('is kept', () => {
  const dir = join(folder, 'kept');
  const first = ownCertificate(dir, ['10.1.2.3']);
  expect(ownCertificate(dir, ['10.9.9.9'])).toEqual(first);
  expect(readFileSync(join(dir, 'apiserver.crt'), 'utf8')).toBe(first.cert);
});

it('says what to do where it cannot be kept', () => {
  const file = join(folder, 'file');
  writeFileSync(file, '');
  expect(() => ownCertificate(join(file, 'below'), ['10.1.2.3'])).toThrow('--cert-dir');
});

const saKey = join(folder, 'sa.key');
const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
writeFileSync(saKey, privateKey.export({ type: 'pkcs8', format: 'pem' }));

const start = (...more: string[]) =>
  startApiServer(
    parseFlags(flags, [
      '--bind-address=127.0.0.1',
      '--secure-port=0',
      '--storage-backend=embedded',
      `--embedded-file=${join(folder, 'store.db')}`,
      `--cert-dir=${join(folder, 'server')}`,
      '--service-cluster-ip-range=10.0.0.0/24',
      `--service-account-key-file=${saKey}`,
      `--service-account-signing-key-file=${saKey}`,
      ...more,
    ]).config,
    silentLogger,
  );

it('is what the server shows, with the flags of upstream’s command tests', async () => {
  const server = await start('--storage-media-type=', '--service-account-lookup=true', '--runtime-config=api/v1');
  const seen = await new Promise<PeerCertificate>((resolve, reject) => {
    const socket = connect({ port: server.port, host: '127.0.0.1', rejectUnauthorized: false }, () => {
      resolve(socket.getPeerCertificate());
      socket.destroy();
    });
    socket.once('error', reject);
  });
  await server.stop();
  expect(seen.subjectaltname).toMatch(/127\.0\.0\.1.*IP Address:10\.0\.0\.1, DNS:kubernetes\.default\.svc/);
});

it('half a certificate is refused', async () => {
  await expect(start('--tls-cert-file=/nowhere')).rejects.toThrow('go together');
  const alone = start('--tls-sni-cert-key=/nowhere:foo');
  await expect(alone).rejects.toThrow('expected comma separated certificate and key file paths');
});
