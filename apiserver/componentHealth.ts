// Asks a component of this machine whether it is well: its /healthz on loopback, over TLS or, as our own daemons have it, without.
// Mirrors: pkg/registry/core/componentstatus/validator.go, pkg/probe/http. Used by: kinds/componentStatus.ts.
import type { IncomingMessage } from 'node:http';
import https from 'node:https';
import { get } from '../component-base/http.ts';

export interface Health {
  healthy: boolean;
  /** What the component said, or why it could not be asked. */
  message: string;
}

const limit = 2000;
const longestAnswer = 10 * 1024;

/** Never rejects. */
export async function componentHealth(port: number): Promise<Health> {
  const secure = await ask('https', port);
  if ('said' in secure) return secure.said;
  // A listener that does not speak TLS ends the handshake.
  const plain = /ECONNREFUSED|timed out/.test(secure.failed.message) ? secure : await ask('http', port);
  if ('said' in plain) return plain.said;
  return { healthy: false, message: `Get "https://127.0.0.1:${port}/healthz": ${goText(secure.failed, port)}` };
}

type Asked = { said: Health } | { failed: Error };

function ask(protocol: 'http' | 'https', port: number): Promise<Asked> {
  const options = { host: '127.0.0.1', port, path: '/healthz', agent: false, timeout: limit } as const;
  return new Promise((resolve) => {
    const failed = (error: Error) => resolve({ failed: error });
    const take = (answer: IncomingMessage) => {
      let text = '';
      answer.setEncoding('utf8');
      answer.on('data', (chunk: string) => {
        text = (text + chunk).slice(0, longestAnswer);
      });
      answer.on('error', failed);
      answer.on('end', () => {
        const code = answer.statusCode ?? 0;
        const healthy = code >= 200 && code < 400;
        resolve({ said: { healthy, message: healthy ? text : `HTTP probe failed with statuscode: ${code}` } });
      });
    };
    // The certificate is the component's own: nobody vouches for it, as nobody does in upstream's check.
    const request =
      protocol === 'https' ? https.get({ ...options, rejectUnauthorized: false }, take) : get(options, take);
    request.on('timeout', () => request.destroy(new Error('timed out')));
    request.on('error', failed);
  });
}

const goText = (error: Error, port: number): string =>
  /ECONNREFUSED/.test(error.message)
    ? `dial tcp 127.0.0.1:${port}: connect: connection refused`
    : /timed out/.test(error.message)
      ? 'context deadline exceeded (Client.Timeout exceeded while awaiting headers)'
      : error.message;
