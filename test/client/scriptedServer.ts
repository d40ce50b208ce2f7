// A tiny HTTP server for client tests: each request but one for /readyz is recorded and answered by the test's own function.
import * as http from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Seen {
  method: string;
  url: URL;
  headers: http.IncomingHttpHeaders;
  body: any;
}

export async function scriptedServer(
  answer: (seen: Seen, response: http.ServerResponse) => void | Promise<void>,
  port = 0,
) {
  const seen: Seen[] = [];
  const server = http.createServer(async (request, response) => {
    if (request.url === '/readyz') return void response.end('ok');
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const text = Buffer.concat(chunks).toString();
    const one = {
      method: request.method ?? '',
      url: new URL(request.url ?? '/', 'http://x'),
      headers: request.headers,
      body: text ? JSON.parse(text) : undefined,
    };
    seen.push(one);
    await answer(one, response);
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const at = (server.address() as AddressInfo).port;
  return {
    server: `http://127.0.0.1:${at}`,
    port: at,
    seen,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export function json(response: http.ServerResponse, code: number, body: unknown, headers: Record<string, string> = {}) {
  response.writeHead(code, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(body));
}

/** Polls until `check` gives something true; fails with what it last gave after `ms`. */
export async function eventually<T>(check: () => T | Promise<T>, ms = 30_000): Promise<T> {
  const end = Date.now() + ms;
  for (;;) {
    const value = await check();
    if (value) return value;
    if (Date.now() > end) throw new Error(`not within ${ms} ms: ${check}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
