// Below HTTP: frames, half requests and upgrades that no client sends. No answer is asked for; the server has to live on.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import tls from 'node:tls';
import type { FuzzServer } from '../fuzzServer.ts';
import { mutateBytes, mutateText } from '../mutate.ts';
import type { Random } from '../random.ts';
import type { Target } from '../targets.ts';

const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');

/** An HTTP/2 frame of a random sort. */
const frame = (random: Random): Buffer => {
  const payload = random.bytes(random.below(60));
  const head = Buffer.from([0, 0, payload.length, random.below(12), random.below(256), 0, 0, 0, random.below(6)]);
  return Buffer.concat([head, payload]);
};

const streamed = [
  '/api/v1/namespaces/default/pods/x/exec?command=a&stdout=1',
  '/api/v1/namespaces/default/pods/x/portforward?ports=80',
  '/api/v1/namespaces/default/pods?watch=1',
  '/api/v1/namespaces/default/pods/x/attach',
  '/api/v1/namespaces/default/services/kubernetes/proxy/',
];
const protocols = [
  'v5.channel.k8s.io',
  'v4.channel.k8s.io',
  'base64.channel.k8s.io',
  'SPDY/3.1+portforward.k8s.io',
  'x',
  '',
];

function upgrade(random: Random): string {
  const spdy = random.chance(0.3);
  const lines = [
    `${random.pick(['GET', 'POST'])} ${random.pick(streamed)} HTTP/1.1`,
    'Host: localhost',
    'Connection: Upgrade',
    `Upgrade: ${spdy ? 'SPDY/3.1' : 'websocket'}`,
    'Sec-WebSocket-Version: 13',
    `Sec-WebSocket-Key: ${random.bytes(16).toString('base64')}`,
    `Sec-WebSocket-Protocol: ${random.pick(protocols)}`,
    `X-Stream-Protocol-Version: ${random.pick(protocols)}`,
  ];
  const text = `${lines.join('\r\n')}\r\n\r\n`;
  return random.chance(0.3) ? mutateText(random, text, 1 + random.below(3)) : text;
}

function webSocketFrame(random: Random): Buffer {
  const payload = random.bytes(random.below(100));
  const head = Buffer.from([
    random.pick([0x81, 0x82, 0x88, 0x89, 0x01, 0xff]),
    0x80 | payload.length,
    ...random.bytes(4),
  ]);
  return mutateBytes(random, Buffer.concat([head, payload]), random.below(2));
}

/** SPDY/3.1: a control frame has the top bit and version 3. */
function spdyFrame(random: Random): Buffer {
  const payload = random.bytes(random.below(80));
  return Buffer.concat([Buffer.from([0x80, 3, 0, random.below(10), random.below(4), 0, 0, payload.length]), payload]);
}

function requests(random: Random): { protocol: string; pieces: Buffer[] } {
  const some = (make: (random: Random) => Buffer) => Array.from({ length: random.below(6) }, () => make(random));
  if (random.chance(0.3)) return { protocol: 'h2', pieces: [preface, ...some(frame)] };
  if (random.chance(0.6))
    return {
      protocol: 'http/1.1',
      pieces: [Buffer.from(upgrade(random)), ...some(random.pick([webSocketFrame, spdyFrame]))],
    };
  const half = mutateText(
    random,
    'POST /api/v1/namespaces HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 40\r\n\r\n{"metadata":{',
    random.below(4),
  );
  return { protocol: 'http/1.1', pieces: [Buffer.from(half), ...some((r) => r.bytes(r.below(50)))] };
}

const credentialsOf = ({ server }: FuzzServer) => ({
  cert: readFileSync(join(server.folder, 'pki/admin.crt')),
  key: readFileSync(join(server.folder, 'pki/admin.key')),
});

export const sockets: Target = {
  name: 'sockets',
  async run(random, fuzzed) {
    const { protocol, pieces } = requests(random);
    const socket = tls.connect({
      host: '127.0.0.1',
      port: fuzzed.server.port,
      rejectUnauthorized: false,
      ALPNProtocols: [protocol],
      ...credentialsOf(fuzzed),
    });
    const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
    socket.on('error', () => {});
    socket.resume();
    socket.once('secureConnect', async () => {
      for (const piece of pieces) {
        if (socket.destroyed) return;
        socket.write(piece);
        await new Promise((resolve) => setTimeout(resolve, random.below(4)));
      }
      setTimeout(() => socket.destroy(), 10 + random.below(30));
    });
    const timer = setTimeout(() => socket.destroy(), 5_000);
    await closed;
    clearTimeout(timer);
    return undefined;
  },
};
