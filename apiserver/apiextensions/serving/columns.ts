// The printed columns of a custom resource: its name, then what the definition's additionalPrinterColumns find.
// Mirrors: apiextensions-apiserver/pkg/registry/customresource/tableconvertor/tableconvertor.go.
// Used by: customResource.ts. Next: ../../codecs/forms.ts builds a Table of them.
import { nameColumn, since } from '../../kinds/columns.ts';
import type { Column } from '../../kinds/kind.ts';
import { compileJsonPath, type JsonPath } from './jsonPath.ts';

export interface ColumnDefinition {
  name: string;
  type: string;
  jsonPath: string;
  description?: string;
  format?: string;
  priority?: number;
}

const ageDefinition: ColumnDefinition = {
  name: 'Age',
  type: 'date',
  jsonPath: '.metadata.creationTimestamp',
  description: 'Time since the object was created.',
};

export const customColumns = (definitions: readonly ColumnDefinition[] | undefined): Column[] => [
  nameColumn,
  ...(definitions?.length ? definitions : [ageDefinition]).map(customColumn),
];

function customColumn(d: ColumnDefinition): Column {
  const find = readable(d.jsonPath);
  return {
    name: d.name,
    type: d.type as Column['type'],
    format: d.format,
    description: d.description ?? `Custom resource definition column (in JSONPath format): ${d.jsonPath}`,
    priority: d.priority ?? 0,
    value: (object, now) => cell(d.type, find(object)[0], now),
  };
}

/** A path that cannot be read finds nothing: its definition was stored by somebody less strict. */
function readable(path: string): JsonPath {
  try {
    return compileJsonPath(path);
  } catch {
    return () => [];
  }
}

function cell(type: string, value: unknown, now: number): unknown {
  if (value === undefined || value === null) return null;
  switch (type) {
    case 'string':
      return typeof value === 'object' ? JSON.stringify(value) : String(value);
    case 'integer':
      if (typeof value === 'bigint') return value;
      return typeof value === 'number' ? Math.trunc(value) : null;
    case 'number':
      return typeof value === 'number' || typeof value === 'bigint' ? value : null;
    case 'boolean':
      return typeof value === 'boolean' ? value : null;
    case 'date':
      return typeof value === 'string' ? age(value, now) : null;
    default:
      return null;
  }
}

const age = (text: string, now: number) =>
  /^\d{4}-\d\d-\d\dT/.test(text) && !Number.isNaN(Date.parse(text)) ? since(text, now) : '<invalid>';
