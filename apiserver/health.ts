// /healthz, /livez and /readyz: each a list of named checks; ?verbose tells them apart, /readyz/<name> asks one.
// Mirrors: staging/src/k8s.io/apiserver/pkg/server/healthz/healthz.go.
import { PageNotFound } from './kinds/registry.ts';
import type { Answer, ApiRequest } from './request.ts';

export interface Check {
  name: string;
  /** Throws, or resolves to a text, when it fails. */
  failure(): Promise<string | undefined> | string | undefined;
}

export interface Health {
  readyz: Check[];
  livez: Check[];
}

export async function answerHealth(health: Health, req: ApiRequest): Promise<Answer> {
  const [, path = '', name] = req.path.split('/');
  const checks = path === 'readyz' ? health.readyz : health.livez;
  const excluded = new Set(req.query.getAll('exclude'));
  const chosen = name ? checks.filter((c) => c.name === name) : checks.filter((c) => !excluded.has(c.name));
  if (name && !chosen.length) throw new PageNotFound();
  const results = await Promise.all(chosen.map(run));
  const failed = results.some((r) => !r.ok);
  const verbose = req.query.has('verbose') || failed;
  const lines = results.map((r) => (r.ok ? `[+]${r.name} ok` : `[-]${r.name} failed: reason withheld`));
  const end = failed ? `${path} check failed` : `${path} check passed`;
  const body = verbose ? `${lines.join('\n')}\n${end}\n` : 'ok';
  return {
    code: failed ? 500 : 200,
    type: 'text/plain; charset=utf-8',
    body,
    headers: { 'x-content-type-options': 'nosniff' },
  };
}

async function run(check: Check): Promise<{ name: string; ok: boolean }> {
  try {
    return { name: check.name, ok: (await check.failure()) === undefined };
  } catch {
    return { name: check.name, ok: false };
  }
}
