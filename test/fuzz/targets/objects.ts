// Objects of every kind, made up from their schema and broken a little: created, updated, dry run or not, and removed.
import { asked } from '../fuzzServer.ts';
import { mutateObject } from '../mutate.ts';
import type { Target } from '../targets.ts';
import { objectOf, pathOf, remove, writable } from './collections.ts';

const queries = [
  '',
  '',
  '',
  '?dryRun=All',
  '?fieldValidation=Strict',
  '?fieldValidation=Warn',
  '?fieldManager=fuzz',
  '?pretty=true',
];

export const objects: Target = {
  name: 'objects',
  async run(random, { http }, n) {
    const kind = random.pick(writable);
    const name = `fuzz-${n}`;
    const collection = pathOf(kind);
    const sub = random.chance(0.2) && kind.subresources?.length ? `/${random.pick(kind.subresources).name}` : '';
    const body = () => JSON.stringify(mutateObject(random, objectOf(random, kind, name), random.below(6)));
    const first = await asked(http, collection + random.pick(queries), { method: 'POST', body: body() });
    if (first) return first;
    const at = `${collection}/${name}`;
    const again = random.pick(['PUT', 'POST', 'GET', 'DELETE']);
    // A log that is followed and a stream that is opened have targets of their own.
    const path = at + (sub === '/log' ? '' : sub) + random.pick(queries);
    const second = await asked(http, path, { method: again, body: again === 'GET' ? undefined : body() });
    const last = await remove(http, at);
    return second ?? last;
  },
};
