// Sends a review to a webhook and reads its answer: HTTPS, the certificate checked against caBundle, a Service found by its ClusterIP.
// Reads: a WebhookClientConfig, Services. Mirrors: apiserver/pkg/util/webhook/client.go and client-go's rest.Request. Used by webhook.ts.
import https from 'node:https';
import { genericResponses } from '../../../apimachinery/genericResponses.ts';
import { goError } from '../../proxy/goError.ts';

/** Rejects with an Error in Go's words. */
export type PostReview = (review: object) => Promise<unknown>;

export interface WebhookClientConfig {
  url?: string;
  service?: { namespace: string; name: string; path?: string; port?: number };
  /** Base64 of PEM. */
  caBundle?: string;
}

const timeoutMs = 30_000;
const maxBytes = 64 * 1024 * 1024;
const agent = new https.Agent({ keepAlive: true });

/** `originOf` gives `https://10.96.0.7:443` of a Service, or throws an Error that says why there is none. */
export function postReviewTo(
  config: WebhookClientConfig,
  originOf: (service: { namespace: string; name: string; port: number }) => string,
): PostReview {
  const ca = config.caBundle ? Buffer.from(config.caBundle, 'base64').toString('utf8').trim() : '';
  const tls = ca ? { ca } : {};
  return async (review) => {
    if (config.url) return send(new URL(config.url), config.url, {}, tls, review);
    const { namespace, name, path = '', port = 443 } = config.service!;
    const servername = `${name}.${namespace}.svc`;
    const url = new URL(path || '/', originOf({ namespace, name, port }));
    const shown = `https://${servername}:${port}${path}`;
    return send(url, shown, { host: `${servername}:${port}` }, { ...tls, servername }, review);
  };
}

function send(
  url: URL,
  shown: string,
  headers: Record<string, string>,
  tls: https.RequestOptions,
  review: object,
): Promise<unknown> {
  const body = Buffer.from(JSON.stringify(review));
  const seconds = timeoutMs / 1000;
  url.searchParams.set('timeout', `${seconds}s`);
  return new Promise((resolve, reject) => {
    const fail = (why: string) => reject(new Error(`Post "${shown}?timeout=${seconds}s": ${why}`));
    const request = https.request(
      url,
      {
        ...tls,
        method: 'POST',
        agent,
        headers: {
          ...headers,
          'content-type': 'application/json',
          accept: 'application/json',
          'content-length': body.length,
        },
      },
      (answer) => {
        const chunks: Buffer[] = [];
        let size = 0;
        answer.on('data', (chunk: Buffer) => {
          size += chunk.length;
          if (size > maxBytes) request.destroy(new Error('the answer is too large'));
          else chunks.push(chunk);
        });
        answer.on('error', (error) => fail(goError(error, url.origin)));
        answer.on('end', () => {
          clearTimeout(timer);
          try {
            resolve(readAnswer(answer.statusCode ?? 0, Buffer.concat(chunks)));
          } catch (error) {
            reject(error);
          }
        });
      },
    );
    const late = 'context deadline exceeded (Client.Timeout exceeded while awaiting headers)';
    const timer = setTimeout(() => request.destroy(new Error(late)), timeoutMs);
    request.on('error', (error) => {
      clearTimeout(timer);
      fail(goError(error, url.origin));
    });
    request.end(body);
  });
}

function refusal(code: number, text: string): string {
  const generic = genericResponses[code]?.[1];
  if (generic && code !== 500) return generic;
  if (code < 500) return text || 'unknown';
  return `an error on the server (${JSON.stringify(text || 'unknown')}) has prevented the request from succeeding`;
}

function readAnswer(code: number, body: Buffer): unknown {
  const text = body.toString('utf8');
  if (code < 200 || code > 299) throw new Error(refusal(code, text.trim()));
  try {
    return JSON.parse(text);
  } catch {
    throw new Error(`couldn't get version/kind; json parse error: ${text.slice(0, 200)}`);
  }
}
