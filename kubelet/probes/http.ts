// One HTTP GET to a pod: 200 to 399 is success; redirects to the same host are followed.
// Writes: a request through the podDialer. Mirrors: pkg/probe/http/http.go. Next: prober.ts, hooks.ts.
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { connect as tlsConnect } from 'node:tls';
import { request as httpRequest } from '../../component-base/http.ts';
import type { ProbeOutcome } from '../container/killReasons.ts';
import { hostPort, type PodDialer } from '../network/podDialer.ts';
import type { HttpTarget } from './target.ts';

export interface ProbeResult {
  outcome: ProbeOutcome | 'warning';
  output: string;
}

/** `timeout` in milliseconds; 0 waits until the signal aborts. */
export interface HttpProbe extends HttpTarget {
  timeout: number;
  signal?: AbortSignal;
  userAgent: string;
}

const maxBody = 10 * 1024;
const maxRedirects = 10;
const timeoutText = 'context deadline exceeded (Client.Timeout exceeded while awaiting headers)';

export async function probeHttp(dialer: PodDialer, p: HttpProbe): Promise<ProbeResult> {
  const url = urlOf(p);
  const late = p.timeout ? AbortSignal.timeout(p.timeout) : undefined;
  const signals = [late, p.signal].filter((s) => s !== undefined);
  try {
    return await follow(dialer, p, signals.length ? AbortSignal.any(signals) : undefined, 0);
  } catch (error) {
    const why = late?.aborted ? timeoutText : (error as Error).message;
    return { outcome: 'failure', output: `Get "${url}": ${why}` };
  }
}

const urlOf = (p: HttpTarget): string => `${p.https ? 'https' : 'http'}://${hostPort(p.host, p.port)}${p.path}`;

async function follow(
  dialer: PodDialer,
  p: HttpProbe,
  signal: AbortSignal | undefined,
  hops: number,
): Promise<ProbeResult> {
  const { status, location, body } = await get(dialer, p, signal);
  if (status >= 300 && status < 400 && location && [301, 302, 303, 307, 308].includes(status)) {
    const next = new URL(location, urlOf(p));
    if (next.hostname !== new URL(urlOf(p)).hostname) {
      return { outcome: 'warning', output: `Probe terminated redirects, Response body: ${body}` };
    }
    if (hops >= maxRedirects) throw new Error('stopped after 10 redirects');
    const https = next.protocol === 'https:';
    const port = Number(next.port) || (https ? 443 : 80);
    return follow(dialer, { ...p, https, port, path: next.pathname + next.search }, signal, hops + 1);
  }
  if (status >= 200 && status < 400) return { outcome: 'success', output: body };
  return { outcome: 'failure', output: `HTTP probe failed with statuscode: ${status}` };
}

interface Got {
  status: number;
  location?: string;
  body: string;
}

async function get(dialer: PodDialer, p: HttpProbe, signal: AbortSignal | undefined): Promise<Got> {
  const raw = await dialer.dial(p.host, p.port, { timeout: p.timeout || 30_000, signal });
  const socket: Socket = p.https ? tlsConnect({ socket: raw, rejectUnauthorized: false }) : raw;
  try {
    const answer = await send(socket, p, signal);
    return { status: answer.statusCode ?? 0, location: answer.headers.location, body: await readBody(answer) };
  } finally {
    socket.destroy();
    raw.destroy();
  }
}

function send(socket: Socket, p: HttpProbe, signal: AbortSignal | undefined): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const given = p.headers.map(([name]) => name.toLowerCase());
    const call = httpRequest({ method: 'GET', path: p.path, createConnection: () => socket, signal, setHost: false });
    if (!given.includes('host')) call.setHeader('Host', hostPort(p.host, p.port));
    if (!given.includes('user-agent')) call.setHeader('User-Agent', `${p.userAgent}/1.35`);
    if (!given.includes('accept')) call.setHeader('Accept', '*/*');
    call.setHeader('Connection', 'close');
    // An empty value takes a default header away; equal names are sent one after the other.
    for (const name of new Set(given)) {
      const values = p.headers.filter(([n]) => n.toLowerCase() === name).map(([, v]) => v);
      if (values.join('') === '') call.removeHeader(name);
      else call.setHeader(name, values.length > 1 ? values : values[0]!);
    }
    call.once('response', resolve);
    call.once('error', (error: NodeJS.ErrnoException) => reject(new Error(goText(error))));
    call.end();
  });
}

const goText = (error: NodeJS.ErrnoException): string =>
  error.message === 'socket hang up'
    ? 'EOF'
    : error.code === 'ECONNRESET'
      ? 'read: connection reset by peer'
      : error.message;

async function readBody(answer: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of answer) {
    chunks.push(chunk as Buffer);
    length += (chunk as Buffer).length;
    if (length >= maxBody) break;
  }
  return Buffer.concat(chunks).toString('utf8', 0, Math.min(length, maxBody));
}
