// Rows of lists in pages: 400 PodTemplates, one snapshot, counts that are exact, and a token that expires.
// See ../row.ts for how to read one.
import assert from 'node:assert/strict';
import type { ApiError } from '../harness/apiError.ts';
import type { Context } from '../harness/context.ts';
import type { Query, Resource } from '../harness/resource.ts';
import { type Row, row } from '../row.ts';

const count = 400;
const nameOf = (i: number) => `template-${String(i).padStart(4, '0')}`;

export const chunkingRows: Row[] = [
  row('api.chunking.pages', async (c) => {
    const r = await templates(c);
    for (let round = 0; round < 3; round++) {
      const first = await r.list({ limit: 17 });
      const seen = await follow(r, first, 17, 0);
      assert.equal(seen, count);
    }
    const all = await r.list({ limit: count + 1 });
    assert.equal(all.items.length, count);
    assert.equal(all.metadata.continue ?? '', '');
    assert.equal(all.metadata.remainingItemCount, undefined);
  }),
  row(
    'api.chunking.expired-continue',
    async (c) => {
      const r = await templates(c);
      const first = await r.list({ limit: 40 });
      const expired = await c.poll(20_000, 600_000, 'the token expires', () => failure(r, first.metadata.continue));
      assert.equal(expired.code, 410);
      assert.equal(expired.reason, 'Expired');
      const fresh = expired.status.metadata.continue;
      assert.ok(fresh, 'the Status has a token to go on with');
      const page = await r.list({ limit: 40, continue: fresh });
      assert.equal(page.items.length, 40);
      assert.equal(page.items[0].metadata.name, nameOf(40));
      assert.notEqual(page.metadata.resourceVersion, first.metadata.resourceVersion);
      assert.equal(await follow(r, page, 40, 40), count);
    },
    { timeout: 700_000 },
  ),
];

async function templates(c: Context): Promise<Resource> {
  const r = c.of('v1', 'PodTemplate', await c.namespace());
  const left = Array.from({ length: count }, (_, i) => nameOf(i));
  const writer = async () => {
    for (let name = left.shift(); name; name = left.shift()) {
      const containers = [{ name: 'test', image: 'test2' }];
      await r.create({ metadata: { name }, template: { metadata: { labels: { foo: 'bar' } }, spec: { containers } } });
    }
  };
  await Promise.all(Array.from({ length: 20 }, writer));
  return r;
}

/** Reads on from a page whose first item is number `at`; gives the number behind the last item. All pages are one snapshot. */
async function follow(r: Resource, first: any, limit: number, at: number): Promise<number> {
  let seen = at;
  for (let page = first; ; ) {
    assert.ok(page.items.length <= limit, `${page.items.length} items`);
    assert.equal(page.metadata.resourceVersion, first.metadata.resourceVersion);
    for (const item of page.items) assert.equal(item.metadata.name, nameOf(seen++));
    const token = page.metadata.continue;
    assert.equal(page.metadata.remainingItemCount, token ? count - seen : undefined, 'remainingItemCount');
    if (!token) return seen;
    page = await r.list({ limit, continue: token } satisfies Query);
  }
}

const failure = (r: Resource, token: string): Promise<ApiError | undefined> =>
  r.list({ limit: 40, continue: token }).then(
    (page) => void assert.equal(page.items[0].metadata.name, nameOf(40)),
    (error: ApiError) => error,
  );
