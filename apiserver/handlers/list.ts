// GET of a collection: which snapshot, which page, which objects; sent in pieces from what is already encoded.
// Reads: the watch cache; the store for snapshots that the cache no longer holds. Mirrors: apiserver/pkg/storage/cacher and etcd3/store.go (GetList).
// Next: watch.ts goes on from the resourceVersion that this answers.
import { type FieldError, forbiddenField, notSupported } from '../../apimachinery/fieldErrors.ts';
import * as status from '../../apimachinery/status.ts';
import type { ListMeta } from '../../apimachinery/types.ts';
import { type Api, cacheOf } from '../api.ts';
import { encodeList } from '../codecs/codecs.ts';
import type { Served } from '../kinds/registry.ts';
import { queryBool, queryInt } from '../query.ts';
import type { Answer, ApiRequest } from '../request.ts';
import type { Cached, ResourceCache } from '../storage/cached.ts';
import { cachedFrom } from '../storage/cachedFrom.ts';
import { Compacted, FutureRevision } from '../storage/store.ts';
import { encodingOf, includeObject } from './answers.ts';
import { type Continue, decodeContinue, encodeContinue } from './continueToken.ts';
import { type Selection, selectionOf } from './selection.ts';
import { sendPieces } from './sendPieces.ts';
import { parseVersion, reach } from './versions.ts';

interface Wanted {
  version: number | undefined;
  match: string;
  limit: number;
  from: Continue | undefined;
  namespace: string;
  selection: Selection;
}

export interface ListResult {
  items: Iterable<Cached>;
  metadata: ListMeta;
}

export async function list(api: Api, req: ApiRequest, served: Served): Promise<Answer> {
  const e = encodingOf(req, served);
  const { items, metadata } = await listObjects(api, req, served);
  const pieces = encodeList(items, metadata, served, e, { include: includeObject(req), now: api.clock.now() });
  return sendPieces(req, e.media.name, pieces);
}

/** The objects that this request's parameters ask for. `paged` false: all of them whatever `limit` says, as deletecollection wants them. */
export async function listObjects(api: Api, req: ApiRequest, served: Served, paged = true): Promise<ListResult> {
  const wanted = readParameters(req, served);
  if (!paged) wanted.limit = 0;
  const cache = await cacheOf(api, served);
  const snapshot = await chooseSnapshot(api, cache, wanted);
  await cache.load?.();
  const source = inCache(cache, snapshot) ? fromCache(cache, wanted) : fromStore(api, cache, wanted, snapshot);
  return wanted.limit > 0 ? page(await source, wanted, snapshot, cache) : whole(await source, wanted, snapshot);
}

function readParameters(req: ApiRequest, served: Served): Wanted {
  const q = req.query;
  const match = q.get('resourceVersionMatch') ?? '';
  const versionText = q.get('resourceVersion') ?? '';
  const token = q.get('continue') ?? '';
  const limit = queryInt(q, 'limit') ?? 0;
  queryInt(q, 'timeoutSeconds');
  checkParameters(match, versionText, token, queryBool(q, 'sendInitialEvents') !== undefined);
  const selection = selectionOf(q, served);
  const version = parseVersion(versionText);
  const from = token ? decodeContinue(token) : undefined;
  if (from && version) throw status.badRequest('specifying resource version is not allowed when using continue');
  // The newest state that is there anyway is always given whole.
  return { version, match, limit: version === 0 ? 0 : limit, from, namespace: req.info.namespace, selection };
}

/** Mirrors: apimachinery/pkg/apis/meta/internalversion/validation. */
function checkParameters(match: string, version: string, token: string, initialEvents: boolean): void {
  const errors: FieldError[] = [];
  const forbidMatch = (why: string) => errors.push(forbiddenField('resourceVersionMatch', why));
  if (match) {
    if (!version) forbidMatch('resourceVersionMatch is forbidden unless resourceVersion is provided');
    if (token) forbidMatch('resourceVersionMatch is forbidden when continue is provided');
    if (match !== 'Exact' && match !== 'NotOlderThan')
      errors.push(notSupported('resourceVersionMatch', match, ['Exact', 'NotOlderThan', '']));
    if (match === 'Exact' && version === '0')
      forbidMatch('resourceVersionMatch "exact" is forbidden for resourceVersion "0"');
  }
  if (initialEvents) errors.push(forbiddenField('sendInitialEvents', 'sendInitialEvents is forbidden for list'));
  if (errors.length) throw status.invalid({ group: 'meta.k8s.io', kind: 'ListOptions' }, '', errors);
}

/** The revision that the answer will be of. */
async function chooseSnapshot(api: Api, cache: ResourceCache, w: Wanted): Promise<number> {
  if (w.from) {
    if (w.from.revision > 0) return w.from.revision;
    await api.cache.fresh();
    return cache.revision;
  }
  if (w.version === undefined) {
    await api.cache.fresh();
    return cache.revision;
  }
  if (w.version > 0) await reach(api, w.version);
  // With a limit and no match the exact version is read, so that pages hang together.
  const exact = w.match === 'Exact' || (w.limit > 0 && !w.match && w.version > 0);
  return exact ? w.version : cache.revision;
}

/** Nothing changed between the snapshot and now: the cache is that snapshot. */
const inCache = (cache: ResourceCache, snapshot: number) => snapshot >= cache.lastChange && snapshot <= cache.revision;

/** Objects behind the token; `behind` is how many more the store has after these. */
interface Source {
  items: Cached[];
  behind?: number;
}

function fromCache(cache: ResourceCache, w: Wanted): Source {
  const after = w.from ? cache.spec.prefix + w.from.after : undefined;
  return { items: cache.list({ namespace: w.namespace || undefined, after }) };
}

/** So many are read and parsed at once: others get their turn in between. */
const readAtOnce = 250;

async function fromStore(api: Api, cache: ResourceCache, w: Wanted, snapshot: number): Promise<Source> {
  const prefix = w.namespace ? `${cache.spec.prefix}${w.namespace}/` : cache.spec.prefix;
  let after = w.from ? cache.spec.prefix + w.from.after : undefined;
  const items: Cached[] = [];
  // One more than the page holds tells that there is more. A selector thins out what is read.
  let wanted = w.limit > 0 ? w.limit + 1 : Number.POSITIVE_INFINITY;
  try {
    for (;;) {
      const limit = w.selection.everything ? Math.min(wanted, readAtOnce) : readAtOnce;
      const found = await api.store.list(prefix, { at: snapshot, after, limit });
      const read = found.items.map((stored) => cachedFrom(stored, cache.spec));
      const matching = ((await cache.show?.(read)) ?? read).filter((item) => w.selection.matches(item));
      for (const item of matching) items.push(item);
      wanted -= matching.length;
      if (!found.more || wanted <= 0) return { items, behind: found.remaining };
      after = found.items.at(-1)!.key;
      await new Promise(setImmediate);
    }
  } catch (error) {
    if (error instanceof Compacted)
      throw w.from
        ? expiredToken(w.from)
        : status.resourceExpired(`The resourceVersion for the provided list is too old.`);
    if (error instanceof FutureRevision) throw status.tooLargeResourceVersion(snapshot, cache.revision);
    throw error;
  }
}

function expiredToken(from: Continue): status.StatusError {
  const error = status.resourceExpired(
    'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.',
  );
  error.status.metadata = { continue: encodeContinue({ revision: -1, after: from.after }) };
  return error;
}

function* selected(items: Iterable<Cached>, selection: Selection): Generator<Cached> {
  for (const item of items) if (selection.matches(item)) yield item;
}

function whole({ items }: Source, w: Wanted, snapshot: number): ListResult {
  return {
    items: w.selection.everything ? items : selected(items, w.selection),
    metadata: { resourceVersion: String(snapshot) },
  };
}

function page(source: Source, w: Wanted, snapshot: number, cache: ResourceCache): ListResult {
  const items: Cached[] = [];
  let seen = 0;
  let more = false;
  for (const item of source.items) {
    if (items.length === w.limit) {
      more = w.selection.everything || w.selection.matches(item);
      if (more) break;
      continue;
    }
    seen++;
    if (w.selection.matches(item)) items.push(item);
  }
  const metadata: ListMeta = { resourceVersion: String(snapshot) };
  if (more) {
    metadata.continue = encodeContinue({
      revision: snapshot,
      after: items.at(-1)!.key.slice(cache.spec.prefix.length),
    });
    // What the store has behind what it gave, and what it gave behind this page. With a selector nobody has counted.
    if (w.selection.everything) metadata.remainingItemCount = (source.behind ?? 0) + source.items.length - seen;
  }
  return { items, metadata };
}
