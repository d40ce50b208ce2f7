// Remembers for a moment whose a token is: checking a signature costs more than most requests.
// Mirrors: staging/src/k8s.io/apiserver/pkg/authentication/token/cache (10 s for good answers, none for bad ones).
// Used by: authenticator.ts, around all token methods.
import type { TokenOwner } from './authenticator.ts';

const lifetime = 10_000;
const most = 4096;

type Lookup = (token: string, audiences: readonly string[]) => Promise<TokenOwner>;

/** Answers of `lookup`, kept for ten seconds, at most 4096; requests that come meanwhile share the one under way. */
export function tokenCache(lookup: Lookup, now: () => number): Lookup {
  const entries = new Map<string, { until: number; owner: Promise<TokenOwner> }>();
  return (token, audiences) => {
    const key = `${token} ${audiences.join(' ')}`;
    const before = entries.get(key);
    if (before && before.until > now()) return before.owner;
    const entry = { until: now() + lifetime, owner: lookup(token, audiences) };
    entries.delete(key);
    entries.set(key, entry);
    if (entries.size > most) entries.delete(entries.keys().next().value!);
    entry.owner.catch(() => entries.get(key) === entry && entries.delete(key));
    return entry.owner;
  };
}
