// May this user do this? An ordered list of opinions; the first that allows or denies decides, none means no.
// Reads: the four RBAC kinds through Cluster (rbac.ts). Mirrors: staging/src/k8s.io/apiserver/pkg/authorization/union/union.go.
// Next: filters.ts asks for each request; the access reviews and RBAC's escalation rules ask for others.

import type { PolicyRule, UserInfo } from '../../apimachinery/types.ts';
import { UsageError } from '../../component-base/flags.ts';
import type { Cluster } from '../kinds/cluster.ts';
import { rbacAuthorizer } from './rbac.ts';

/** What is asked: a verb on a resource, or on a path that is none. */
export interface Attributes {
  user: UserInfo;
  verb: string;
  /** Empty strings where the request names nothing. */
  resource?: {
    group: string;
    version: string;
    plural: string;
    subresource: string;
    namespace: string;
    name: string;
  };
  /** Of a request that is for no resource, such as `/metrics`. */
  path?: string;
  /** As the request or the review gave them; RBAC does not look at them. */
  fieldSelector?: string;
  labelSelector?: string;
}

/** Neither allowed nor denied is "no opinion", which refuses too. */
export interface Decision {
  allowed: boolean;
  denied?: boolean;
  reason: string;
}

/** What a user may do in a namespace. `errors` tells why the list may lack rules. */
export interface Rules {
  rules: PolicyRule[];
  errors: string[];
}

export interface Authorizer {
  authorize(attributes: Attributes): Promise<Decision>;
  rulesFor(user: UserInfo, namespace: string): Promise<Rules>;
}

/** One opinion of the list; the RBAC kinds' own rules ask for rules by name as well. */
export interface Mode {
  /** As --authorization-mode names it. */
  name: string;
  decide(attributes: Attributes): Decision;
  rulesFor(user: UserInfo, namespace: string): Rules;
}

const everything: PolicyRule[] = [
  { verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
  { verbs: ['*'], nonResourceURLs: ['*'] },
];

const alwaysAllow: Mode = {
  name: 'AlwaysAllow',
  decide: () => ({ allowed: true, reason: '' }),
  rulesFor: () => ({ rules: everything, errors: [] }),
};
const alwaysDeny: Mode = {
  name: 'AlwaysDeny',
  decide: () => ({ allowed: false, reason: 'Everything is forbidden.' }),
  rulesFor: () => ({ rules: [], errors: [] }),
};

/** Known upstream, not here: refused by name, so that nobody believes to be protected by them. */
const missing = ['Node', 'Webhook', 'ABAC'];

function modeNamed(name: string, cluster: Cluster): Mode {
  if (name === 'RBAC') return rbacAuthorizer(cluster);
  if (name === 'AlwaysAllow') return alwaysAllow;
  if (name === 'AlwaysDeny') return alwaysDeny;
  const why = missing.includes(name) ? `${name} is not supported yet` : `"${name}" is not an authorization mode`;
  throw new UsageError(`--authorization-mode: ${why}; use RBAC, AlwaysAllow or AlwaysDeny.`);
}

/**
 * The authorizer of `--authorization-mode`, in that order, behind the group that may do everything (system:masters).
 * Throws UsageError for a mode that is unknown, missing or named twice.
 */
export function createAuthorizer(options: { modes: readonly string[]; cluster: Cluster }): Authorizer {
  if (!options.modes.length) throw new UsageError('--authorization-mode: at least one mode must be given.');
  if (new Set(options.modes).size < options.modes.length) {
    throw new UsageError('--authorization-mode: a mode is named more than once.');
  }
  const modes = options.modes.map((name) => modeNamed(name, options.cluster));
  return {
    authorize: async (attributes) => decideBy(modes, attributes),
    rulesFor: async (user, namespace) => ({
      rules: modes.flatMap((m) => m.rulesFor(user, namespace).rules),
      errors: modes.flatMap((m) => m.rulesFor(user, namespace).errors),
    }),
  };
}

export const mayDoEverything = (user: UserInfo): boolean => user.groups?.includes('system:masters') ?? false;

function decideBy(modes: readonly Mode[], attributes: Attributes): Decision {
  if (mayDoEverything(attributes.user)) return { allowed: true, reason: '' };
  const reasons: string[] = [];
  for (const mode of modes) {
    const decision = mode.decide(attributes);
    if (decision.allowed || decision.denied) return decision;
    if (decision.reason) reasons.push(decision.reason);
  }
  return { allowed: false, reason: reasons.join('\n') };
}
