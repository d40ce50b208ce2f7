// The rows themselves: all of the facts' class A are there or left out with a reason, and none passes against a server that answers
// `200 {}` to everything.
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createSecureServer, type Http2SecureServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { issuePki } from '../../cli/pki/issuePki.ts';
import { writeKubeconfig } from '../../cli/pki/kubeconfig.ts';
import { type Result, runRows, summary } from './harness/runner.ts';
import { row } from './row.ts';
import { leftOut, rows } from './rows.ts';

const facts = new URL('../../../shared/conformance/', import.meta.url).pathname;

test('each id is there once', () => {
  const ids = rows.map((r) => r.id);
  expect(ids.filter((id, i) => ids.indexOf(id) !== i)).toEqual([]);
  expect(ids.filter((id) => id in leftOut)).toEqual([]);
});

test('the summary counts by subject and says why a row did not pass', () => {
  const result = (id: string, outcome: Result['outcome'], why = ''): Result => {
    return { row: row(id, async () => {}), outcome, why, ms: 1 };
  };
  const text = summary([
    result('api.watch.a', 'passed'),
    result('api.crd.b', 'failed', 'the reason'),
    result('api.watch.c', 'skipped', 'no kubectl'),
  ]);
  expect(text.split('\n').map((line) => line.trim().split(/\s+/).join(' '))).toEqual([
    'subject passed failed skipped',
    'api.crd 1',
    'api.watch 1 1',
    'all 1 1 1',
    'FAILED api.crd.b: the reason',
    'skipped api.watch.c: no kubectl',
  ]);
});

test('every id of class A has a row or a reason why not', (context) => {
  if (!existsSync(facts)) context.skip('the folder with the conformance facts is not beside this repository');
  const texts = readdirSync(facts).map((file) => readFileSync(join(facts, file), 'utf8'));
  const ids = texts.flatMap((text) => [...text.matchAll(/^- `([\w.-]+)` \*\*A\*\*/gm)].map((m) => m[1]!));
  expect(ids.length).toBeGreaterThan(100);
  const known = new Set([...rows.filter((r) => r.class === 'A').map((r) => r.id), ...Object.keys(leftOut)]);
  expect(ids.filter((id) => !known.has(id))).toEqual([]);
  expect([...known].filter((id) => !ids.includes(id))).toEqual([]);
});

test('against a server that answers 200 {} to everything no row passes', { timeout: 120_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'mini-k8s-test-'));
  await issuePki({ folder, nodes: [] });
  const read = (name: string) => readFileSync(join(folder, name));
  const server = createSecureServer(
    { cert: read('apiserver.crt'), key: read('apiserver.key'), allowHTTP1: true },
    (_request, response) => void response.writeHead(200, { 'content-type': 'application/json' }).end('{}'),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const kubeconfig = join(folder, 'kubeconfig');
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  writeKubeconfig(kubeconfig, { folder, identity: 'admin', server: url, cluster: 'hollow', user: 'admin' });
  try {
    const results = await runRows(rows, { kubeconfig, timeout: 30_000 });
    expect(results.length).toBe(rows.length);
    expect(results.filter((r) => r.outcome === 'passed').map((r) => r.row.id)).toEqual([]);
  } finally {
    await close(server);
    rmSync(folder, { recursive: true, force: true });
  }
});

const close = (server: Http2SecureServer) => new Promise<void>((resolve) => server.close(() => resolve()));
