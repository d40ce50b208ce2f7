// Publishes the CAs that this server trusts, so that extension servers can trust the same clients and front proxies.
// Writes: ConfigMap kube-system/extension-apiserver-authentication. Mirrors: pkg/controlplane/controller/clusterauthenticationtrust.
// Read through the Role extension-apiserver-authentication-reader of the bootstrap policy.
import { X509Certificate } from 'node:crypto';
import { ensure } from './ensure.ts';
import type { Step, StepEnv } from './step.ts';

const configMaps = { group: '', plural: 'configmaps' };
const name = 'extension-apiserver-authentication';
const namespace = 'kube-system';

export const clusterAuthentication: Step = {
  name: 'cluster-authentication',
  hook: 'start-cluster-authentication-info-controller',
  // Who checks certificates by what is published here must soon know of a new CA.
  every: 5_000,
  async run(env) {
    const own = published(env);
    const found = await ensure(env.cluster, configMaps, { metadata: { name, namespace }, data: own });
    const changes = (object: any) => changed(object.data ?? {}, own, env.clock.now());
    if (!changes(found)) return;
    await env.cluster.update(configMaps, name, namespace, (object) => {
      const data = changes(object);
      if (data) object.data = data;
      return data !== undefined;
    });
  },
};

type Texts = Record<string, string>;

/** What is there and what is ours together: another server may trust others. Undefined when nothing of ours is missing. */
function changed(data: Texts, own: Texts, now: number): Texts | undefined {
  const entries = Object.entries(own).map(([key, text]): [string, string] => [
    key,
    key.endsWith('-file') ? joinedCAs(data[key] ?? '', text, now) : joinedList(data[key] ?? '[]', text),
  ]);
  return entries.some(([key, text]) => data[key] !== text) ? { ...data, ...Object.fromEntries(entries) } : undefined;
}

const certificate = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** The text stays while it has all of ours and nothing that has expired. */
function joinedCAs(there: string, ours: string, now: number): string {
  const blocks = (text: string) => text.match(certificate) ?? [];
  const kept = blocks(there).filter((block) => isValid(block, now));
  const missing = blocks(ours).filter((block) => !kept.includes(block));
  if (!kept.length) return ours;
  if (!missing.length && kept.length === blocks(there).length) return there;
  return `${[...kept, ...missing].join('\n')}\n`;
}

function isValid(block: string, now: number): boolean {
  try {
    return Date.parse(new X509Certificate(block).validTo) > now;
  } catch {
    return false;
  }
}

/** Of two JSON lists of texts, each text once; one that is no list counts for nothing. */
function joinedList(there: string, ours: string): string {
  try {
    return JSON.stringify([...new Set([...JSON.parse(there), ...JSON.parse(ours)])]);
  } catch {
    return ours;
  }
}

function published(env: StepEnv): Record<string, string> {
  const data: Record<string, string> = {};
  if (env.clientCA) data['client-ca-file'] = env.clientCA;
  if (!env.requestHeaderCA) return data;
  const { allowedNames, username, uid, group, extraPrefix } = env.requestHeaders;
  return {
    ...data,
    'requestheader-client-ca-file': env.requestHeaderCA,
    'requestheader-allowed-names': JSON.stringify(allowedNames),
    'requestheader-username-headers': JSON.stringify(username),
    'requestheader-uid-headers': JSON.stringify(uid),
    'requestheader-group-headers': JSON.stringify(group),
    'requestheader-extra-headers-prefix': JSON.stringify(extraPrefix),
  };
}
