// Objects of a kind out of its schema alone: every field can come, with values that are likely to be understood.
// Reads: apimachinery/schema.ts's nodes. Used by the targets, which break them afterwards.
import type { ListNode, ScalarNode, SchemaNode, StructNode } from '../../apimachinery/schema.ts';
import { anything } from './mutate.ts';
import type { Random } from './random.ts';

const words = [
  'a',
  'web',
  'default',
  'app',
  'http',
  'TCP',
  'Always',
  'Never',
  'v1',
  'x.example.com',
  'In',
  'Exists',
  'cpu',
  'memory',
  '/a',
  'ClusterIP',
];
const scalars: Record<ScalarNode['scalar'], (random: Random) => unknown> = {
  string: (random) => random.pick(words),
  integer: (random) => random.pick([0, 1, 2, 80, 443, 3600]),
  number: (random) => random.pick([0, 0.5, 1]),
  boolean: (random) => random.chance(0.5),
  intOrString: (random) => random.pick<unknown>([1, 80, 'http', '25%']),
  quantity: (random) => random.pick(['0', '1', '100m', '1Gi', '1.5', '1e3']),
  time: () => '2024-05-06T07:08:09Z',
  microTime: () => '2024-05-06T07:08:09.123456Z',
  bytes: () => 'aGVsbG8=',
};

/** A value of the node. `depth`: how far down optional fields may still come. */
export function generate(random: Random, node: SchemaNode, depth: number): unknown {
  if (node.type === 'scalar') return scalars[node.scalar](random);
  if (node.type === 'any') return anything(random, Math.min(depth, 3));
  if (node.type === 'list') return listOf(random, node, depth);
  if (node.type === 'map') return { [random.pick(words)]: generate(random, node.values, depth - 1) };
  return structOf(random, node, depth);
}

function listOf(random: Random, node: ListNode, depth: number): unknown[] {
  return Array.from({ length: depth > 0 ? random.below(3) : 0 }, () => generate(random, node.items, depth - 1));
}

function structOf(random: Random, node: StructNode, depth: number): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  const share = Math.min(0.5, 6 / (node.fields.size + 1));
  for (const [name, field] of node.fields) {
    const wanted = field.required ? depth > -4 : depth > 0 && random.chance(share);
    if (wanted) out[name] = generate(random, field.node, depth - 1);
  }
  return out;
}
