// /healthz, /livez and /readyz: each a list of named checks; ?verbose tells them apart, ?exclude= leaves some out, /readyz/<name> asks one.
// Mirrors: staging/src/k8s.io/apiserver/pkg/server/healthz/healthz.go. Made by run.ts, asked by routes.ts and clients' probes.
import { goQuote } from '../apimachinery/goQuote.ts';
import { PageNotFound } from './kinds/registry.ts';
import type { Answer, ApiRequest } from './request.ts';

export interface Check {
  name: string;
  /** Throws, or resolves to a text, when it fails. */
  failure(): Promise<string | undefined> | string | undefined;
}

export interface Health {
  healthz: Check[];
  livez: Check[];
  readyz: Check[];
}

/** Is told of each check that a whole page has made. */
type Observe = (page: string, name: string, fine: boolean) => void;

export async function answerHealth(health: Health, req: ApiRequest, observe: Observe = () => {}): Promise<Answer> {
  const [, page = '', ...rest] = req.path.split('/');
  const checks = health[page as keyof Health];
  if (rest.length && rest.join('/') !== '') return answerOne(checks, rest.join('/'));
  const excluded = new Set(req.query.getAll('exclude'));
  const results = await Promise.all(checks.map((check) => (excluded.has(check.name) ? undefined : failureOf(check))));
  const lines = checks.map(({ name }, i) => {
    if (!excluded.has(name)) observe(page, name, results[i] === undefined);
    if (excluded.delete(name)) return `[+]${name} excluded: ok\n`;
    // Anybody may ask here, so the reason is told to those alone who may ask for one check.
    return results[i] === undefined ? `[+]${name} ok\n` : `[-]${name} failed: reason withheld\n`;
  });
  if (excluded.size) {
    const unknown = [...excluded].sort().map(goQuote).join(', ');
    lines.push(`warn: some health checks cannot be excluded: no matches for ${unknown}\n`);
  }
  if (results.some((failure) => failure !== undefined)) return text(500, `${lines.join('')}${page} check failed\n`);
  return text(200, req.query.has('verbose') ? `${lines.join('')}${page} check passed\n` : 'ok');
}

async function answerOne(checks: readonly Check[], name: string): Promise<Answer> {
  const check = checks.find((c) => c.name === name);
  if (!check) throw new PageNotFound();
  const failure = await failureOf(check);
  return failure === undefined ? text(200, 'ok') : text(500, `internal server error: ${failure}\n`);
}

const text = (code: number, body: string): Answer => ({
  code,
  type: 'text/plain; charset=utf-8',
  body,
  headers: { 'x-content-type-options': 'nosniff' },
});

async function failureOf(check: Check): Promise<string | undefined> {
  try {
    return await check.failure();
  } catch (error) {
    return (error as Error).message;
  }
}
