// Acting as somebody else, for callers that may impersonate them. Mirrors: apiserver/pkg/endpoints/filters/impersonation.go.
// Reads: the Impersonate-* headers. Next: everything behind sees the impersonated user.
import { isDNS1123Label, isDNS1123Subdomain } from '../../apimachinery/names.ts';
import { badRequest } from '../../apimachinery/status.ts';
import type { UserInfo } from '../../apimachinery/types.ts';
import type { Api } from '../api.ts';
import { extraOf, headerPairs } from '../authentication/headerPairs.ts';
import { forbiddenRequest } from '../authorization/forbiddenMessage.ts';
import type { Filter } from '../filters.ts';
import type { ApiRequest } from '../request.ts';

export const impersonate: Filter = (api, req) => {
  if (!Object.keys(req.headers).some((name) => name.startsWith('impersonate-'))) return undefined;
  const wanted = [...targets(req.raw.rawHeaders)];
  if (!wanted.length) return undefined;
  if (!isUser(wanted[0]!))
    throw badRequest(`requested [${wanted.map(inWords).join(' ')}] without impersonating a user`);
  return exchange(api, req, wanted);
};

/** Each thing that the caller would be is a question of its own. */
async function exchange(api: Api, req: ApiRequest, wanted: Target[]): Promise<void> {
  for (const { group, plural, name, namespace = '', subresource = '' } of wanted) {
    const attributes = {
      user: req.user,
      verb: 'impersonate',
      resource: { version: 'v1', group, plural, name, namespace, subresource },
    };
    const decision = await api.authorizer.authorize(attributes);
    if (!decision.allowed) throw forbiddenRequest(attributes, decision.reason);
  }
  req.user = userOf(wanted);
}

function userOf(wanted: Target[]): UserInfo {
  const named = (plural: string) => wanted.filter((t) => t.plural === plural).map((t) => t.name);
  const account = wanted.find((t) => t.plural === 'serviceaccounts');
  const username = account ? `${accountPrefix}${account.namespace}:${account.name}` : named('users')[0]!;
  const groups = named('groups');
  if (account && !groups.length) groups.push('system:serviceaccounts', `system:serviceaccounts:${account.namespace}`);
  const extra: Record<string, string[]> = {};
  for (const { plural, subresource = '', name } of wanted)
    if (plural === 'userextras') extra[subresource] = [...(extra[subresource] ?? []), name];
  const uid = named('uids')[0];
  return {
    username,
    groups: withAuthenticated(username, groups),
    ...(uid ? { uid } : {}),
    ...(Object.keys(extra).length ? { extra } : {}),
  };
}

function withAuthenticated(username: string, groups: string[]): string[] {
  if (groups.includes('system:unauthenticated')) return groups;
  if (username === 'system:anonymous') return [...groups, 'system:unauthenticated'];
  return groups.includes('system:authenticated') ? groups : [...groups, 'system:authenticated'];
}

/** What is asked to be: the group and resource that stand for it in RBAC. */
interface Target {
  group: string;
  plural: string;
  namespace?: string;
  name: string;
  subresource?: string;
}

const isUser = (target: Target) => target.plural === 'users' || target.plural === 'serviceaccounts';
const accountPrefix = 'system:serviceaccount:';

function* targets(raw: readonly string[]): Generator<Target> {
  const values = (name: string) => [...headerPairs(raw)].filter(([n]) => n === name).map(([, value]) => value);
  const user = values('impersonate-user')[0];
  if (user) yield { group: '', ...(serviceAccount(user) ?? { plural: 'users', name: user }) };
  for (const name of values('impersonate-group')) yield { group: '', plural: 'groups', name };
  const group = 'authentication.k8s.io';
  for (const [subresource, names] of Object.entries(extraOf(raw, ['impersonate-extra-'])))
    for (const name of names) yield { group, plural: 'userextras', subresource, name };
  const uid = values('impersonate-uid')[0];
  if (uid) yield { group, plural: 'uids', name: uid };
}

/** A name with the prefix and anything but a namespace and a name behind it is a user's. */
function serviceAccount(user: string): Pick<Target, 'plural' | 'namespace' | 'name'> | undefined {
  if (!user.startsWith(accountPrefix)) return undefined;
  const [namespace = '', name = '', ...more] = user.slice(accountPrefix.length).split(':');
  if (more.length || isDNS1123Label(namespace).length || isDNS1123Subdomain(name).length) return undefined;
  return { plural: 'serviceaccounts', namespace, name };
}

/** As Go prints an ObjectReference. */
function inWords({ group, plural, name, subresource = '' }: Target): string {
  const kind = { groups: 'Group', userextras: 'UserExtra', uids: 'UID' }[plural];
  return `{${kind}  ${name}  ${group && `${group}/v1`}  ${subresource}}`;
}
