// A client for each controller under its own name, system:serviceaccount:kube-system:<name>, so that RBAC and the
// journal tell controllers apart. Its token is asked for when first needed and again before it ends.
// Mirrors: k8s.io/controller-manager pkg/clientbuilder/client_builder_dynamic.go. Used by: controllers/main.ts.
import type { Clock } from '../apimachinery/clock.ts';
import { serviceAccounts } from '../apimachinery/resources.ts';
import { isReason } from '../apimachinery/status.ts';
import type { TokenRequest } from '../apimachinery/types.ts';
import { withoutCauses } from './causes.ts';
import type { Client } from './client.ts';
import type { ClientConfig } from './kubeconfig.ts';
import type { TokenSource } from './tokenSource.ts';
import { type ClientOptions, createClient } from './transport.ts';

const namespace = 'kube-system';
const expirationSeconds = 3600;
/** The part of a token's life after which a new one is asked for. */
const useFraction = 0.8;

/** `root` may create ServiceAccounts and their tokens; `config` says where the server is. */
export function serviceAccountClient(
  root: Client,
  config: ClientConfig,
  name: string,
  options: ClientOptions & { clock: Clock },
): Client {
  const { cert: _c, key: _k, token: _t, tokenFile: _f, ...server } = config;
  return createClient(server, { ...options, tokens: requestedTokens(root, name, options.clock) });
}

/** Asks once however many wait; after a 401 it asks again. Rejects as the request for a token does. */
export function requestedTokens(root: Client, name: string, clock: Clock): TokenSource {
  let token: string | undefined;
  let renewAt = 0;
  let asking: Promise<void> | undefined;
  const ask = async () => {
    const asked = clock.now();
    const answer = await requestToken(root, name);
    token = answer.status?.token;
    const life = new Date(answer.status?.expirationTimestamp ?? 0).getTime() - asked;
    renewAt = asked + Math.max(life, 0) * useFraction;
  };
  return {
    async token() {
      if (token && clock.now() < renewAt) return token;
      asking ??= withoutCauses(ask).finally(() => {
        asking = undefined;
      });
      await asking;
      return token;
    },
    refused() {
      // Requests that overlap are refused together; only a token of some age is worth replacing.
      renewAt = Math.min(renewAt, clock.now());
    },
  };
}

async function requestToken(root: Client, name: string): Promise<TokenRequest> {
  const body = {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    metadata: {},
    spec: { expirationSeconds },
  };
  const ask = () => root.post<object, TokenRequest>(serviceAccounts, name, namespace, 'token', body);
  try {
    return await ask();
  } catch (error) {
    if (!isReason(error, 'NotFound')) throw error;
  }
  await root.create(serviceAccounts, { metadata: { name, namespace } }).catch((error) => {
    if (!isReason(error, 'AlreadyExists')) throw error;
  });
  return ask();
}
