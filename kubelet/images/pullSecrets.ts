// Credentials for a registry, from a pod's imagePullSecrets.
// Reads: Secrets of the two docker types. Writes: CRI AuthConfig, the best match first. Pure.
// Mirrors: pkg/credentialprovider/{keyring,config}.go and pkg/credentialprovider/secrets. Next: imageManager.ts.
import type { Secret } from '../../apimachinery/types.ts';
import type { Sent } from '../../cri/messages.ts';
import type { AuthConfig } from '../../cri/types.ts';
import { repositoryOf } from './imageName.ts';

interface Entry {
  username?: string;
  password?: string;
  auth?: string;
  identitytoken?: string;
}

/** Those whose registry (and path, when they name one) fits the image, longest first. */
export function credentialsFor(image: string, secrets: readonly Secret[]): Sent<AuthConfig>[] {
  const repository = repositoryOf(image);
  return secrets
    .flatMap(entriesOf)
    .filter(([url]) => fits(url, repository))
    .sort(([a], [b]) => (a > b ? -1 : 1))
    .map(([, entry]) => toAuth(entry));
}

function entriesOf(secret: Secret): [string, Entry][] {
  const text = (key: string) => Buffer.from(secret.data?.[key] ?? '', 'base64').toString('utf8');
  try {
    if (secret.type === 'kubernetes.io/dockerconfigjson') {
      return Object.entries(JSON.parse(text('.dockerconfigjson')).auths ?? {});
    }
    if (secret.type === 'kubernetes.io/dockercfg') return Object.entries(JSON.parse(text('.dockercfg')));
  } catch {
    // A broken secret gives no credentials; the pull says what is missing.
  }
  return [];
}

function fits(url: string, repository: string): boolean {
  const bare = url
    .replace(/^https?:\/\//, '')
    .replace(/\/(v1|v2)\/?$/, '')
    .replace(/\/+$/, '');
  const [wantedHost, ...wantedPath] = (bare === 'index.docker.io' ? 'docker.io' : bare).split('/');
  const [host, ...path] = repository.split('/');
  if (!hostFits(wantedHost!, host!)) return false;
  const prefix = wantedPath.join('/');
  return !prefix || path.join('/').startsWith(prefix);
}

/** `*.example.com` stands for one label in each place. */
function hostFits(pattern: string, host: string): boolean {
  const [p, h] = [pattern.split('.'), host.split('.')];
  return p.length === h.length && p.every((part, i) => matchesLabel(part, h[i]!));
}

const matchesLabel = (pattern: string, label: string): boolean =>
  new RegExp(`^${pattern.replace(/[\\^$+?.()|[\]{}]/g, '\\$&').replaceAll('*', '.*')}$`).test(label);

function toAuth(e: Entry): Sent<AuthConfig> {
  const [user, ...rest] = Buffer.from(e.auth ?? '', 'base64')
    .toString('utf8')
    .split(':');
  return {
    username: e.username ?? user ?? '',
    password: e.password ?? rest.join(':'),
    ...(e.identitytoken ? { identityToken: e.identitytoken } : {}),
  };
}
