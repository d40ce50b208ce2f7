// Deletes requests that nobody needs any more: an hour after they were decided, a day after nobody decided, or when what they brought is over.
// Reads: certificatesigningrequests. Writes: their deletions. Mirrors: pkg/controller/certificates/cleaner/cleaner.go.
import { X509Certificate } from 'node:crypto';
import { certificateSigningRequests } from '../../apimachinery/resources.ts';
import type { CertificateSigningRequest } from '../../apimachinery/types.ts';
import { sleep } from '../../client/backoff.ts';
import { type Controller, watch } from '../../client/controller.ts';
import { tolerate } from '../common/errors.ts';
import { timeOf } from '../common/pods.ts';
import { isIssued } from './request.ts';

const hour = 3_600_000;
const decided = hour;
const pending = 24 * hour;

export function isOver(csr: CertificateSigningRequest, now: number): boolean {
  const conditions = csr.status?.conditions ?? [];
  const old = (type: string) =>
    conditions.some((c) => c.type === type && now - timeOf(c.lastUpdateTime as string | undefined) > decided);
  if (old('Approved') || old('Denied') || old('Failed')) return true;
  if (!conditions.length && !isIssued(csr)) return now - timeOf(csr.metadata.creationTimestamp) > pending;
  return isIssued(csr) && isExpired(csr.status!.certificate!, now);
}

/** Something that is no certificate stays until its hour has come. */
function isExpired(base64: string, now: number): boolean {
  try {
    return Date.parse(new X509Certificate(Buffer.from(base64, 'base64')).validTo) < now;
  } catch {
    return false;
  }
}

export const csrCleaning: Controller = {
  name: 'certificatesigningrequest-cleaner-controller',
  serviceAccount: 'certificate-controller',
  workers: 1,
  watches: [watch({ resource: certificateSigningRequests, keys: () => [] })],
  async reconcile(key, { client, informers, clock }) {
    const csr = informers.informer(certificateSigningRequests).get(key) as CertificateSigningRequest | undefined;
    if (csr && isOver(csr, clock.now())) await tolerate(['NotFound'], client.delete(certificateSigningRequests, key));
    return undefined;
  },
  async run({ informers, clock }, enqueue, signal) {
    for (; !signal.aborted; await sleep(clock, hour, signal))
      for (const csr of informers.informer(certificateSigningRequests).list()) enqueue(csr.metadata.name);
  },
};
