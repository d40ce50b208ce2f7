// The API server alone: how long until /readyz answers 200, and what it holds beside a bare Node server.
// Reads: nothing. Next: table.ts.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { issuePki } from '../cli/pki/issuePki.ts';
import { podTemplate } from './pod.ts';
import { median, pause, pssOf, runLoad } from './processes.ts';
import { embedded, startBare, startOurs } from './servers.ts';
import { pods } from './subjects.ts';
import type { Row } from './table.ts';

const rounds = 5;
const settle = 5_000;

export async function readyRows(log: (text: string) => void): Promise<Row[]> {
  const folder = mkdtempSync(join(tmpdir(), 'mk8s-bench-'));
  const pki = join(folder, 'pki');
  await issuePki({ folder: pki, nodes: [] });
  const timed = async (state: string) => {
    const begun = performance.now();
    const { server } = await startOurs(pki, embedded(state));
    const took = performance.now() - begun;
    await server.stop();
    return took;
  };
  try {
    // The first start fills the compile cache.
    await timed(mkdtempSync(join(folder, 'first-')));
    const empty: number[] = [];
    const warm: number[] = [];
    for (let round = 1; round <= rounds; round++) {
      log(`ready: round ${round} of ${rounds}`);
      const state = mkdtempSync(join(folder, 'state-'));
      empty.push(await timed(state));
      warm.push(await timed(state));
    }
    log('ready: memory');
    const bare = await startBare(folder, pki, '', pods.collection);
    const ours = await startOurs(pki, embedded(mkdtempSync(join(folder, 'memory-'))));
    await pause(settle);
    const [node, idle] = [pssOf(bare.server.pid), pssOf(ours.server.pid)];
    await runLoad({
      ...{ url: ours.url, ca: `${pki}/ca.crt`, cert: `${pki}/admin.crt`, key: `${pki}/admin.key` },
      ...{ op: 'create', requests: 3000, connections: 16, objects: 3000, template: podTemplate, watchers: 0 },
      collection: pods.collection,
    });
    await pause(settle);
    const loaded = pssOf(ours.server.pid);
    await Promise.all([bare.server.stop(), ours.server.stop()]);
    const ms = (times: number[]) => `${Math.round(median(times))} ms`;
    return [
      { what: 'API server: /readyz after a start, warm', text: ms(warm), reference: 'aim 800 ms' },
      { what: 'API server: /readyz after a start on an empty store', text: ms(empty), reference: 'aim 1,500 ms' },
      {
        what: "API server: memory over a bare Node server's, idle / after 3,000 pods",
        text: `${Math.round(idle - node)} / ${Math.round(loaded - node)} MB Pss (bare: ${Math.round(node)})`,
        reference: 'aim 150 MB',
      },
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
