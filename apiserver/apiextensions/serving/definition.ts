// One CustomResourceDefinition as this server has it in use: its accepted names, and each version's schema compiled on first use.
// Reads: a CRD. Mirrors: crdInfo in apiextensions-apiserver/pkg/apiserver/customresource_handler.go.
// Next: versionForms.ts reads and writes stored objects by it; customResource.ts makes a Kind of each served version.
import type { StructNode } from '../../../apimachinery/schema.ts';
import type { KubeObject } from '../../../apimachinery/types.ts';
import type { Converter } from '../conversion/converter.ts';
import type { JSONSchema } from '../schema/jsonSchema.ts';
import { type SchemaTree, schemaTree } from '../schema/schemaTree.ts';
import { customNode } from './customNode.ts';

export interface DefinedVersion {
  readonly name: string;
  /** `group/version`. */
  readonly apiVersion: string;
  readonly spec: any;
  /** As the definition gives it; absent: objects may be anything. */
  readonly schema: JSONSchema | undefined;
  readonly tree: SchemaTree;
  /** For managedFields and server-side apply. */
  readonly node: StructNode;
}

export interface Definition {
  readonly crd: any;
  readonly group: string;
  readonly plural: string;
  readonly kind: string;
  readonly namespaced: boolean;
  /** spec.preserveUnknownFields of old: nothing is pruned. */
  readonly preservesAll: boolean;
  /** By name. */
  readonly versions: ReadonlyMap<string, DefinedVersion>;
  /** The one that objects are written in. */
  readonly storage: DefinedVersion;
  readonly converter: Converter;
}

export function definitionOf(crd: KubeObject, converter: Converter): Definition {
  const { group, names, scope, versions, preserveUnknownFields } = crd['spec'];
  const defined = new Map<string, DefinedVersion>(
    versions.map((v: any) => [v.name, versionOf(group, names.kind, v)] as const),
  );
  return {
    crd,
    group,
    plural: names.plural,
    kind: names.kind,
    namespaced: scope === 'Namespaced',
    preservesAll: preserveUnknownFields === true,
    versions: defined,
    storage: defined.get(versions.find((v: any) => v.storage).name)!,
    converter,
  };
}

function versionOf(group: string, kind: string, spec: any): DefinedVersion {
  const schema: JSONSchema | undefined = spec.schema?.openAPIV3Schema;
  let tree: SchemaTree | undefined;
  let node: StructNode | undefined;
  return {
    name: spec.name,
    apiVersion: `${group}/${spec.name}`,
    spec,
    schema,
    get tree() {
      tree ??= schemaTree(schema ?? { type: 'object', 'x-kubernetes-preserve-unknown-fields': true });
      return tree;
    },
    get node() {
      node ??= customNode(schema ?? { type: 'object', 'x-kubernetes-preserve-unknown-fields': true }, kind);
      return node;
    },
  };
}
