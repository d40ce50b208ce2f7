// A watch: the state to start from, then each change as it comes, until the client leaves or the time is up.
// Reads: the watch cache's events, whose bytes all watchers of one kind of stream share.
// Mirrors: staging/src/k8s.io/apiserver/pkg/endpoints/handlers/watch.go and apiserver/pkg/storage/cacher/cache_watcher.go.
import type { ServerResponse } from 'node:http';
import { type FieldError, forbiddenField, notSupported } from '../../apimachinery/fieldErrors.ts';
import * as status from '../../apimachinery/status.ts';
import { type Api, cacheOf } from '../api.ts';
import { encodeEvent, frameCached } from '../codecs/codecs.ts';
import type { Encoding } from '../codecs/negotiate.ts';
import type { Served } from '../kinds/registry.ts';
import { queryBool, queryInt } from '../query.ts';
import type { Answer, ApiRequest } from '../request.ts';
import type { Cached, CacheEvent, ResourceCache } from '../storage/cached.ts';
import { toDeleted } from '../storage/cachedFrom.ts';
import { Compacted } from '../storage/store.ts';
import { encodingOf, includeObject } from './answers.ts';
import { bookmarkClock } from './bookmarkClock.ts';
import { sendState } from './initialState.ts';
import { type Selection, selectionOf } from './selection.ts';
import { parseVersion, reach } from './versions.ts';
import { WatchStream } from './watchStream.ts';

interface Wanted {
  /** Undefined or 0: wherever the cache stands. */
  version: number | undefined;
  bookmarks: boolean;
  /** The state comes first, as ADDED events. */
  initialEvents: boolean;
  /** Milliseconds. */
  timeout: number;
  selection: Selection;
  namespace: string;
}

export async function watch(api: Api, req: ApiRequest, served: Served): Promise<Answer> {
  const e = encodingOf(req, served, true);
  const wanted = readParameters(api, req, served);
  const cache = await cacheOf(api, served);
  const refusal = await awaitStart(api, wanted);
  await cache.load?.();
  const session: Session = {
    api,
    served,
    cache,
    wanted,
    e,
    options: { include: includeObject(req), now: api.clock.now() },
  };
  return { code: 200, type: e.media.watch!.type, stream: (response) => run(session, response, refusal) };
}

/**
 * Waits for the version to start at; what is refused then is told as an ERROR event. A version that does not come belongs to a past that a
 * restore has undone, so its holder has to list anew.
 */
async function awaitStart(api: Api, { version, initialEvents }: Wanted): Promise<status.StatusError | undefined> {
  if (version === undefined) await api.cache.fresh();
  if (!version) return undefined;
  try {
    await reach(api, version);
    return undefined;
  } catch (error) {
    if (!status.isReason(error, 'Timeout')) throw error;
    return initialEvents ? error : tooOld(version, api.cache.revision);
  }
}

const tooOld = (version: number, oldest: number) =>
  status.resourceExpired(`too old resource version: ${version} (${oldest})`);

function readParameters(api: Api, req: ApiRequest, served: Served): Wanted {
  const q = req.query;
  const initial = queryBool(q, 'sendInitialEvents');
  const match = q.get('resourceVersionMatch') ?? '';
  const seconds = queryInt(q, 'timeoutSeconds') ?? 0;
  queryInt(q, 'limit');
  checkParameters(initial, match, q.get('continue') ?? '');
  const selection = selectionOf(q, served, req.info.name);
  const version = parseVersion(q.get('resourceVersion') ?? '');
  const least = api.config.minRequestTimeout;
  return {
    version,
    bookmarks: queryBool(q, 'allowWatchBookmarks') ?? false,
    // Watches without a version have always begun with the state; with bookmarks they hear of its end, too.
    initialEvents: initial ?? (match === '' && !version),
    // Whole seconds: timers of one length share what Node keeps for them.
    timeout: seconds < 0 ? 0 : 1000 * (seconds || Math.ceil(least * (1 + api.random()))),
    selection,
    // The old path of a namespace's own watch names it as its namespace, too.
    namespace: served.kind.namespaced ? req.info.namespace : '',
  };
}

/** Mirrors: validateWatchOptions of apimachinery/pkg/apis/meta/internalversion/validation. */
function checkParameters(initial: boolean | undefined, match: string, token: string): void {
  const errors: FieldError[] = [];
  const forbidMatch = (why: string) => errors.push(forbiddenField('resourceVersionMatch', why));
  if (initial !== undefined && match !== 'NotOlderThan')
    forbidMatch('sendInitialEvents requires setting resourceVersionMatch to NotOlderThan');
  if (match) {
    if (initial === undefined)
      forbidMatch('resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided');
    if (match !== 'NotOlderThan') errors.push(notSupported('resourceVersionMatch', match, ['NotOlderThan']));
    if (token) forbidMatch('resourceVersionMatch is forbidden when continue is provided');
  }
  if (errors.length) throw status.invalid({ group: 'meta.k8s.io', kind: 'ListOptions' }, '', errors);
}

/** Nothing of the request itself: what a watch holds it holds for an hour, ten thousand times. */
interface Session {
  api: Api;
  served: Served;
  cache: ResourceCache;
  wanted: Wanted;
  e: Encoding;
  options: { include: ReturnType<typeof includeObject>; now: number };
}

/** Resolves at its end. Not an async function: its frame would be held as long. */
function run(s: Session, response: ServerResponse, refusal?: status.StatusError): Promise<void> {
  const out = new WatchStream(response);
  const sender = new Sender(s, out);
  let started: Started;
  try {
    if (refusal) throw refusal;
    started = start(s, sender, out);
  } catch (error) {
    if (error instanceof Compacted) sender.error(tooOld(s.wanted.version!, error.oldest));
    else if (error instanceof status.StatusError) sender.error(error);
    else return Promise.reject(error);
    out.finish();
    return Promise.resolve();
  }
  let current = false;
  const timer = s.api.clock.setTimeout(() => {
    // Before its state is sent, a watcher has not come to any version.
    if (s.wanted.bookmarks && current) sender.bookmark();
    out.finish();
  }, s.wanted.timeout);
  s.api.drain.add(out);
  const live = () => {
    current = true;
    if (s.wanted.bookmarks && !out.ended) bookmarkClock.add(sender);
    return out.closed;
  };
  const end = () => {
    s.api.drain.delete(out);
    timer.cancel();
    bookmarkClock.delete(sender);
    started.unsubscribe();
  };
  return (started.state ? started.state.then(live) : live()).finally(end);
}

interface Started {
  unsubscribe(): void;
  /** Absent when the state has been sent, or none was wanted. */
  state?: Promise<void>;
}

/** So many events may happen while a watcher takes the state; one that is slower is dropped. */
const mostEvents = 100_000;

/** Takes the state and subscribes in one turn, so that nothing falls between; what happens while the state goes out waits for its end. */
function start(s: Session, sender: Sender, out: WatchStream): Started {
  const { version, initialEvents, bookmarks, namespace } = s.wanted;
  const from = initialEvents || !version ? s.cache.revision : version;
  const items = initialEvents ? s.cache.list({ namespace: namespace || undefined }) : [];
  let waiting: CacheEvent[] | undefined = initialEvents ? [] : undefined;
  const onEvent = (event: CacheEvent): void => {
    if (!waiting) sender.event(event);
    else if (waiting.push(event) > mostEvents) out.drop();
  };
  const unsubscribe = s.cache.subscribe(from, onEvent, undefined, () => out.finish());
  if (!initialEvents) return { unsubscribe };
  const afterState = () => {
    if (bookmarks) sender.initialEnd(from);
    const events = waiting!;
    waiting = undefined;
    for (const event of events) sender.event(event);
  };
  const state = sendState(items, (item) => sender.initial(item), out)?.then(afterState);
  if (!state) afterState();
  return { unsubscribe, state };
}

/** What one watcher sees of the events: selectors make objects appear and vanish. */
class Sender {
  readonly #s: Session;
  readonly #out: WatchStream;
  readonly #counted: ReturnType<Api['metrics']['watch']>;
  #first = true;
  #last: number;

  constructor(s: Session, out: WatchStream) {
    this.#s = s;
    this.#out = out;
    const { group, version, plural } = s.served.kind;
    this.#counted = s.api.metrics.watch(group, version, plural);
    this.#last = s.wanted.version || s.cache.revision;
  }

  initial(item: Cached): void {
    if (!this.#s.wanted.selection.matches(item)) return;
    this.#send(frameCached('ADDED', item, this.#s.served, this.#s.e, this.#s.options, this.#first));
  }

  event(event: CacheEvent): void {
    const { wanted } = this.#s;
    this.#last = event.revision;
    if (wanted.namespace && event.current.namespace !== wanted.namespace) return;
    const as = wanted.selection.everything ? event.type : seenAs(event, wanted.selection);
    if (!as) return;
    const object = as === 'DELETED' ? lastSeen(event) : event.current;
    this.#send(encodeEvent(event, as, object, this.#s.served, this.#s.e, this.#s.options, this.#first));
  }

  bookmark(): void {
    this.#last = Math.max(this.#last, this.#s.cache.revision);
    this.#send(this.#bookmark({ resourceVersion: String(this.#last), creationTimestamp: null }));
  }

  initialEnd(revision: number): void {
    this.#last = revision;
    const annotations = { 'k8s.io/initial-events-end': 'true' };
    this.#send(this.#bookmark({ resourceVersion: String(revision), creationTimestamp: null, annotations }));
  }

  error(refusal: status.StatusError): void {
    this.#send(this.#s.e.media.watch!.frame('ERROR', this.#s.e.media.write(refusal.status)));
  }

  #bookmark(metadata: Record<string, unknown>): Buffer {
    const { served, e } = this.#s;
    const partial =
      e.form === 'object'
        ? { kind: served.kind.kind, apiVersion: served.apiVersion }
        : { kind: 'PartialObjectMetadata', apiVersion: e.formVersion };
    const object =
      e.form === 'Table'
        ? {
            kind: 'Table',
            apiVersion: e.formVersion,
            metadata: { resourceVersion: metadata.resourceVersion },
            columnDefinitions: null,
            rows: [{ cells: [], object: { ...partial, metadata } }],
          }
        : { ...partial, metadata };
    return e.media.watch!.frame('BOOKMARK', e.media.write(object));
  }

  #send(bytes: Buffer): void {
    this.#first = false;
    this.#counted.events.value++;
    this.#counted.sizes.observe(bytes.length);
    this.#out.push(bytes);
  }
}

/** ADDED when it comes into view, DELETED when it leaves, nothing when it was and stays out of sight. */
function seenAs(event: CacheEvent, selection: Selection): CacheEvent['type'] | undefined {
  const now = event.type !== 'DELETED' && selection.matches(event.current);
  const before = event.previous !== undefined && selection.matches(event.previous);
  if (now) return before ? 'MODIFIED' : 'ADDED';
  return before ? 'DELETED' : undefined;
}

const vanished = new WeakMap<CacheEvent, Cached>();

/** What goes out of view is told as it was when it was in view, at the version of the change; made once for all watchers. */
function lastSeen(event: CacheEvent): Cached {
  if (event.type === 'DELETED' || !event.previous) return event.current;
  const known = vanished.get(event) ?? toDeleted(event.previous, event.revision);
  vanished.set(event, known);
  return known;
}
