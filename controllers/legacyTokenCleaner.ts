// Token Secrets that upstream made by itself before v1.24 and that nobody has used for a year: marked first, deleted a year after.
// Reads: token secrets, serviceaccounts, pods; since when uses are noted. Writes: labels and deletions of those secrets.
// Mirrors: pkg/controller/serviceaccount/legacy_serviceaccount_token_cleaner.go. The API server notes uses (authentication/legacyTokenMethod.ts).
import { configMaps, pods, secrets, serviceAccounts } from '../apimachinery/resources.ts';
import type { Pod, Secret, ServiceAccount } from '../apimachinery/types.ts';
import { sleep } from '../client/backoff.ts';
import { type Controller, watch } from '../client/controller.ts';
import { keyOf } from '../client/informerCache.ts';
import { tolerate } from './common/errors.ts';
import { timeOf } from './common/pods.ts';
import { accountNameOf, isOf, tokenType } from './serviceAccountTokens/plan.ts';

export const lastUsedLabel = 'kubernetes.io/legacy-token-last-used';
export const invalidSinceLabel = 'kubernetes.io/legacy-token-invalid-since';
const tracking = 'kube-apiserver-legacy-service-account-token-tracking';
const onlyTokens = { fieldSelector: `type=${tokenType}` };
const day = 24 * 3600 * 1000;

const dayOf = (ms: number) => new Date(ms).toISOString().slice(0, 10);
const isDay = (text: string | undefined): text is string =>
  /^\d{4}-\d\d-\d\d$/.test(text ?? '') && !Number.isNaN(Date.parse(text!));

export type CleanPlan = { do: 'nothing' } | { do: 'mark'; day: string } | { do: 'delete' };

/** `period` in milliseconds; `since` is the day from which on uses were noted; `mounted`: a pod has it as a volume. */
export function planCleaning(
  secret: Secret,
  o: { account: ServiceAccount | undefined; mounted: boolean; since: string | undefined; period: number; now: number },
): CleanPlan {
  const nothing = { do: 'nothing' } as const;
  if (!isDay(o.since) || o.now < Date.parse(o.since) + day + o.period) return nothing;
  const keepFrom = o.now - o.period;
  const { creationTimestamp, deletionTimestamp, labels, name } = secret.metadata;
  if (deletionTimestamp || timeOf(creationTimestamp) >= keepFrom || o.mounted) return nothing;
  // Only those that an account lists were made by themselves; what someone made by hand is theirs.
  if (!isOf(secret, o.account) || !o.account?.secrets?.some((ref) => ref.name === name)) return nothing;
  const used = labels?.[lastUsedLabel];
  if (used !== undefined && (!isDay(used) || used >= dayOf(keepFrom))) return nothing;
  const invalid = labels?.[invalidSinceLabel];
  if (!isDay(invalid)) return { do: 'mark', day: dayOf(o.now) };
  return invalid >= dayOf(keepFrom) ? nothing : { do: 'delete' };
}

const mountedBy = (pod: Pod) =>
  (pod.spec?.volumes ?? []).flatMap((v) =>
    v.secret?.secretName ? [`${pod.metadata.namespace}/${v.secret.secretName}`] : [],
  );

/** `period` is --legacy-service-account-token-clean-up-period. Looks at all once a day. */
export const legacyTokenCleaner = (period: number): Controller => ({
  name: 'legacy-serviceaccount-token-cleaner-controller',
  serviceAccount: 'legacy-service-account-token-cleaner',
  workers: 1,
  watches: [
    watch({ resource: secrets, options: onlyTokens, keys: () => [] }),
    watch({ resource: serviceAccounts, keys: () => [] }),
    watch({ resource: pods, keys: () => [] }),
  ],
  async run({ informers, clock }, enqueue, signal) {
    for (; !signal.aborted; await sleep(clock, day, signal))
      for (const secret of informers.informer(secrets, onlyTokens).list()) enqueue(keyOf(secret));
  },
  async reconcile(key, { client, informers, clock }) {
    const secret = informers.informer(secrets, onlyTokens).get(key);
    if (!secret) return;
    const { name, namespace, uid, resourceVersion } = secret.metadata;
    const record = await tolerate(['NotFound'], client.get(configMaps, tracking, 'kube-system'));
    const account = informers.informer(serviceAccounts).get(`${namespace}/${accountNameOf(secret)}`);
    const mounted = informers
      .informer(pods)
      .list()
      .some((pod) => mountedBy(pod).includes(key));
    const plan = planCleaning(secret, { account, mounted, since: record?.data?.['since'], period, now: clock.now() });
    if (plan.do === 'delete')
      await tolerate(
        ['NotFound'],
        client.delete(secrets, name, namespace, { preconditions: { uid, resourceVersion } }),
      );
    if (plan.do === 'mark') {
      const patch = { metadata: { uid, resourceVersion, labels: { [invalidSinceLabel]: plan.day } } };
      await tolerate(['NotFound'], client.patch(secrets, name, namespace, 'merge', patch));
    }
  },
});
