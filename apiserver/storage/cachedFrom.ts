// One object in the watch cache: its bytes, and the few facts that selectors ask for; the rest is parsed when code reads it.
// Made from what the store holds or tells; handed out as `Cached` (cached.ts).
import { parseWithBigIntegers } from '../../apimachinery/bigIntegers.ts';
import type { KubeObject } from '../../apimachinery/types.ts';
import { served, toBuffer, withRevision } from './bytes.ts';
import type { Cached, CacheSpec, Hint } from './cached.ts';
import type { Revision, Stored } from './store.ts';

type Strings = Readonly<Record<string, string>>;
const none: Strings = Object.freeze({});

/** A class for its memory: 50,000 of these share one shape, and what can be read off the key takes no room. */
class CachedObject implements Cached {
  readonly key: string;
  readonly revision: Revision;
  readonly bytes: Buffer;
  readonly labels: Strings;
  readonly fields: Strings;
  private parsed: WeakRef<KubeObject> | undefined;

  constructor(key: string, revision: Revision, bytes: Buffer, labels: Strings, fields: Strings) {
    this.key = key;
    this.revision = revision;
    this.bytes = bytes;
    this.labels = labels;
    this.fields = fields;
    this.parsed = undefined;
  }

  get name(): string {
    return this.fields['metadata.name']!;
  }

  get namespace(): string {
    return this.fields['metadata.namespace'] ?? '';
  }

  object(): KubeObject {
    const known = this.parsed?.deref();
    if (known) return known;
    const object = parseWithBigIntegers(this.bytes.toString('utf8')) as KubeObject;
    this.remember(object);
    return object;
  }

  /** `object` must be what `bytes` says. */
  remember(object: KubeObject): void {
    this.parsed = new WeakRef(object);
  }
}

/** The same object, parsed, from who wrote it a moment ago. */
interface Known extends Hint {
  object: KubeObject;
}

/** What the store holds, ready to be served. Throws SyntaxError when the value is no Kubernetes object. */
export function cachedFrom({ key, value, revision }: Stored, spec: CacheSpec, known?: Known): Cached {
  const bytes = known ? known.served(revision) : served(value, revision);
  const object = known?.object ?? (parseWithBigIntegers(toBuffer(value).toString('utf8')) as KubeObject);
  const made = new CachedObject(key, revision, bytes, object.metadata.labels ?? none, fieldsOf(spec, key, object));
  if (known) {
    object.metadata.resourceVersion = String(revision);
    made.remember(object);
  }
  return made;
}

/** The last state of an object that was deleted at `revision`. */
export const toDeleted = (last: Cached, revision: Revision): Cached =>
  new CachedObject(last.key, revision, withRevision(last.bytes, revision), last.labels, last.fields);

/** The key is what tells objects apart, so name and namespace come from it; and as parts of it they cost little. */
function fieldsOf(spec: CacheSpec, key: string, object: KubeObject): Strings {
  const fields = spec.fields(object);
  const slash = key.lastIndexOf('/');
  fields['metadata.name'] = key.slice(slash + 1);
  if (spec.namespaced) fields['metadata.namespace'] = shared(key.slice(spec.prefix.length, slash));
  return fields;
}

/** Clusters have few namespaces and many objects: each of their names is kept once. */
const namespaces = new Map<string, string>();

function shared(namespace: string): string {
  const known = namespaces.get(namespace);
  if (known !== undefined) return known;
  if (namespaces.size >= 10_000) namespaces.clear();
  namespaces.set(namespace, namespace);
  return namespace;
}
