// Which resource a kind is, whatever its version, as discovery tells it: autoscalers name kinds, of custom resources too.
// Reads: discovery, again after half a minute or when a kind is not in it. Mirrors: client-go restmapper, k8s.io/client-go/scale.
// Used by: sync.ts (what is scaled), metricsClient.ts (what a metric is about).

import type { Clock } from '../../apimachinery/clock.ts';
import { goQuote } from '../../apimachinery/goQuote.ts';
import type { Resource } from '../../apimachinery/resources.ts';
import type { Client } from '../../client/client.ts';
import { discover, type ServedResource } from '../common/discovery.ts';

export interface Kinds {
  /** Those of this kind, each in its preferred version; more than one is rare. Rejects when there is none. */
  find(group: string, kind: string): Promise<Resource[]>;
}

const freshFor = 30_000;
/** A kind that is not there is not asked for more often than this. */
const askedAgain = 1_000;

export function createKinds(client: Client, clock: Clock): Kinds {
  let known: { resources: Promise<ServedResource[]>; at: number } | undefined;
  const served = (age: number) => {
    if (!known || clock.now() - known.at > age) {
      const resources = discover(client).then((d) => d.resources);
      const asked = { resources, at: clock.now() };
      known = asked;
      resources.catch(() => {
        if (known === asked) known = undefined;
      });
    }
    return known.resources;
  };
  return {
    async find(group, kind) {
      for (const age of [freshFor, askedAgain]) {
        const found = (await served(age)).filter((r) => r.group === group && r.kind === kind);
        if (found.length) return found;
      }
      throw new Error(`no matches for kind ${goQuote(kind)} in group ${goQuote(group)}`);
    },
  };
}

/** `apps/v1` to `apps`. Throws in upstream's words. */
export function groupOf(apiVersion: string | undefined): string {
  const parts = (apiVersion ?? '').split('/');
  if (parts.length > 2) throw new Error(`unexpected GroupVersion string: ${apiVersion}`);
  return parts.length === 2 ? parts[0]! : '';
}
