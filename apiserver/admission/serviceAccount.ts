// Gives each new pod its ServiceAccount, that account's token as a volume, and its pull secrets; refuses accounts that are not there.
// Reads: ServiceAccounts. Changes: Pods. Mirrors: plugin/pkg/admission/serviceaccount/admission.go.
// Next: defaultTolerationSeconds.ts; the token itself comes from the kubelet's TokenRequest.

import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { flatText } from '../../apimachinery/flatText.ts';
import { randomSuffix } from '../../apimachinery/randomSuffix.ts';
import { isReason, notFound } from '../../apimachinery/status.ts';
import type { KubeObject } from '../../apimachinery/types.ts';
import { isPod, refuse } from './forbidden.ts';
import type { AdmissionPlugin, Attributes } from './plugin.ts';
import { limitSecrets, secretNames } from './secretReferences.ts';

const mirrorAnnotation = 'kubernetes.io/config.mirror';
const volumePrefix = 'kube-api-access-';
const mountPath = '/var/run/secrets/kubernetes.io/serviceaccount';
/** Seven seconds over an hour mark the token as one that was asked for here. */
const tokenSeconds = 3607;
const serviceAccounts = { group: '', plural: 'serviceaccounts' };

/** `wait`: between looks for the account `default` of a namespace that was made just now; milliseconds. */
export function serviceAccount(wait: () => number = () => 100 + Math.random() * 100): AdmissionPlugin {
  return {
    name: 'ServiceAccount',
    async admit(a) {
      if (!isPod(a) || a.operation !== 'CREATE' || isMirror(a.object)) return;
      const { spec } = a.object;
      spec.serviceAccountName ||= 'default';
      const account = await lookUp(a, wait);
      if (spec.automountServiceAccountToken ?? account['automountServiceAccountToken'] ?? true)
        mountToken(spec, account);
      const pullSecrets: { name?: string }[] = account['imagePullSecrets'] ?? [];
      if (!spec.imagePullSecrets?.length && pullSecrets.length) {
        spec.imagePullSecrets = pullSecrets.map(({ name }) => ({ name }));
      }
    },
    async validate(a) {
      if (!isPod(a, 'ephemeralcontainers')) return;
      if (a.operation === 'CREATE') await validateCreate(a, wait);
      else if (a.operation === 'UPDATE' && a.subresource) await validateEphemeral(a, wait);
    },
  };
}

const isMirror = (pod: any) => pod.metadata.annotations?.[mirrorAnnotation] !== undefined;

async function validateCreate(a: Attributes, wait: () => number): Promise<void> {
  const pod = a.object;
  if (isMirror(pod)) return validateMirror(a);
  if (!pod.spec.serviceAccountName) {
    throw refuse(a, `no service account specified for pod ${a.namespace}/${pod.metadata.name}`);
  }
  limit(a, await lookUp(a, wait), ['initContainers', 'containers']);
}

async function validateEphemeral(a: Attributes, wait: () => number): Promise<void> {
  if (!a.object.spec.serviceAccountName) return;
  limit(a, await lookUp(a, wait), ['ephemeralContainers']);
}

/** An account may ask that its pods use no Secrets but those it lists. */
function limit(a: Attributes, account: KubeObject, containers: readonly string[]): void {
  const asked = account.metadata.annotations?.['kubernetes.io/enforce-mountable-secrets'];
  if (!/^(1|t|T|TRUE|true|True)$/.test(asked ?? '')) return;
  const why = limitSecrets(account, a.object.spec, containers);
  if (why) throw refuse(a, why);
}

/** A mirror pod stands for one that runs already, without the API: it cannot be given anything. */
function validateMirror(a: Attributes): void {
  const { spec } = a.object;
  if (spec.serviceAccountName) throw refuse(a, 'a mirror pod may not reference service accounts');
  if (secretNames(spec).length) throw refuse(a, 'a mirror pod may not reference secrets');
  const projections = (spec.volumes ?? []).flatMap((v: any) => v.projected?.sources ?? []);
  if (projections.some((source: any) => source.serviceAccountToken)) {
    throw refuse(a, 'a mirror pod may not use ServiceAccountToken volume projections');
  }
}

/** The pod's account; `default` is waited for, as a controller makes it a moment after the namespace. Throws 403. */
async function lookUp(a: Attributes, wait: () => number): Promise<KubeObject> {
  const name: string = a.object.spec.serviceAccountName;
  const { cluster } = a.context;
  try {
    const known = cluster.cached(serviceAccounts, name, a.namespace);
    if (known) return known;
    for (let tries = name === 'default' ? 10 : 1; tries > 0; tries--) {
      const found = await cluster.get(serviceAccounts, name, a.namespace);
      if (found) return found;
      if (tries > 1) await sleep(wait());
    }
    throw notFound({ group: '', plural: 'serviceaccount' }, name);
  } catch (error) {
    if (isReason(error, 'Forbidden')) throw error;
    throw refuse(a, `error looking up service account ${a.namespace}/${name}: ${(error as Error).message}`);
  }
}

/** Mounts the token into every container that has nothing at its path yet. */
function mountToken(spec: any, account: KubeObject): void {
  const volumes: any[] = spec.volumes ?? [];
  const existing = volumes.find((v) => v.name?.startsWith(volumePrefix));
  const name: string = existing?.name ?? volumeName(account);
  let needed = false;
  for (const container of [...(spec.initContainers ?? []), ...(spec.containers ?? [])]) {
    const mounts: any[] = container.volumeMounts ?? [];
    if (mounts.some((m) => m.mountPath === mountPath)) continue;
    container.volumeMounts = [...mounts, { name, readOnly: true, mountPath }];
    needed = true;
  }
  if (needed && !existing) spec.volumes = [...volumes, { name, projected: tokenVolume() }];
}

const volumeNames = new WeakMap<KubeObject, string>();

/** The same for all pods of an account: it is no other volume's of the pod, and pods of one template stay alike. */
function volumeName(account: KubeObject): string {
  const known = volumeNames.get(account);
  if (known) return known;
  const bytes = createHash('sha256')
    .update(account.metadata.uid ?? account.metadata.name)
    .digest();
  let i = 0;
  const name = flatText(volumePrefix + randomSuffix(5, () => bytes[i++]! / 256));
  volumeNames.set(account, name);
  return name;
}

/** What a client of the API needs: who it is, whom to trust, and where it runs. */
const tokenVolume = () => ({
  sources: [
    { serviceAccountToken: { expirationSeconds: tokenSeconds, path: 'token' } },
    { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
    {
      downwardAPI: { items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }] },
    },
  ],
  defaultMode: 0o644,
});
