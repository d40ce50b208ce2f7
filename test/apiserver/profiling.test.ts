// /debug/pprof: profiles of the running server, for those who may, where they are not turned off.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestApiServer, type TestApiServer } from '../kit/apiServer.ts';
import { type Http, httpTo } from '../kit/http.ts';

let server: TestApiServer;
let http: Http & { close(): void };
beforeAll(async () => {
  // A profile is of a whole process: this one's has other tests in it.
  server = await startTestApiServer({ process: true });
  http = httpTo(server);
});
afterAll(async () => {
  http.close();
  await server.stop();
});

test('lists what there is', async () => {
  const { code, text } = await http('/debug/pprof/');
  expect([code, text]).toEqual([200, expect.stringContaining('href="profile"')]);
  expect((await http('/debug/pprof/cmdline')).text).toContain('--secure-port=');
});

test('a profile of the CPU and one of memory, as V8 has them; one at a time', async () => {
  const [profile, second] = await Promise.all(['0.5', '0.5'].map((s) => http(`/debug/pprof/profile?seconds=${s}`)));
  expect([profile!.code, second!.code].toSorted()).toEqual([200, 400]);
  const taken = profile!.code === 200 ? profile! : second!;
  expect(taken.json).toMatchObject({ nodes: expect.any(Array), samples: expect.any(Array) });
  expect(taken.headers['content-disposition']).toContain('profile.cpuprofile');
  expect((await http('/debug/pprof/heap?seconds=0.1')).json.head.callFrame.functionName).toBe('(root)');
});

test.each([
  ['/debug/pprof/profile?seconds=0', 400],
  ['/debug/pprof/profile?seconds=x', 400],
  ['/debug/pprof/profile?seconds=600', 400],
  ['/debug/pprof/toString', 404],
  ['/debug/other', 404],
])('%s: %d', async (path, code) => {
  expect((await http(path)).code).toBe(code);
});

test('nobody else may, and --profiling=false takes it away', async () => {
  const anonymous = httpTo(server, 'none');
  expect((await anonymous('/debug/pprof/')).code).toBe(403);
  anonymous.close();
  const without = await startTestApiServer({ flags: ['--profiling=false'] });
  const ask = httpTo(without);
  expect((await ask('/debug/pprof/')).code).toBe(404);
  ask.close();
  await without.stop();
});
