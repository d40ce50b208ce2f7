// --cluster-signing-*: whose key signs for which signer, and for how long.
// Mirrors: cmd/kube-controller-manager/app/options/csrsigningcontroller.go. Used by: ../flags.ts and ../controllers.ts.
import type { Config, Flags } from '../../component-base/flags.ts';
import { apiServerClient, kubeletClient, kubeletServing, legacyUnknown, type SignerName } from './rules.ts';
import type { AuthorityFiles } from './sign.ts';
import type { SigningOptions } from './signing.ts';

const file = (what: string, whose: string) =>
  ({ type: 'string', default: '', help: `PEM ${what} of the authority that signs ${whose}.` }) as const;

export const signingFlags = {
  'cluster-signing-cert-file': file('certificate', 'for all signers that have none of their own'),
  'cluster-signing-key-file': file('key', 'for all signers that have none of their own'),
  'cluster-signing-kubelet-serving-cert-file': file('certificate', 'kubelets’ server certificates'),
  'cluster-signing-kubelet-serving-key-file': file('key', 'kubelets’ server certificates'),
  'cluster-signing-kubelet-client-cert-file': file('certificate', 'kubelets’ client certificates'),
  'cluster-signing-kubelet-client-key-file': file('key', 'kubelets’ client certificates'),
  'cluster-signing-kube-apiserver-client-cert-file': file('certificate', 'client certificates'),
  'cluster-signing-kube-apiserver-client-key-file': file('key', 'client certificates'),
  'cluster-signing-legacy-unknown-cert-file': file('certificate', 'requests of the old kind'),
  'cluster-signing-legacy-unknown-key-file': file('key', 'requests of the old kind'),
  'cluster-signing-duration': {
    type: 'duration',
    default: 31_536_000_000,
    help: 'How long a signed certificate is valid at most.',
  },
} as const satisfies Flags;

type SigningConfig = Config<typeof signingFlags>;

/** Undefined when no signer has an authority. */
export function signingOptions(c: SigningConfig): SigningOptions | undefined {
  const own: Record<SignerName, AuthorityFiles> = {
    [kubeletServing]: {
      cert: c['cluster-signing-kubelet-serving-cert-file'],
      key: c['cluster-signing-kubelet-serving-key-file'],
    },
    [kubeletClient]: {
      cert: c['cluster-signing-kubelet-client-cert-file'],
      key: c['cluster-signing-kubelet-client-key-file'],
    },
    [apiServerClient]: {
      cert: c['cluster-signing-kube-apiserver-client-cert-file'],
      key: c['cluster-signing-kube-apiserver-client-key-file'],
    },
    [legacyUnknown]: {
      cert: c['cluster-signing-legacy-unknown-cert-file'],
      key: c['cluster-signing-legacy-unknown-key-file'],
    },
  };
  const shared: AuthorityFiles = { cert: c['cluster-signing-cert-file'], key: c['cluster-signing-key-file'] };
  const authorities: SigningOptions['authorities'] = {};
  for (const [name, files] of Object.entries(own)) {
    const chosen = files.cert || files.key ? files : shared;
    if (chosen.cert && chosen.key) authorities[name as SignerName] = chosen;
  }
  return Object.keys(authorities).length ? { authorities, duration: c['cluster-signing-duration'] } : undefined;
}
