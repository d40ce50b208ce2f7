// Who is calling: an ordered list of methods, each of which knows the caller, has no opinion, or refuses.
// Reads: client certificate and bearer token of a request. Mirrors: pkg/kubeapiserver/authenticator/config.go and request/union.
// Next: filters.ts asks for each request; TokenReview asks with a token alone.
import { unauthorized } from '../../apimachinery/status.ts';
import type { UserInfo } from '../../apimachinery/types.ts';
import type { Cluster } from '../kinds/cluster.ts';
import { bootstrapTokenMethod } from './bootstrapTokenMethod.ts';
import { certificateUser, type PeerCertificate } from './clientCertificate.ts';
import { legacyTokenMethod } from './legacyTokenMethod.ts';
import { isOf, liveFingerprints, type RequestHeaderOptions, requestHeaderMethod } from './requestHeader.ts';
import { type ServiceAccountOptions, serviceAccountMethod } from './serviceAccountMethod.ts';
import { tokenCache } from './tokenCache.ts';
import { tokenFileMethod } from './tokenFile.ts';

/** What a request brings along to say who sent it. */
export interface Credentials {
  /** Of the TLS peer (clientCertificate.ts reads it from the socket). */
  certificate?: PeerCertificate;
  /** The header as it came. */
  authorization?: string;
  /** All headers, names and values in turn: a front proxy names the caller there. */
  rawHeaders?: readonly string[];
}

/** A token's owner, and the audiences that both the token and the asker named. */
export interface TokenOwner {
  user: UserInfo;
  audiences: string[];
}

/** One way to know a token's owner. Undefined: not one of its tokens. Throws an Error that says why the token is bad. */
export type TokenMethod = (token: string, audiences: readonly string[]) => Promise<TokenOwner | undefined>;

export interface Authenticator {
  /** Undefined: no credentials, and anonymous requests are off. Throws unauthorized on bad ones. A promise only where a token must be looked at. */
  authenticate(request: Credentials): UserInfo | undefined | Promise<UserInfo | undefined>;
  /** For TokenReview. `audiences` empty: the API server's own. Throws an Error whose message may be shown to the asker. */
  authenticateToken(token: string, audiences?: readonly string[]): Promise<TokenOwner>;
  /** The audiences of a token that names none. */
  readonly audiences: readonly string[];
}

export interface AuthenticatorOptions {
  /** PEM of --client-ca-file, absent: certificates are not looked at; and of the CA of front proxies. Read for each request: they may be exchanged. */
  trust?: { readonly clientCA?: string; readonly requestHeaderCA?: string };
  /** Front proxies, which say who is calling. */
  requestHeader?: RequestHeaderOptions;
  /** Content of --token-auth-file. */
  tokenAuthFile?: string;
  serviceAccount?: ServiceAccountOptions;
  /** --enable-bootstrap-token-auth. */
  bootstrapTokens?: boolean;
  anonymous: boolean;
  /** Where ServiceAccounts, Pods, Secrets and Nodes that tokens are bound to are looked up. */
  lookups: Cluster;
  now?: () => number;
}

const anonymousUser: UserInfo = { username: 'system:anonymous', groups: ['system:unauthenticated'] };
const everyUser = 'system:authenticated';

/** Every caller who is somebody is in this group as well. */
function authenticated(user: UserInfo): UserInfo {
  const groups = user.groups ?? [];
  if (groups.includes(everyUser) || groups.includes('system:unauthenticated')) return user;
  return { ...user, groups: [...groups, everyUser] };
}

/** Go's bearer authenticator: the scheme in any case, the rest up to the next space. */
function bearerToken(header: string | undefined): string | undefined {
  const parts = (header ?? '').trim().split(' ');
  if (parts.length < 2 || parts[0]!.toLowerCase() !== 'bearer') return undefined;
  return parts[1] || undefined;
}

/** The methods in their order: front proxy, client certificate, ServiceAccount token, static token file, bootstrap token, anonymous last. */
export function createAuthenticator(options: AuthenticatorOptions): Authenticator {
  const now = options.now ?? Date.now;
  const audiences = options.serviceAccount?.audiences ?? [];
  const methods: TokenMethod[] = [];
  if (options.serviceAccount) {
    methods.push(legacyTokenMethod(options.serviceAccount, options.lookups, now));
    methods.push(serviceAccountMethod(options.serviceAccount, options.lookups, now));
  }
  if (options.tokenAuthFile) methods.push(tokenFileMethod(options.tokenAuthFile));
  if (options.bootstrapTokens) methods.push(bootstrapTokenMethod(options.lookups, now));
  const ownerOf = tokenCache((token, wanted) => firstOwner(methods, token, wanted), now);

  const { trust = {} } = options;
  const proxyCAs = liveFingerprints(() => trust.requestHeaderCA);
  const byProxy = options.requestHeader && requestHeaderMethod(options.requestHeader, proxyCAs);
  const clientCAs = liveFingerprints(() => trust.clientCA);
  const firstCA = trust.clientCA;
  const byCertificate = (certificate: PeerCertificate): UserInfo | undefined => {
    // Where front proxies have a CA of their own, a certificate of that one makes nobody a user; and connections outlive a CA.
    const doubtful = byProxy || trust.clientCA !== firstCA;
    if (doubtful && !isOf(certificate, clientCAs())) throw new Error('x509: certificate signed by unknown authority');
    return userOf(certificate, now());
  };

  const authenticateToken = async (token: string, wanted: readonly string[] = []): Promise<TokenOwner> => {
    const owner = await ownerOf(token, wanted.length ? wanted : audiences);
    return { ...owner, user: authenticated(owner.user) };
  };
  return {
    audiences,
    authenticateToken,
    authenticate(request) {
      try {
        const proxied = byProxy?.(request.certificate, request.rawHeaders ?? []);
        if (proxied) return authenticated(proxied);
        const owner = trust.clientCA && request.certificate && byCertificate(request.certificate);
        if (owner) return owner;
      } catch {
        return Promise.reject(unauthorized());
      }
      const token = bearerToken(request.authorization);
      if (token) return authenticateToken(token).then((owner) => owner.user, refuse);
      return options.anonymous ? anonymousUser : undefined;
    },
  };
}

function refuse(): never {
  throw unauthorized();
}

/** One for all requests of a connection. */
const users = new WeakMap<PeerCertificate, UserInfo>();

function userOf(certificate: PeerCertificate, now: number): UserInfo | undefined {
  const expired = certificate.notAfter !== undefined && now > certificate.notAfter;
  const known = expired ? undefined : users.get(certificate);
  if (known) return known;
  const user = certificateUser(certificate, now);
  if (user) users.set(certificate, authenticated(user));
  return user && users.get(certificate);
}

export const invalidToken = 'invalid bearer token';

async function firstOwner(methods: readonly TokenMethod[], token: string, audiences: readonly string[]) {
  const errors = [invalidToken];
  for (const method of methods) {
    try {
      const owner = await method(token, audiences);
      if (owner) return owner;
    } catch (error) {
      errors.push((error as Error).message);
    }
  }
  throw new Error(errors.length === 1 ? errors[0] : `[${errors.join(', ')}]`);
}
