// Tokens with which a machine joins, `<id>.<secret>`: each is a Secret bootstrap-token-<id> of kube-system, as kubeadm makes them.
// Reads: that Secret. Mirrors: plugin/pkg/auth/authenticator/token/bootstrap/bootstrap.go.
// Next: authenticator.ts, where this is the last token method. controllers/bootstrapTokens removes those whose time is over.
import { timingSafeEqual } from 'node:crypto';
import type { Cluster } from '../kinds/cluster.ts';
import type { TokenMethod, TokenOwner } from './authenticator.ts';

const secrets = { group: '', plural: 'secrets' };
const defaultGroup = 'system:bootstrappers';
const extraGroup = /^system:bootstrappers:[a-z0-9:-]{0,255}[a-z0-9]$/;
const timestamp = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;

/** What makes a Secret useless says nothing to who has the token: it is as unknown as any other. */
export function bootstrapTokenMethod(cluster: Cluster, now: () => number): TokenMethod {
  return async (token, audiences) => {
    const [, id, secret] = /^([a-z0-9]{6})\.([a-z0-9]{16})$/.exec(token) ?? [];
    if (!id) return undefined;
    const found: any = await cluster.get(secrets, `bootstrap-token-${id}`, 'kube-system');
    if (found?.type !== 'bootstrap.kubernetes.io/token' || found.metadata.deletionTimestamp) return undefined;
    const text = (key: string) => Buffer.from(found.data?.[key] ?? '', 'base64').toString();
    if (!same(text('token-secret'), secret!) || text('token-id') !== id) return undefined;
    if (isOver(text('expiration'), now()) || text('usage-bootstrap-authentication') !== 'true') return undefined;
    return ownerOf(id, text('auth-extra-groups'), audiences);
  };
}

function same(a: string, b: string): boolean {
  const [one, two] = [Buffer.from(a), Buffer.from(b)];
  return one.length === two.length && timingSafeEqual(one, two);
}

/** A time that is none has passed. */
function isOver(written: string, now: number): boolean {
  if (!written) return false;
  const at = timestamp.test(written) ? Date.parse(written) : Number.NaN;
  return !(at > now);
}

function ownerOf(id: string, extraGroups: string, audiences: readonly string[]): TokenOwner | undefined {
  const extra = extraGroups ? extraGroups.split(',') : [];
  if (!extra.every((group) => extraGroup.test(group))) return undefined;
  const groups = [...new Set([defaultGroup, ...extra])].sort();
  return { user: { username: `system:bootstrap:${id}`, groups }, audiences: [...audiences] };
}
