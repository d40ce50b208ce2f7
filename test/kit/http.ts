// Bare requests against a test server, as the admin: status, headers and body as they are on the wire.

import { readFileSync } from 'node:fs';
import https from 'node:https';
import { join } from 'node:path';
import type { TestApiServer } from './apiServer.ts';

export interface Reply {
  code: number;
  headers: Record<string, string | string[] | undefined>;
  text: string;
  bytes: Buffer;
  /** The body as JSON; throws when it is none. */
  readonly json: any;
  warnings: string[];
}

export interface Ask {
  method?: string;
  body?: unknown;
  /** Of the body; absent: application/json. Empty: no header. */
  type?: string;
  accept?: string;
  headers?: Record<string, string | string[]>;
}

export type Http = (path: string, ask?: Ask) => Promise<Reply>;

/** `identity` as in the PKI folder; `none` sends no certificate. */
export function httpTo(server: TestApiServer, identity = 'admin'): Http & { close(): void } {
  const pki = join(server.folder, 'pki');
  const read = (name: string) => readFileSync(join(pki, name));
  const credentials = identity === 'none' ? {} : { cert: read(`${identity}.crt`), key: read(`${identity}.key`) };
  const agent = new https.Agent({ keepAlive: true, ca: read('ca.crt'), ...credentials });
  const http: Http = (path, ask = {}) =>
    new Promise((resolve, reject) => {
      const body =
        ask.body === undefined
          ? undefined
          : Buffer.isBuffer(ask.body) || typeof ask.body === 'string'
            ? Buffer.from(ask.body)
            : Buffer.from(JSON.stringify(ask.body));
      const type = ask.type ?? 'application/json';
      const headers = {
        ...(body ? { 'content-length': String(body.length) } : {}),
        ...(body && type ? { 'content-type': type } : {}),
        ...(ask.accept ? { accept: ask.accept } : {}),
        ...ask.headers,
      };
      const request = https.request(
        server.url + path,
        { method: ask.method ?? (body ? 'POST' : 'GET'), agent, headers },
        (answer) => {
          const chunks: Buffer[] = [];
          answer.on('data', (chunk) => chunks.push(chunk));
          answer.on('end', () => {
            const bytes = Buffer.concat(chunks);
            const text = bytes.toString('utf8');
            const warning = answer.headers['warning'];
            resolve({
              code: answer.statusCode ?? 0,
              headers: answer.headers,
              text,
              bytes,
              get json() {
                return JSON.parse(text);
              },
              warnings: warning
                ? String(warning)
                    .split(/, (?=299)/)
                    .map((w) => w.replace(/^299 - "(.*)"$/, '$1').replaceAll('\\"', '"'))
                : [],
            });
          });
        },
      );
      request.on('error', reject);
      request.end(body);
    });
  return Object.assign(http, { close: () => agent.destroy() });
}

/** The events of a watch until `close` or the server ends it; `opened` once its answer has begun: no later change is missed. */
export function watchOf(
  server: TestApiServer,
  path: string,
  ask: Ask = {},
): { events: any[]; opened: Promise<void>; done: Promise<void>; close(): void } {
  const pki = join(server.folder, 'pki');
  const read = (name: string) => readFileSync(join(pki, name));
  const events: any[] = [];
  const request = https.request(server.url + path, {
    ca: read('ca.crt'),
    cert: read('admin.crt'),
    key: read('admin.key'),
    agent: false,
    headers: ask.accept ? { accept: ask.accept } : {},
  });
  const opened = new Promise<void>((resolve) => request.on('response', () => resolve()));
  const done = new Promise<void>((resolve) => {
    let rest = '';
    request.on('response', (answer) => {
      answer.setEncoding('utf8');
      answer.on('data', (chunk: string) => {
        const lines = (rest + chunk).split('\n');
        rest = lines.pop()!;
        for (const line of lines) events.push(JSON.parse(line));
      });
      answer.on('end', () => {
        if (rest) events.push(JSON.parse(rest));
        resolve();
      });
    });
    request.on('error', () => resolve());
    request.on('close', () => resolve());
  });
  request.end();
  return { events, opened, done, close: () => request.destroy() };
}
