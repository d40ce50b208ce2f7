// Asks a pod's grpc.health.v1 service how it is.
// Writes: one gRPC call through the podDialer. Mirrors: pkg/probe/grpc/grpc.go. Next: prober.ts.
import { connect as h2connect } from 'node:http2';
import type { Socket } from 'node:net';
import { hostPort, type PodDialer } from '../network/podDialer.ts';
import type { ProbeResult } from './http.ts';

const statuses = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN'];

/** `timeout` in milliseconds. */
export async function probeGrpc(
  dialer: PodDialer,
  o: { host: string; port: number; service: string; timeout: number; signal?: AbortSignal },
): Promise<ProbeResult> {
  const target = hostPort(o.host, o.port);
  let socket: Socket;
  try {
    socket = await dialer.dial(o.host, o.port, o);
  } catch {
    const within = `${o.timeout / 1000}s`;
    return failed(`timeout: failed to connect service "${target}" within ${within}: context deadline exceeded`);
  }
  try {
    const { code, message, body } = await check(socket, target, o);
    if (code === 12)
      return failed(
        `error: this server does not implement the grpc health protocol (grpc.health.v1.Health): ${message}`,
      );
    if (code === 4) return failed(`timeout: health rpc did not complete within ${o.timeout / 1000}s`);
    if (code !== 0) return failed(`error: health rpc probe failed: rpc error: code = ${code} desc = ${message}`);
    const status = statuses[statusIn(body)] ?? 'UNKNOWN';
    if (status !== 'SERVING') return failed(`service unhealthy (responded with "${status}")`);
    return { outcome: 'success', output: 'service healthy' };
  } catch (error) {
    return failed(`error: health rpc probe failed: ${(error as Error).message}`);
  } finally {
    socket.destroy();
  }
}

const failed = (output: string): ProbeResult => ({ outcome: 'failure', output });

/** HealthCheckRequest{service} in one gRPC frame. */
function requestFrame(service: string): Buffer {
  const name = Buffer.from(service, 'utf8');
  const message = name.length ? Buffer.concat([Buffer.from([0x0a]), varint(name.length), name]) : Buffer.alloc(0);
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

function varint(n: number): Buffer {
  const bytes: number[] = [];
  let rest = n;
  while (rest > 127) {
    bytes.push((rest & 127) | 128);
    rest >>>= 7;
  }
  return Buffer.from([...bytes, rest]);
}

/** HealthCheckResponse.status: field 1, a varint that fits one byte. */
const statusIn = (body: Buffer): number => (body.length >= 7 && body[5] === 0x08 ? body[6]! : 0);

interface Answer {
  code: number;
  message: string;
  body: Buffer;
}

function check(socket: Socket, authority: string, o: { service: string; timeout: number }): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const session = h2connect(`http://${authority}`, { createConnection: () => socket });
    const end = (act: () => void) => {
      clearTimeout(timer);
      session.destroy();
      act();
    };
    const timer = setTimeout(
      () => end(() => resolve({ code: 4, message: 'deadline exceeded', body: Buffer.alloc(0) })),
      o.timeout,
    );
    session.once('error', (error) => end(() => reject(error)));
    const call = session.request({
      ':method': 'POST',
      ':path': '/grpc.health.v1.Health/Check',
      'content-type': 'application/grpc',
      te: 'trailers',
      'user-agent': 'kube-probe/1.35',
    });
    const chunks: Buffer[] = [];
    let code = 2;
    let message = '';
    const read = (headers: Record<string, unknown>) => {
      if (headers['grpc-status'] === undefined) return;
      code = Number(headers['grpc-status']);
      message = decodeURIComponent(String(headers['grpc-message'] ?? ''));
    };
    call.on('response', read);
    call.on('trailers', read);
    call.on('data', (chunk: Buffer) => chunks.push(chunk));
    call.once('error', (error) => end(() => reject(error)));
    call.once('close', () => end(() => resolve({ code, message, body: Buffer.concat(chunks) })));
    call.end(requestFrame(o.service));
  });
}
