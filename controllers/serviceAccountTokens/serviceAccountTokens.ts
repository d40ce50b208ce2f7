// Fills Secrets that ask for a ServiceAccount's token, and deletes them with their account.
// Reads: secrets of that type, serviceaccounts. Writes: those secrets; serviceaccounts that still list one that is gone.
// Mirrors: pkg/controller/serviceaccount/tokens_controller.go. Next: plan.ts; the API server's authentication/legacyTokenMethod.ts takes the tokens.
import { SignJWT } from 'jose';
import { secrets, serviceAccounts } from '../../apimachinery/resources.ts';
import type { Secret, ServiceAccount } from '../../apimachinery/types.ts';
import { type Controller, type ControllerContext, watch } from '../../client/controller.ts';
import { keyOf } from '../../client/informerCache.ts';
import { signingKey, type TokenKey } from '../../component-base/tokenKey.ts';
import { isNamespaceTerminating, tolerate } from '../common/errors.ts';
import { accountNameOf, claimsFor, filled, isOf, planToken, tokenType } from './plan.ts';

export interface TokenOptions {
  /** PEM of --service-account-private-key-file. */
  privateKey: string;
  /** PEM of --root-ca-file or of the kubeconfig, or empty. */
  rootCa: string;
  workers?: number;
}

const onlyTokens = { fieldSelector: `type=${tokenType}` };
const byAccount = 'account';
const accountKey = (secret: Secret) => `${secret.metadata.namespace}/${accountNameOf(secret) ?? ''}`;

/** Keys are those of the Secrets. It acts as the controller manager itself: no role of a controller's own may write Secrets. */
export function serviceAccountTokens(o: TokenOptions): Controller {
  const signer = signingKey(o.privateKey);
  /** What a key was before it was deleted: its account may still list it. */
  const gone = new Map<string, Secret>();
  return {
    name: 'serviceaccount-token-controller',
    serviceAccount: '',
    workers: o.workers ?? 5,
    watches: [
      watch({ resource: secrets, options: onlyTokens, keys: (secret) => [keyOf(secret)] }),
      watch({
        resource: serviceAccounts,
        keys: (account, { informers }) =>
          informers.informer(secrets, onlyTokens).byIndex(byAccount, keyOf(account)).map(keyOf),
      }),
    ],
    setup({ informers }) {
      informers.informer(secrets, onlyTokens).addIndex(byAccount, (secret) => [accountKey(secret)]);
      informers.informer(secrets, onlyTokens).addHandler({ deleted: (secret) => gone.set(keyOf(secret), secret) });
    },
    async reconcile(key, context) {
      const secret = context.informers.informer(secrets, onlyTokens).get(key);
      if (secret) {
        gone.delete(key);
        return sync(secret, signer, o.rootCa, context);
      }
      const was = gone.get(key);
      if (was) await forget(was, context);
      gone.delete(key);
      return undefined;
    },
  };
}

async function sync(seen: Secret, signer: TokenKey, rootCa: string, context: ControllerContext): Promise<undefined> {
  const { client } = context;
  const { name, namespace } = seen.metadata;
  if (seen.metadata.deletionTimestamp || !accountNameOf(seen)) return;
  const account = await accountOf(seen, context);
  const plan = planToken(seen, account, rootCa);
  if (plan.do === 'nothing') return;
  if (plan.do === 'delete') {
    const { uid, resourceVersion } = seen.metadata;
    const preconditions = { uid, resourceVersion };
    await tolerate(['NotFound', 'Conflict'], client.delete(secrets, name, namespace, { preconditions }));
    return;
  }
  // The cache may be behind: a token that is there already is never replaced by another.
  const secret = await tolerate(['NotFound'], client.get(secrets, name, namespace));
  if (secret?.metadata.uid !== seen.metadata.uid) return;
  const token = await sign(claimsFor(secret!, account!), signer);
  await tolerate(['NotFound'], client.update(secrets, filled(secret!, account!, token, rootCa))).catch((error) => {
    if (!isNamespaceTerminating(error)) throw error;
  });
}

const sign = (claims: Record<string, string>, { algorithm, id, key }: TokenKey): Promise<string> =>
  new SignJWT(claims).setProtectedHeader({ alg: algorithm, kid: id }).sign(key);

/** From the cache when it has the account that the Secret means, else from the server: nothing is deleted by hearsay. */
async function accountOf(
  secret: Secret,
  { client, informers }: ControllerContext,
): Promise<ServiceAccount | undefined> {
  const cached = informers.informer(serviceAccounts).get(accountKey(secret));
  if (isOf(secret, cached)) return cached;
  return tolerate(['NotFound'], client.get(serviceAccounts, accountNameOf(secret)!, secret.metadata.namespace));
}

/** Accounts of older clusters list their Secrets; one that is gone is taken off. */
async function forget(secret: Secret, context: ControllerContext): Promise<void> {
  const account = context.informers.informer(serviceAccounts).get(accountKey(secret));
  if (!account?.secrets?.some((ref) => ref.name === secret.metadata.name) || !isOf(secret, account)) return;
  const { client } = context;
  const latest = await tolerate(
    ['NotFound'],
    client.get(serviceAccounts, account.metadata.name, account.metadata.namespace),
  );
  if (latest?.metadata.uid !== account.metadata.uid) return;
  const kept = latest!.secrets?.filter((ref) => ref.name !== secret.metadata.name);
  if (kept?.length !== latest!.secrets?.length)
    await tolerate(['NotFound'], client.update(serviceAccounts, { ...latest!, secrets: kept }));
}
