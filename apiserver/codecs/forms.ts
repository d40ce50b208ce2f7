// The forms of an object besides itself: Table (what `kubectl get` prints) and PartialObjectMetadata. Pure.
// Mirrors: staging/src/k8s.io/apiserver/pkg/endpoints/handlers/response.go and apiserver/pkg/registry/rest/table.go.
import type { KubeObject, ListMeta, Table, TableColumn, TableRow } from '../../apimachinery/types.ts';
import { createdColumn, nameColumn } from '../kinds/columns.ts';
import type { Column, Kind } from '../kinds/kind.ts';

export type IncludeObject = 'None' | 'Metadata' | 'Object';

export const defaultColumns: readonly Column[] = [nameColumn, createdColumn];

export const columnsOf = (kind: Kind): readonly Column[] => kind.columns ?? defaultColumns;

export function columnDefinitions(kind: Kind): TableColumn[] {
  return columnsOf(kind).map((c) => ({
    name: c.name,
    type: c.type,
    format: c.format ?? '',
    description: c.description,
    priority: c.priority ?? 0,
  }));
}

export function partialMetadata(object: KubeObject, formVersion: string): KubeObject {
  return { kind: 'PartialObjectMetadata', apiVersion: formVersion, metadata: object.metadata };
}

export function tableRow(
  kind: Kind,
  object: KubeObject,
  include: IncludeObject,
  formVersion: string,
  now: number,
): TableRow {
  const cells = columnsOf(kind).map((c) => c.value(object, now));
  const body = include === 'None' ? null : include === 'Object' ? object : partialMetadata(object, formVersion);
  const conditions = kind.rowConditions?.(object);
  return { cells, ...(conditions && { conditions: [...conditions] }), object: body };
}

/** `withColumns`: later events of a watch leave the definitions out. */
export function table(
  kind: Kind,
  rows: TableRow[],
  metadata: ListMeta,
  formVersion: string,
  withColumns = true,
): Table {
  return {
    kind: 'Table',
    apiVersion: formVersion,
    metadata,
    columnDefinitions: withColumns ? columnDefinitions(kind) : [],
    rows,
  };
}
