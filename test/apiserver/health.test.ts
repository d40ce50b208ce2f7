import { expect, test } from 'vitest';
import { answerHealth, type Health } from '../../apiserver/health.ts';

const fine = (name: string) => ({ name, failure: () => undefined });
const bad = { name: 'poststarthook/rbac/bootstrap-roles', failure: () => 'not finished' };
const throwing = {
  name: 'etcd',
  failure: () => {
    throw new Error('no leader');
  },
};
const health: Health = {
  healthz: [fine('ping'), fine('etcd')],
  livez: [fine('ping'), throwing],
  readyz: [fine('ping'), bad, fine('shutdown')],
};

test.each<[string, number, string]>([
  ['/healthz', 200, 'ok'],
  ['/healthz?verbose', 200, '[+]ping ok\n[+]etcd ok\nhealthz check passed\n'],
  ['/healthz/etcd', 200, 'ok'],
  ['/livez', 500, '[+]ping ok\n[-]etcd failed: reason withheld\nlivez check failed\n'],
  ['/livez?exclude=etcd', 200, 'ok'],
  ['/livez?exclude=etcd&verbose=true', 200, '[+]ping ok\n[+]etcd excluded: ok\nlivez check passed\n'],
  ['/livez/etcd', 500, 'internal server error: no leader\n'],
  [
    '/readyz?exclude=x&exclude=a',
    500,
    '[+]ping ok\n[-]poststarthook/rbac/bootstrap-roles failed: reason withheld\n[+]shutdown ok\n' +
      'warn: some health checks cannot be excluded: no matches for "a", "x"\nreadyz check failed\n',
  ],
  ['/readyz/poststarthook/rbac/bootstrap-roles', 500, 'internal server error: not finished\n'],
])('%s', async (url, code, body) => {
  const { pathname, searchParams } = new URL(url, 'https://x');
  const answer = await answerHealth(health, { path: pathname, query: searchParams } as never);
  expect(answer).toMatchObject({ code, body, type: 'text/plain; charset=utf-8' });
});

test('a check that is not there is no page', async () => {
  const ask = answerHealth(health, { path: '/readyz/none', query: new URLSearchParams() } as never);
  await expect(ask).rejects.toMatchObject({ code: 404 });
});
