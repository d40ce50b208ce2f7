// A custom resource's cache as one of its versions shows it: the same objects and events, each in this version.
// Reads: the resource's one cache. Implements ResourceCache, so that handlers need not know.
// It outlives changes of the definition: `forms` gives the version as it is now. Next: ../../handlers/.
import type { Cached, CacheEvent, ResourceCache } from '../../storage/cached.ts';
import type { VersionForms } from './versionForms.ts';

export interface VersionView extends ResourceCache {
  /** Ends all subscriptions: the version is not served any more. */
  end(): void;
}

/** What cannot be shown before `load` has been waited for. */
class NotConverted extends Error {
  override name = 'NotConverted';
}

export function versionView(source: ResourceCache, forms: () => VersionForms): VersionView {
  const ends = new Set<() => void>();

  function shown(cached: Cached): Cached {
    const found = forms().shown(cached);
    if (!found) throw new NotConverted(`${cached.key} has not been converted yet`);
    return found;
  }

  /** Converts what is there until all of it is: more may come while somebody else converts. */
  async function load(keys?: readonly string[]): Promise<void> {
    for (;;) {
      const items = keys ? keys.flatMap((key) => source.get(key) ?? []) : source.list();
      const waiting = items.filter((cached) => !forms().shown(cached));
      if (!waiting.length) return;
      await forms().convert(waiting);
    }
  }

  return {
    spec: source.spec,
    get size() {
      return source.size;
    },
    get revision() {
      return source.revision;
    },
    get lastChange() {
      return source.lastChange;
    },
    get(key) {
      const found = source.get(key);
      return found && shown(found);
    },
    list(options) {
      const { known, immediate } = forms();
      return source.list(options).map((c) => known(c) ?? (immediate ? new ShownLater(c, shown) : shown(c)));
    },
    load,
    async show(items) {
      await forms().convert(items);
      return items.map(shown);
    },

    subscribe(from, onEvent, onProgress, onEnd) {
      let ended = false;
      let unsubscribe = () => {};
      const leave = () => {
        ended = true;
        unsubscribe();
        ends.delete(end);
      };
      const end = () => {
        if (ended) return;
        leave();
        onEnd?.();
      };
      const deliver = inOrder(forms, (event) => !ended && onEvent(event), end);
      unsubscribe = source.subscribe(from, deliver, onProgress, end);
      ends.add(end);
      return leave;
    },

    end() {
      for (const end of [...ends]) end();
    },
  };
}

/** One of a list: looked at when it is sent, so that a long list does not stop all else. */
class ShownLater implements Cached {
  readonly #stored: Cached;
  readonly #show: (cached: Cached) => Cached;
  constructor(stored: Cached, show: (cached: Cached) => Cached) {
    this.#stored = stored;
    this.#show = show;
  }
  get key() {
    return this.#stored.key;
  }
  get namespace() {
    return this.#stored.namespace;
  }
  get name() {
    return this.#stored.name;
  }
  get revision() {
    return this.#stored.revision;
  }
  get labels() {
    return this.#show(this.#stored).labels;
  }
  get bytes() {
    return this.#show(this.#stored).bytes;
  }
  get fields() {
    return this.#show(this.#stored).fields;
  }
  object() {
    return this.#show(this.#stored).object();
  }
}

/** Hands events on in their order, at once as long as none of them waits for somebody else's conversion. */
function inOrder(
  forms: () => VersionForms,
  hand: (event: CacheEvent) => void,
  fail: () => void,
): (event: CacheEvent) => void {
  let last: Promise<void> | undefined;
  return (event) => {
    const ready = last ? undefined : shownEvent(event, forms());
    if (ready) return hand(ready);
    const waiting = (last ?? Promise.resolve()).then(async () => {
      await forms().convert(event.previous ? [event.current, event.previous] : [event.current]);
      hand(shownEvent(event, forms())!);
    });
    const mine = waiting.catch(fail).then(() => {
      if (last === mine) last = undefined;
    });
    last = mine;
  };
}

const made = new WeakMap<CacheEvent, Map<VersionForms, CacheEvent>>();

/** The event in this version, made once for all watchers; undefined: it has to be converted first. */
function shownEvent(event: CacheEvent, forms: VersionForms): CacheEvent | undefined {
  const known = made.get(event)?.get(forms);
  if (known) return known;
  const current = forms.shown(event.current);
  const previous = event.previous && forms.shown(event.previous);
  if (!current || (event.previous && !previous)) return undefined;
  const same = current === event.current && previous === event.previous;
  const { type, revision } = event;
  const shown: CacheEvent = same ? event : { type, revision, current, previous, forms: new Map() };
  made.set(event, (made.get(event) ?? new Map()).set(forms, shown));
  return shown;
}
