// Does an object have the shape that its schema declares? An applied configuration must: no unknown fields, no item twice.
// Reads: a value and its SchemaNode. Writes: upstream's error texts, each with its path.
// Mirrors: structured-merge-diff's typed/validate.go. Used by: applyPatch.ts.
import { goValue } from '../goValue.ts';
import type { ListNode, SchemaNode } from '../schema.ts';
import { pathText } from './fieldPaths.ts';
import { elementOf, TypedError } from './listElements.ts';
import { entryNode, isObject } from './shapes.ts';

const scalarTypes: Record<string, [expected: string, types: readonly string[]]> = {
  string: ['string', ['string']],
  bytes: ['string', ['string']],
  integer: ['numeric (int or float)', ['number', 'bigint']],
  number: ['numeric (int or float)', ['number', 'bigint']],
  boolean: ['boolean', ['boolean']],
};
const anyScalar = ['any scalar', ['string', 'number', 'bigint', 'boolean']] as const;

function printed(value: unknown, expected: string): string {
  if (expected.startsWith('numeric'))
    return Array.isArray(value)
      ? '[]interface {}'
      : isObject(value)
        ? 'map[string]interface {}'
        : typeof value === 'boolean'
          ? 'bool'
          : typeof value;
  if (expected === 'string')
    return `&value.valueUnstructured{Value:${typeof value === 'object' ? goValue(value) : value}}`;
  return typeof value === 'string' ? JSON.stringify(value) : JSON.stringify(value);
}

class Walk {
  readonly errors: string[] = [];
  readonly #path: string[] = [];

  fail(message: string): void {
    this.errors.push(this.#path.length ? `${pathText(this.#path)}: ${message}` : message);
  }

  inside(element: string, visit: () => void): void {
    this.#path.push(element);
    visit();
    this.#path.pop();
  }

  value(value: unknown, node: SchemaNode): void {
    if (value === null || value === undefined || node.type === 'any') return;
    if (node.type === 'scalar') this.scalar(value, scalarTypes[node.scalar] ?? anyScalar);
    else if (node.type === 'list') this.list(value, node);
    else this.map(value, node);
  }

  scalar(value: unknown, [expected, types]: readonly [string, readonly string[]]): void {
    if (!types.includes(typeof value)) this.fail(`expected ${expected}, got ${printed(value, expected)}`);
  }

  map(value: unknown, node: SchemaNode): void {
    if (!isObject(value)) {
      this.fail(`expected map, got ${printed(value, 'map')}`);
      return;
    }
    for (const key of Object.keys(value)) {
      const child = entryNode(node, key);
      this.inside(`f:${key}`, () =>
        child ? this.value(value[key], child) : this.fail('field not declared in schema'),
      );
    }
  }

  list(value: unknown, node: ListNode): void {
    if (!Array.isArray(value)) {
      this.fail(`expected list, got ${printed(value, 'list')}`);
      return;
    }
    const seen = new Set<string>();
    for (const [i, item] of value.entries()) {
      const element = this.element(node, item, i);
      if (element === undefined) return;
      if (seen.has(element)) this.fail(`duplicate entries for key ${pathText([element])}`);
      seen.add(element);
      this.inside(element, () => this.value(item, node.items));
    }
  }

  element(node: ListNode, item: unknown, i: number): string | undefined {
    if (node.listType === 'atomic') return `i:${i}`;
    try {
      return elementOf(node, item);
    } catch (error) {
      if (!(error instanceof TypedError)) throw error;
      this.fail(`element ${i}: ${error.message}`);
      return undefined;
    }
  }
}

/** What is wrong with `object`, in one text as upstream joins it; undefined when nothing is. */
export function shapeErrors(object: unknown, node: SchemaNode): string | undefined {
  const walk = new Walk();
  walk.value(object, node);
  if (!walk.errors.length) return undefined;
  return walk.errors.length === 1 ? walk.errors[0] : ['errors:', ...walk.errors.map((e) => `  ${e}`)].join('\n');
}
