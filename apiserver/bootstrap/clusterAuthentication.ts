// Publishes the CAs that this server trusts, so that extension servers can trust the same clients and front proxies.
// Writes: ConfigMap kube-system/extension-apiserver-authentication. Mirrors: pkg/controlplane/controller/clusterauthenticationtrust.
// Read through the Role extension-apiserver-authentication-reader of the bootstrap policy.
import { ensure } from './ensure.ts';
import type { Step, StepEnv } from './step.ts';

const configMaps = { group: '', plural: 'configmaps' };
const name = 'extension-apiserver-authentication';
const namespace = 'kube-system';

export const clusterAuthentication: Step = {
  name: 'cluster-authentication',
  hook: 'start-cluster-authentication-info-controller',
  every: 60_000,
  async run(env) {
    const data = published(env);
    const found = await ensure(env.cluster, configMaps, { metadata: { name, namespace }, data });
    const lacks = (object: any) => Object.entries(data).some(([key, text]) => object.data?.[key] !== text);
    if (!lacks(found)) return;
    await env.cluster.update(configMaps, name, namespace, (object) => {
      if (!lacks(object)) return false;
      object.data = { ...object.data, ...data };
      return true;
    });
  },
};

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
