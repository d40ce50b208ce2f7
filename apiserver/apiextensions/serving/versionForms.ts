// Stored objects of a custom resource as one version shows them: defaulted in the version that they are stored in, converted and pruned.
// Reads: Cached objects in whatever version and shape they were written. Writes: Cached objects in this version, each made once.
// Mirrors: crdConversionRESTOptionsGetter, schemaCoercingDecoder and unstructuredDefaulter in apiextensions-apiserver/pkg/apiserver/customresource_handler.go.
// Next: versionView.ts, a resource's whole cache seen this way; customResource.ts hands `write` to the writers.
import { deepCopy } from '../../../apimachinery/deepCopy.ts';
import type { Convert } from '../../../apimachinery/managedfields/takeFields.ts';
import type { KubeObject } from '../../../apimachinery/types.ts';
import type { Cached } from '../../storage/cached.ts';
import { applyDefaults } from '../schema/defaulting.ts';
import { isComplete } from '../schema/isComplete.ts';
import { prune } from '../schema/prune.ts';
import { repairMetadata } from '../schema/repairMetadata.ts';
import type { DefinedVersion, Definition } from './definition.ts';
import { selectableValues } from './selectableFields.ts';

export interface VersionForms {
  /** True: nobody else is asked to convert. */
  readonly immediate: boolean;
  /** The object as this version shows it; undefined: it has to be converted by somebody else first. */
  shown(cached: Cached): Cached | undefined;
  /** The same without any work: what has been shown before. */
  known(cached: Cached): Cached | undefined;
  /** Makes `shown` answer for all of these. Rejects when they cannot be converted. */
  convert(items: readonly Cached[]): Promise<void>;
  /** What the store gets of an object in this version. */
  write(object: KubeObject): KubeObject | Promise<KubeObject>;
  /** How the object of an answer looks once `stored` has been read again. */
  back(stored: KubeObject, object: KubeObject): KubeObject | Promise<KubeObject>;
  /** An object in another version, where that needs nobody else. */
  inVersion?: Convert;
  /** The store holds it otherwise than it would be written now. */
  stale(cached: Cached): boolean;
}

export function versionForms(definition: Definition, version: DefinedVersion): VersionForms {
  const made = new WeakMap<Cached, Cached>();
  const own = new WeakSet<Cached>();
  const { converter, storage } = definition;
  const selectable = selectableValues(version.spec.selectableFields);

  /** Undefined: nothing to do, the object is in this version and complete. */
  function completed(object: KubeObject, from: string): KubeObject | undefined {
    const same = from === version.apiVersion && object.metadata.generation && !version.tree.below.embedded;
    if (same && isComplete(object, version.tree, definition.preservesAll)) return undefined;
    const copy = deepCopy(object);
    const pruned = !definition.preservesAll && prune(copy, version.tree);
    // What came from another version has that version's defaults.
    const filled = from === version.apiVersion && applyDefaults(copy, version.tree);
    const readable = version.tree.below.embedded && repairMetadata(copy, version.tree);
    const repaired = repairGeneration(copy);
    return from !== version.apiVersion || pruned || filled || readable || repaired ? copy : undefined;
  }

  function keep(cached: Cached, object: KubeObject | undefined): Cached {
    const shown = object || selectable ? new ShownObject(cached, object, selectable) : cached;
    made.set(cached, shown);
    own.add(shown);
    return shown;
  }

  const inSource = (object: KubeObject): KubeObject => {
    const source = definition.versions.get(object.apiVersion.slice(object.apiVersion.indexOf('/') + 1));
    const copy = deepCopy(object);
    if (source && !definition.preservesAll) prune(copy, source.tree);
    if (source) applyDefaults(copy, source.tree);
    return copy;
  };

  const known = (cached: Cached) => (own.has(cached) ? cached : made.get(cached));

  return {
    immediate: converter.immediate,
    known,
    shown(cached) {
      const before = known(cached);
      if (before) return before;
      const object = cached.object();
      if (object.apiVersion === version.apiVersion) return keep(cached, completed(object, version.apiVersion));
      if (!converter.immediate) return undefined;
      const [converted] = converter.convert([inSource(object)], version.apiVersion) as KubeObject[];
      return keep(cached, completed(converted!, object.apiVersion));
    },
    async convert(items) {
      const waiting = items.filter((cached) => !this.shown(cached));
      if (!waiting.length) return;
      const objects = waiting.map((cached) => inSource(cached.object()));
      const converted = await converter.convert(objects, version.apiVersion);
      waiting.forEach((cached, i) => {
        if (!made.has(cached)) keep(cached, completed(converted[i]!, objects[i]!.apiVersion));
      });
    },
    write(object) {
      if (version === storage) return object;
      const finish = ([stored]: KubeObject[]): KubeObject => {
        if (!definition.preservesAll) prune(stored, storage.tree);
        return stored!;
      };
      const stored = converter.convert([object], storage.apiVersion);
      return stored instanceof Promise ? stored.then(finish) : finish(stored);
    },
    async back(stored, object) {
      if (version === storage) return object;
      const [again] = await converter.convert([inSource(stored)], version.apiVersion);
      return completed(again!, stored.apiVersion) ?? again!;
    },
    inVersion:
      converter.immediate && definition.versions.size > 1
        ? (object, apiVersion) => {
            const to = definition.versions.get(apiVersion.slice(apiVersion.indexOf('/') + 1));
            return to?.apiVersion === apiVersion ? { object: { ...object, apiVersion }, node: to.node } : undefined;
          }
        : undefined,
    stale(cached) {
      const source = cached instanceof ShownObject ? cached.source : cached.object().apiVersion;
      if (source !== storage.apiVersion) return true;
      // Stored as it would be now, but for what has been pruned or defaulted since.
      return source === version.apiVersion && cached instanceof ShownObject && cached.changed;
    },
  };
}

/** Very old objects have none, and all count from 1. */
function repairGeneration(object: KubeObject): boolean {
  if (object.metadata.generation) return false;
  object.metadata.generation = 1;
  return true;
}

const none = Object.freeze({});

/** An object that is shown otherwise than it is stored, or that this version selects by other fields. */
class ShownObject implements Cached {
  readonly #stored: Cached;
  readonly #object: KubeObject | undefined;
  readonly #selectable: ((object: KubeObject) => Record<string, string>) | undefined;
  #bytes: Buffer | undefined;
  #fields: Record<string, string> | undefined;

  constructor(
    stored: Cached,
    object: KubeObject | undefined,
    selectable: ((object: KubeObject) => Record<string, string>) | undefined,
  ) {
    this.#stored = stored;
    this.#object = object;
    this.#selectable = selectable;
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
    return this.#object ? (this.#object.metadata.labels ?? none) : this.#stored.labels;
  }
  /** It differs from what is stored. */
  get changed(): boolean {
    return this.#object !== undefined;
  }
  /** The apiVersion that it is stored in. */
  get source(): string {
    return this.#stored.object().apiVersion;
  }
  get bytes(): Buffer {
    if (!this.#object) return this.#stored.bytes;
    this.#bytes ??= Buffer.from(JSON.stringify(this.#object));
    return this.#bytes;
  }
  get fields() {
    if (!this.#selectable) return this.#stored.fields;
    this.#fields ??= { ...this.#stored.fields, ...this.#selectable(this.object()) };
    return this.#fields;
  }
  object(): KubeObject {
    return this.#object ?? this.#stored.object();
  }
}
