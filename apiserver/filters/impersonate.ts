// Acting as somebody else, for callers that may impersonate them. Mirrors: apiserver/pkg/endpoints/filters/impersonation.go.
// Reads: the Impersonate-* headers. Next: everything behind sees the impersonated user.
import { badRequest } from '../../apimachinery/status.ts';
import type { UserInfo } from '../../apimachinery/types.ts';
import type { Api } from '../api.ts';
import { forbiddenRequest } from '../authorization/forbiddenMessage.ts';
import type { Filter } from '../filters.ts';
import type { ApiRequest } from '../request.ts';

const extraPrefix = 'impersonate-extra-';

export const impersonate: Filter = (api, req) => {
  if (req.headers['impersonate-user'] !== undefined) return exchange(api, req);
  const others = Object.keys(req.headers).some((h) => h.startsWith('impersonate-'));
  if (others) throw badRequest('requested impersonation without impersonating a user');
};

async function exchange(api: Api, req: ApiRequest): Promise<void> {
  const wanted = wantedUser(req);
  for (const target of targets(wanted)) {
    const attributes = {
      user: req.user,
      verb: 'impersonate',
      resource: { version: 'v1', namespace: '', subresource: '', ...target },
    };
    const decision = await api.authorizer.authorize(attributes);
    if (!decision.allowed) throw forbiddenRequest(attributes, decision.reason);
  }
  const groups = wanted.groups ?? [];
  const known = groups.includes('system:authenticated') || groups.includes('system:unauthenticated');
  const missing = wanted.username === 'system:anonymous' ? 'system:unauthenticated' : 'system:authenticated';
  req.user = { ...wanted, groups: known ? groups : [...groups, ...accountGroups(wanted), missing] };
}

const header = (v: string | string[] | undefined): string[] => (v === undefined ? [] : Array.isArray(v) ? v : [v]);

function wantedUser(req: ApiRequest): UserInfo {
  const extra: Record<string, string[]> = {};
  for (const [name, value] of Object.entries(req.headers)) {
    if (name.startsWith(extraPrefix)) extra[decodeURIComponent(name.slice(extraPrefix.length))] = header(value);
  }
  return {
    username: header(req.headers['impersonate-user'])[0] ?? '',
    groups: repeated(req, 'impersonate-group'),
    ...(req.headers['impersonate-uid'] ? { uid: header(req.headers['impersonate-uid'])[0] } : {}),
    ...(Object.keys(extra).length ? { extra } : {}),
  };
}

/** Node joins repeated headers by comma; the raw list keeps them apart. */
function repeated(req: ApiRequest, name: string): string[] {
  const raw = req.raw.rawHeaders;
  const found: string[] = [];
  for (let i = 0; i < raw.length; i += 2) if (raw[i]!.toLowerCase() === name) found.push(raw[i + 1]!);
  return found;
}

const accountPrefix = 'system:serviceaccount:';
/** A ServiceAccount named as user is in its groups. */
function accountGroups(user: UserInfo): string[] {
  if (!user.username?.startsWith(accountPrefix) || user.groups?.length) return [];
  return [
    'system:serviceaccounts',
    `system:serviceaccounts:${user.username.slice(accountPrefix.length).split(':')[0]}`,
  ];
}

interface Target {
  group: string;
  plural: string;
  namespace?: string;
  name: string;
  subresource?: string;
}

function* targets(user: UserInfo): Generator<Target> {
  const account = user.username?.startsWith(accountPrefix)
    ? user.username.slice(accountPrefix.length).split(':')
    : undefined;
  if (account) yield { group: '', plural: 'serviceaccounts', namespace: account[0], name: account[1] ?? '' };
  else yield { group: '', plural: 'users', name: user.username ?? '' };
  for (const name of user.groups ?? []) yield { group: '', plural: 'groups', name };
  if (user.uid) yield { group: 'authentication.k8s.io', plural: 'uids', name: user.uid };
  for (const [key, values] of Object.entries(user.extra ?? {})) {
    for (const name of values) yield { group: 'authentication.k8s.io', plural: 'userextras', subresource: key, name };
  }
}
