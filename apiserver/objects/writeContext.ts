// What a write knows of its request: who, when, why, dry or not. Handlers and localCluster.ts make one, objects/ consume it.
import type { Cause } from '../../apimachinery/cause.ts';
import type { UserInfo } from '../../apimachinery/types.ts';
import type { Api } from '../api.ts';
import type { Context } from '../kinds/kind.ts';
import type { Served } from '../kinds/registry.ts';

export interface WriteContext extends Context {
  api: Api;
  served: Served;
  namespace: string;
  /** Empty for the main resource. */
  subresource: string;
  /** As managedFields names the writer. */
  fieldManager: string;
  /** For the journal: Kubernetes' verb, the client program, and what made it write. */
  verb: string;
  component: string;
  causes: readonly Cause[];
  traceparent: string;
  /** The create, update, patch or delete options, as admission sees them. */
  options: Record<string, unknown>;
}

/** An object after its write, in the served version. `bytes` are its JSON in the stored version, with resourceVersion. */
export interface Outcome {
  object: any;
  bytes: Buffer;
  created?: boolean;
}

/** The parts of the server that every write may need, whoever makes it. */
export const partsOf = (api: Api) => ({
  api,
  cluster: api.cluster,
  store: api.store,
  keyPrefix: api.keyPrefix,
  authentication: api.authenticator,
  authorization: api.authorizer,
  tokens: api.tokens,
  features: api.features,
  now: api.clock.now,
});

export const systemUser: UserInfo = {
  username: 'system:apiserver',
  groups: ['system:masters', 'system:authenticated'],
};
