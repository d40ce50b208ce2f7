// What kubectl explain makes of the documents, with each kubectl that is here.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestApiServer, type TestApiServer } from '../../kit/apiServer.ts';
import { kubectlMissing, kubectls } from '../../kit/kubectls.ts';
import { kubectlIn } from '../../kit/upCluster.ts';

const all = kubectls();
let server: TestApiServer;

beforeAll(async () => {
  if (all.length) server = await startTestApiServer();
});
afterAll(() => server?.stop());

if (!all.length) it('kubectl explain', (context) => context.skip(kubectlMissing));

describe.each(all)('kubectl 1.$minor', ({ path, minor }) => {
  /** The answer in one line, since kubectl breaks lines where it likes. Each kubectl starts with an empty cache. */
  const explain = async (what: string) => {
    const cache = join(server.folder, `cache-${minor}`);
    const ran = await kubectlIn(path, server.kubeconfig, '')(`explain --cache-dir ${cache} ${what}`);
    expect(ran.code, ran.stderr).toBe(0);
    return ran.stdout.replace(/\s+/g, ' ');
  };
  afterAll(() => rmSync(join(server.folder, `cache-${minor}`), { recursive: true, force: true }));

  it('says what a kind and its fields are', async () => {
    const text = await explain('pods');
    expect(text).toMatch(/KIND: Pod VERSION: v1 DESCRIPTION: Containers that run together/);
    expect(text).toMatch(/apiVersion <string> APIVersion defines .* spec <PodSpec> What is to run/);
  });

  it('says of a field what it means and what its type is', async () => {
    expect(await explain('pod.metadata')).toMatch(
      /FIELD: metadata <ObjectMeta> DESCRIPTION: Standard object's metadata.* What every stored object has.* FIELDS: .*creationTimestamp <string> CreationTimestamp is a timestamp/,
    );
    expect(await explain('deployments.spec.replicas')).toMatch(
      /FIELD: replicas <integer> DESCRIPTION: How many pods there should be.* Written by clients, read by the deployment controller/,
    );
  });

  it('goes down the whole tree', async () => {
    expect(await explain('pods --recursive')).toMatch(/livenessProbe <Probe> exec <ExecAction> command <\[\]string>/);
  });
});
