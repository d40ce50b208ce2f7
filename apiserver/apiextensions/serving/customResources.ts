// Keeps the live registry at what the CustomResourceDefinitions say: a row for each served version, from the moment that names are accepted.
// Reads: the watch cache of CRDs. Writes: api.registry. Mirrors: crdHandler in apiextensions-apiserver/pkg/apiserver/customresource_handler.go.
// Each API server does this for itself. Next: ../status/ decides what is accepted; ../../dispatch.ts finds the rows.
import { isConditionTrue } from '../../../apimachinery/conditions.ts';
import type { KubeObject } from '../../../apimachinery/types.ts';
import type { Api } from '../../api.ts';
import type { Kind } from '../../kinds/kind.ts';
import { createRegistry, type Registry, type Served } from '../../kinds/registry.ts';
import type { ResourceCache } from '../../storage/cached.ts';
import type { Converter } from '../conversion/converter.ts';
import { kindOf } from './customResource.ts';
import { type Definition, definitionOf } from './definition.ts';
import { type VersionForms, versionForms } from './versionForms.ts';
import { type VersionView, versionView } from './versionView.ts';

export interface CustomResources {
  /** The definition's object is now this. */
  put(crd: KubeObject): void;
  /** The definition is gone. */
  remove(name: string): void;
  /** Of the definitions that are in use. */
  names(): string[];
  /** A row of the version that objects are stored in, served or not: for the server's own work on them. */
  storageRow(crd: KubeObject): Served;
}

/** What is in use of one definition. */
interface InUse {
  uid: string;
  definition: Definition;
  forms: Map<string, VersionForms>;
  views: Map<string, Promise<VersionView> | VersionView>;
  kinds: Kind[];
}

export function customResources(api: Api, converterOf: (crd: KubeObject) => Converter): CustomResources {
  const inUse = new Map<string, InUse>();

  function put(crd: KubeObject): void {
    const name = crd.metadata.name;
    const known = inUse.get(name);
    if (known && known.uid !== crd.metadata.uid) remove(name);
    if (!isServed(crd) || overlapsBuiltIn(api.registry, crd)) {
      remove(name);
      return;
    }
    const entry = inUse.get(name);
    if (entry && !matters(entry.definition.crd, crd)) return;
    take(name, crd, entry);
  }

  function take(name: string, crd: KubeObject, before: InUse | undefined): void {
    const definition = definitionOf(crd, converterOf(crd));
    const entry: InUse = {
      uid: crd.metadata.uid!,
      definition,
      forms: new Map([...definition.versions].map(([v, version]) => [v, versionForms(definition, version)])),
      views: before?.views ?? new Map(),
      kinds: [],
    };
    inUse.set(name, entry);
    for (const version of definition.versions.values())
      if (version.spec.served && !isBuiltInVersion(api.registry, definition.group, version.name))
        entry.kinds.push(kindFor(name, entry, version.name));
    for (const kind of before?.kinds ?? [])
      if (!entry.kinds.some((k) => k.version === kind.version)) unserve(entry, kind);
    for (const kind of entry.kinds)
      api.registry.add(kind, () => definition.versions.get(kind.version)!.node, { bareItems: false });
  }

  function kindFor(name: string, entry: InUse, version: string): Kind {
    const forms = entry.forms.get(version)!;
    const view = (cache: ResourceCache) => viewOf(name, entry, version, cache);
    return kindOf(entry.definition, entry.definition.versions.get(version)!, { forms, view });
  }

  /** One view a version, whatever happens to the definition meanwhile. */
  function viewOf(name: string, entry: InUse, version: string, cache: ResourceCache): ResourceCache {
    const known = entry.views.get(version) as (VersionView & { of?: ResourceCache }) | undefined;
    if (known?.of === cache) return known;
    let last = entry.forms.get(version)!;
    const made = versionView(cache, () => {
      last = inUse.get(name)?.forms.get(version) ?? last;
      return last;
    });
    entry.views.set(version, Object.assign(made, { of: cache }));
    return made;
  }

  function unserve(entry: InUse, kind: Kind): void {
    api.registry.remove(kind);
    (entry.views.get(kind.version) as VersionView | undefined)?.end();
    entry.views.delete(kind.version);
  }

  function remove(name: string): void {
    const entry = inUse.get(name);
    if (!entry) return;
    inUse.delete(name);
    for (const kind of entry.kinds) unserve(entry, kind);
    api.metrics.forget(entry.definition.group, entry.definition.plural);
    api.cache.drop(`${api.keyPrefix}/${entry.definition.group}/${entry.definition.plural}/`);
  }

  return {
    put,
    remove,
    names: () => [...inUse.keys()],
    storageRow(crd) {
      const definition = inUse.get(crd.metadata.name)?.definition ?? definitionOf(crd, converterOf(crd));
      const forms = versionForms(definition, definition.storage);
      const view = (cache: ResourceCache) => versionView(cache, () => forms);
      const kind = kindOf(definition, definition.storage, { forms, view });
      const registry = createRegistry(api.keyPrefix);
      registry.add(kind, () => definition.storage.node, { bareItems: false });
      return registry.find(kind.group, kind.version, kind.plural)!;
    },
  };
}

/** What is built in stays what it is: a definition of the same name is neither served nor may it touch what is stored there. */
export const overlapsBuiltIn = (registry: Registry, crd: KubeObject): boolean => {
  const { group, names } = crd['spec'];
  const row = registry.byResource(group, names.plural);
  return row !== undefined && row.kind.custom === undefined;
};

/** A group version that is built in answers for all its paths, so that no definition is heard under it. */
const isBuiltInVersion = (registry: Registry, group: string, version: string): boolean =>
  registry.all().some(({ kind }) => !kind.custom && kind.group === group && kind.version === version);

/** Served from the moment that its names are its own; a name that is lost later takes nothing away. */
const isServed = (crd: KubeObject): boolean =>
  isConditionTrue(crd['status']?.conditions, 'NamesAccepted') ||
  isConditionTrue(crd['status']?.conditions, 'Established');

/** Did anything change that rows are made of? */
function matters(before: any, now: any): boolean {
  if (before.metadata.resourceVersion === now.metadata.resourceVersion) return false;
  const part = ({ spec, status }: any) =>
    JSON.stringify([spec, status?.acceptedNames, isConditionTrue(status?.conditions, 'Terminating')]);
  return part(before) !== part(now);
}
