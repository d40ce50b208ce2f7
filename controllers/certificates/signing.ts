// Signs what was approved for Kubernetes' own signers, or says why it cannot be.
// Reads: certificatesigningrequests, the authorities' files. Writes: certificatesigningrequests/status.
// Mirrors: pkg/controller/certificates/signer/signer.go. Next: rules.ts, sign.ts.
import { toTime } from '../../apimachinery/clock.ts';
import { certificateSigningRequests } from '../../apimachinery/resources.ts';
import type { CertificateSigningRequest } from '../../apimachinery/types.ts';
import { type Controller, type ControllerContext, watch } from '../../client/controller.ts';
import { isApproved, isFailed, isIssued, readRequest } from './request.ts';
import { rules, type SignerName } from './rules.ts';
import { type AuthorityFiles, sign } from './sign.ts';

export interface SigningOptions {
  /** The authority of each signer that has one. */
  authorities: Partial<Record<SignerName, AuthorityFiles>>;
  /** Milliseconds. */
  duration: number;
}

export function csrSigning(o: SigningOptions): Controller {
  const isOurs = (csr: CertificateSigningRequest) => Object.hasOwn(o.authorities, csr.spec?.signerName ?? '');
  return {
    name: 'certificatesigningrequest-signing-controller',
    serviceAccount: 'certificate-controller',
    workers: 5,
    watches: [
      watch({ resource: certificateSigningRequests, keys: (csr) => (isOurs(csr as never) ? [csr.metadata.name] : []) }),
    ],
    async reconcile(key, context) {
      const csr = context.informers.informer(certificateSigningRequests).get(key) as
        | CertificateSigningRequest
        | undefined;
      if (csr && isApproved(csr) && !isFailed(csr) && !isIssued(csr)) await issue(csr, context, o);
      return undefined;
    },
  };
}

async function issue(
  csr: CertificateSigningRequest,
  { client, clock }: ControllerContext,
  o: SigningOptions,
): Promise<void> {
  const signer = csr.spec!.signerName as SignerName;
  const usages: string[] = csr.spec!.usages ?? [];
  const asked = readRequest(csr);
  const wrong = rules[signer](asked, usages);
  const write = (status: object) =>
    client.updateStatus(certificateSigningRequests, { ...csr, status: { ...csr.status, ...status } } as never);
  if (wrong !== undefined) {
    const now = toTime(clock.now());
    const failed = {
      type: 'Failed',
      status: 'True',
      reason: 'SignerValidationFailure',
      message: wrong,
      lastUpdateTime: now,
    };
    await write({ conditions: [...(csr.status?.conditions ?? []), failed] });
    return;
  }
  const pem = await sign(asked, {
    files: o.authorities[signer]!,
    usages,
    seconds: csr.spec!.expirationSeconds,
    most: o.duration,
    now: clock.now(),
  });
  await write({ certificate: Buffer.from(pem).toString('base64') });
}
