// Signs the kubeconfig in ConfigMap kube-public/cluster-info with each bootstrap token, so that who has one can trust it.
// Reads: that ConfigMap, bootstrap token secrets. Writes: its keys jws-kubeconfig-<token id>.
// Mirrors: pkg/controller/bootstrap/bootstrapsigner.go and jws.go. Off unless named. Next: tokenCleaner.ts.
import { createHmac } from 'node:crypto';
import { configMaps, secrets } from '../../apimachinery/resources.ts';
import type { ConfigMap } from '../../apimachinery/types.ts';
import { type Controller, watch } from '../../client/controller.ts';
import { tolerate } from '../common/errors.ts';
import { type BootstrapToken, onlyBootstrap, signingToken } from './token.ts';

const key = 'kube-public/cluster-info';
const onlyInfo = { namespace: 'kube-public', fieldSelector: 'metadata.name=cluster-info' };
const prefix = 'jws-kubeconfig-';

/** A JSON Web Signature without its middle: the content is beside it. */
export function detachedSignature(content: string, token: BootstrapToken): string {
  const encode = (value: string) => Buffer.from(value).toString('base64url');
  const header = encode(JSON.stringify({ alg: 'HS256', kid: token.id }));
  const signature = createHmac('sha256', token.secret)
    .update(`${header}.${encode(content)}`)
    .digest('base64url');
  return `${header}..${signature}`;
}

/** The data with the signatures of exactly these tokens; undefined when it is so already, or there is nothing to sign. */
export function planSignatures(info: ConfigMap, tokens: readonly BootstrapToken[]): Record<string, string> | undefined {
  const before = info.data ?? {};
  const content = before['kubeconfig'];
  if (content === undefined) return undefined;
  const kept = Object.entries(before).filter(([name]) => !name.startsWith(prefix));
  const signed = tokens.map((token) => [prefix + token.id, detachedSignature(content, token)]);
  const data = Object.fromEntries([...kept, ...signed]) as Record<string, string>;
  const names = Object.keys(data);
  const same = names.length === Object.keys(before).length && names.every((name) => before[name] === data[name]);
  return same ? undefined : data;
}

export const bootstrapSigner: Controller = {
  name: 'bootstrap-signer-controller',
  serviceAccount: 'bootstrap-signer',
  workers: 1,
  watches: [
    watch({ resource: configMaps, options: onlyInfo, keys: () => [key] }),
    watch({ resource: secrets, options: onlyBootstrap, keys: () => [key] }),
  ],
  async reconcile(_key, { client, informers, clock }) {
    const info = informers.informer(configMaps, onlyInfo).get(key);
    if (!info) return;
    const all = informers.informer(secrets, onlyBootstrap).list();
    const tokens = all.map((s) => signingToken(s, clock.now())).filter((t) => t !== undefined);
    const data = planSignatures(info, tokens);
    if (data) await tolerate(['NotFound'], client.update(configMaps, { ...info, data }));
  },
};
