// Streams into a running pod: frames of WebSocket and SPDY that follow a good upgrade, good ones first, then broken ones.
// Reads: a small streaming kubelet at the other end (kit/streamingKubelet.ts). The server has to live on, whatever comes.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import tls from 'node:tls';
import { controlFrame, dataHead, frameType, words } from '../../../component-base/spdy/frames.ts';
import { createBlockWriter } from '../../../component-base/spdy/headerBlock.ts';
import { until } from '../../kit/apiServer.ts';
import { containersOfStreamingKubelet, startStreamingKubelet } from '../../kit/streamingKubelet.ts';
import { type FuzzServer, fuzzedNode } from '../fuzzServer.ts';
import { mutateBytes } from '../mutate.ts';
import type { Random } from '../random.ts';
import type { Target } from '../targets.ts';

const pods = '/api/v1/namespaces/default/pods';

/** A pod whose containers do what their names say; made for the first case. */
async function runningPod({ server, http }: FuzzServer): Promise<void> {
  const { port, close } = await startStreamingKubelet(server, fuzzedNode);
  http.onClose(close);
  const status = {
    addresses: [{ type: 'InternalIP', address: '127.0.0.1' }],
    daemonEndpoints: { kubeletEndpoint: { Port: port } },
  };
  await http('/api/v1/nodes', { body: { metadata: { name: fuzzedNode }, status } });
  const containers = containersOfStreamingKubelet.map((name) => ({ name, image: 'x' }));
  const body = {
    metadata: { name: 'streams' },
    spec: { nodeName: fuzzedNode, automountServiceAccountToken: false, containers },
  };
  await until(async () => (await http(pods, { body })).code < 300);
}

const ready = new WeakMap<FuzzServer, Promise<void>>();

function upgrade(random: Random): { head: string; spdy: boolean } {
  const container = random.pick(containersOfStreamingKubelet);
  const exec = random.chance(0.7);
  const path = exec
    ? `${random.pick(['exec', 'attach'])}?container=${container}&command=a&stdin=1&stdout=1${random.chance(0.3) ? '&tty=1' : '&stderr=1'}`
    : `portforward?ports=${random.pick(['80', '80&ports=81', '0', 'x', '65536'])}`;
  const spdy = random.chance(0.4);
  const execs = [
    'v5.channel.k8s.io',
    'v4.channel.k8s.io',
    'v4.base64.channel.k8s.io',
    'channel.k8s.io',
    'v3.channel.k8s.io',
  ];
  const protocol = exec
    ? random.pick(execs)
    : spdy
      ? 'portforward.k8s.io'
      : random.pick(['v4.channel.k8s.io', 'SPDY/3.1+portforward.k8s.io']);
  const lines = [
    `${spdy ? 'POST' : 'GET'} ${pods}/streams/${path} HTTP/1.1`,
    'Host: localhost',
    'Connection: Upgrade',
    ...(spdy
      ? ['Upgrade: SPDY/3.1', `X-Stream-Protocol-Version: ${protocol}`, 'Content-Length: 0']
      : [
          'Upgrade: websocket',
          'Sec-WebSocket-Version: 13',
          `Sec-WebSocket-Key: ${random.bytes(16).toString('base64')}`,
          `Sec-WebSocket-Protocol: ${protocol}`,
        ]),
  ];
  return { head: `${lines.join('\r\n')}\r\n\r\n`, spdy: spdy || protocol.startsWith('SPDY') };
}

/** One masked frame; its first byte is a channel. */
function webSocketFrame(random: Random, payload: Buffer): Buffer {
  const mask = random.bytes(4);
  const masked = payload.map((byte, i) => byte ^ mask[i % 4]!);
  const opcode = random.chance(0.8) ? 0x82 : random.pick([0x81, 0x88, 0x89, 0x8a, 0x02, 0x00, 0xf2]);
  const length = payload.length < 126 ? [0x80 | payload.length] : [0xfe, payload.length >> 8, payload.length & 255];
  return Buffer.concat([Buffer.from([opcode, ...length]), mask, masked]);
}

const onChannel = (random: Random): Buffer =>
  Buffer.concat([
    Buffer.from([random.pick([0, 1, 3, 4, 255, 255, 99])]),
    random.chance(0.2) ? Buffer.from('{"Width":80,"Height":1e9}') : random.bytes(random.below(200)),
  ]);

/** Frames of one SPDY connection, whose header blocks share one compressor. */
function spdyFrames(random: Random): Buffer[] {
  const write = createBlockWriter();
  const frames: Buffer[] = [];
  for (let id = 1, n = random.below(8); n >= 0; n--, id += 2) {
    const headers = {
      streamtype: random.pick(['error', 'data', 'stdin', 'stdout', 'stderr', 'resize', 'x']),
      port: random.pick(['80', 'x']),
      requestid: random.pick(['0', '1', '']),
    };
    frames.push(controlFrame(frameType.synStream, random.below(2), words(id, 0), Buffer.alloc(2), write(headers)));
    for (let i = random.below(3); i > 0; i--) {
      const data = random.bytes(random.below(300));
      frames.push(Buffer.concat([dataHead(random.pick([id, 1, 99]), random.below(2), data.length), data]));
    }
    if (random.chance(0.3))
      frames.push(controlFrame(random.below(12), random.below(4), random.bytes(random.below(24))));
  }
  return frames;
}

function framesOf(random: Random, spdy: boolean, inWebSocket: boolean): Buffer[] {
  const frames = spdy ? spdyFrames(random) : Array.from({ length: random.below(10) }, () => onChannel(random));
  const sent = inWebSocket ? frames.map((frame) => webSocketFrame(random, frame)) : frames;
  return sent.map((frame) => (random.chance(0.15) ? mutateBytes(random, frame, 1) : frame));
}

export const streams: Target = {
  name: 'streams',
  async run(random, fuzzed) {
    const made = ready.get(fuzzed) ?? runningPod(fuzzed);
    ready.set(fuzzed, made);
    await made;
    const { head, spdy } = upgrade(random);
    const frames = framesOf(random, spdy, head.includes('websocket'));
    const { folder, port } = fuzzed.server;
    const identity = {
      cert: readFileSync(join(folder, 'pki/admin.crt')),
      key: readFileSync(join(folder, 'pki/admin.key')),
    };
    const socket = tls.connect({ host: '127.0.0.1', port, rejectUnauthorized: false, ...identity });
    const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
    socket.on('error', () => {});
    socket.once('secureConnect', () => socket.write(head));
    socket.once('data', async () => {
      socket.resume();
      for (const frame of frames) {
        if (socket.destroyed) return;
        socket.write(frame);
        if (random.chance(0.3)) await new Promise((resolve) => setTimeout(resolve, random.below(4)));
      }
      setTimeout(() => (random.chance(0.5) ? socket.end() : socket.destroy()), random.below(30));
    });
    const timer = setTimeout(() => socket.destroy(), 2_000);
    await closed;
    clearTimeout(timer);
    return undefined;
  },
};
