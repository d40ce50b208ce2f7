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
import type { Answer, ApiRequest } from '../request.ts';
import type { Cached, CacheEvent, ResourceCache } from '../storage/cached.ts';
import { Compacted } from '../storage/store.ts';
import { encodingOf, includeObject } from './answers.ts';
import { bookmarkClock } from './bookmarkClock.ts';
import { type Selection, selectionOf } from './selection.ts';
import { parseVersion, reach } from './versions.ts';
import { WatchStream } from './watchStream.ts';

interface Wanted {
  version: number | undefined;
  bookmarks: boolean;
  initialEvents: boolean;
  /** Milliseconds. */
  timeout: number;
  selection: Selection;
  namespace: string;
}

export async function watch(api: Api, req: ApiRequest, served: Served): Promise<Answer> {
  const e = encodingOf(req);
  if (!e.media.watch)
    throw status.notAcceptable('only the following media types are accepted: application/json;stream=watch');
  const wanted = readParameters(api, req, served);
  const cache = await cacheOf(api, served);
  // A watch that names no version starts at the newest; 0 starts at whatever is there.
  if (wanted.version === undefined) await api.cache.fresh();
  else if (wanted.initialEvents && wanted.version > 0) await reach(api, wanted.version);
  const session: Session = {
    api,
    req,
    served,
    cache,
    wanted,
    e,
    options: { include: includeObject(req), now: api.clock.now() },
  };
  return { code: 200, type: e.media.watch.type, stream: (response) => run(session, response) };
}

const truthy = (text: string | null) => text !== null && /^(1|t|true)$/i.test(text);

function readParameters(api: Api, req: ApiRequest, served: Served): Wanted {
  const q = req.query;
  const initial = q.get('sendInitialEvents');
  const match = q.get('resourceVersionMatch') ?? '';
  const errors: FieldError[] = [];
  if (initial === null && match) {
    errors.push(
      forbiddenField(
        'resourceVersionMatch',
        'resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided',
      ),
    );
  }
  if (initial !== null && match !== 'NotOlderThan') {
    errors.push(
      match
        ? notSupported('resourceVersionMatch', match, ['NotOlderThan'])
        : forbiddenField(
            'resourceVersionMatch',
            'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan',
          ),
    );
  }
  if (q.get('continue')) errors.push(forbiddenField('continue', 'continue is forbidden for watch'));
  if (errors.length) throw status.invalid({ group: 'meta.k8s.io', kind: 'ListOptions' }, '', errors);
  const seconds = Number(q.get('timeoutSeconds') ?? '');
  const least = api.config.minRequestTimeout;
  return {
    version: parseVersion(q.get('resourceVersion') ?? ''),
    bookmarks: truthy(q.get('allowWatchBookmarks')),
    initialEvents: truthy(initial),
    timeout: 1000 * (seconds > 0 ? seconds : least * (1 + api.random())),
    selection: selectionOf(q, served, req.info.verb === 'watch' ? req.info.name : ''),
    namespace: req.info.namespace,
  };
}

interface Session {
  api: Api;
  req: ApiRequest;
  served: Served;
  cache: ResourceCache;
  wanted: Wanted;
  e: Encoding;
  options: { include: ReturnType<typeof includeObject>; now: number };
}

async function run(s: Session, response: ServerResponse): Promise<void> {
  const out = new WatchStream(response);
  const sender = new Sender(s, out);
  let unsubscribe = () => {};
  try {
    unsubscribe = start(s, sender, () => out.finish());
  } catch (error) {
    if (!(error instanceof Compacted)) throw error;
    const refusal = status.resourceExpired(`too old resource version: ${s.wanted.version} (${error.oldest})`);
    sender.error(refusal);
    return out.finish();
  }
  const stopBookmarks = s.wanted.bookmarks ? bookmarkClock(() => sender.bookmark()) : () => {};
  const timer = s.api.clock.setTimeout(() => {
    if (s.wanted.bookmarks) sender.bookmark();
    out.finish();
  }, s.wanted.timeout);
  s.api.drain.add(out);
  await out.closed;
  s.api.drain.delete(out);
  timer.cancel();
  stopBookmarks();
  unsubscribe();
}

/** Subscribes first and sends the state second, in one turn, so that nothing falls between. */
function start(s: Session, sender: Sender, onEnd: () => void): () => void {
  const { version, initialEvents } = s.wanted;
  const fromState = initialEvents || version === undefined || version === 0;
  const from = fromState ? s.cache.revision : version;
  if (fromState && (initialEvents || version === undefined || version === 0)) {
    for (const item of s.cache.list({ namespace: s.wanted.namespace || undefined })) sender.initial(item);
    if (initialEvents && s.wanted.bookmarks) sender.initialEnd(from);
  }
  return s.cache.subscribe(from, (event) => sender.event(event), undefined, onEnd);
}

/** What one watcher sees of the events: selectors make objects appear and vanish. */
class Sender {
  readonly #s: Session;
  readonly #out: WatchStream;
  #first = true;
  #last: number;

  constructor(s: Session, out: WatchStream) {
    this.#s = s;
    this.#out = out;
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
    this.#send(encodeEvent(event, as, event.current, this.#s.served, this.#s.e, this.#s.options, this.#first));
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
