// Patches of every sort on objects that are there: documents, operations, directives, applies of several managers.
import { asked } from '../fuzzServer.ts';
import { anything, mutateObject } from '../mutate.ts';
import type { Random } from '../random.ts';
import type { Target } from '../targets.ts';
import { objectOf, pathOf, remove, stored } from './collections.ts';

const pointers = [
  '',
  '/',
  '/metadata/labels',
  '/metadata/labels/a~1b',
  '/spec',
  '/spec/-',
  '/spec/containers/0',
  '/spec/containers/-',
  '/data/x',
  '/status',
  '/__proto__/x',
  '/constructor/prototype',
  '/metadata/managedFields',
  '/~',
  '/a/b/c',
  '/spec/ports/999999999999',
];
const directives = [
  { $patch: 'replace' },
  { $patch: 'delete' },
  { $patch: 'merge' },
  { $patch: 'x' },
  { $retainKeys: ['type'] },
  { $retainKeys: 1 },
  { '$setElementOrder/containers': [{ name: 'a' }, { name: 'b' }] },
  { '$setElementOrder/finalizers': ['a', 1, null] },
  { '$deleteFromPrimitiveList/finalizers': ['a'] },
  { '$deleteFromPrimitiveList/finalizers': {} },
];

const operation = (random: Random) => ({
  op: random.pick(['add', 'remove', 'replace', 'move', 'copy', 'test', 'x', '']),
  path: random.pick<unknown>([...pointers, 5, null]),
  ...(random.chance(0.7) ? { value: anything(random, 3) } : {}),
  ...(random.chance(0.4) ? { from: random.pick(pointers) } : {}),
});

/** Puts directives of strategic merge into places of an object. */
function withDirectives(random: Random, object: any): any {
  const places: any[] = [];
  const walk = (at: any) => {
    if (!at || typeof at !== 'object') return;
    places.push(at);
    for (const value of Object.values(at)) walk(value);
  };
  walk(object);
  for (let i = random.below(4); i > 0; i--) {
    const place = random.pick(places);
    if (Array.isArray(place)) place.push(structuredClone(random.pick(directives)));
    else Object.assign(place, structuredClone(random.pick(directives)));
  }
  return object;
}

const sorts: readonly { type: string; make(random: Random, object: any): unknown }[] = [
  {
    type: 'application/json-patch+json',
    make: (random) => Array.from({ length: random.below(6) }, () => operation(random)),
  },
  { type: 'application/merge-patch+json', make: (random, object) => mutateObject(random, object, 1 + random.below(4)) },
  {
    type: 'application/strategic-merge-patch+json',
    make: (random, object) => withDirectives(random, mutateObject(random, object, random.below(4))),
  },
  { type: 'application/apply-patch+yaml', make: (random, object) => mutateObject(random, object, random.below(4)) },
];

export const patches: Target = {
  name: 'patches',
  async run(random, { http }, n) {
    const kind = random.pick(stored);
    const name = `fuzz-${n}`;
    const at = `${pathOf(kind)}/${name}`;
    await http(pathOf(kind), { method: 'POST', body: objectOf(random, kind, name) });
    for (let i = 1 + random.below(3); i > 0; i--) {
      const { type, make } = random.pick(sorts);
      const manager = random.pick(['a', 'b', 'x'.repeat(200), '']);
      const sub = random.chance(0.2) && kind.subresources?.some((s) => s.name === 'status') ? '/status' : '';
      const query = `?fieldManager=${manager}${random.chance(0.5) && type.includes('apply') ? '&force=true' : ''}`;
      const body = JSON.stringify(make(random, objectOf(random, kind, name)));
      const finding = await asked(http, at + sub + query, { method: 'PATCH', type, body });
      if (finding) {
        await remove(http, at);
        return finding;
      }
    }
    return remove(http, at);
  },
};
