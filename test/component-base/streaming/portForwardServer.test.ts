// Port-forward's end at the pod: what it refuses before anything is joined.
import type { IncomingMessage } from 'node:http';
import { Duplex } from 'node:stream';
import { expect, it } from 'vitest';
import { servePortForward } from '../../../component-base/streaming/portForwardServer.ts';

it.each([0, -1, 65_536, Number.NaN])('port %d is refused', async (port) => {
  let written = '';
  const socket = new Duplex({
    read() {},
    write(chunk, _encoding, done) {
      written += chunk;
      done();
    },
  });
  const headers = { connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '13' };
  const request = { method: 'GET', headers, rawHeaders: [] } as unknown as IncomingMessage;
  await servePortForward(request, socket, Buffer.alloc(0), [80, port], () => Promise.reject(new Error('not asked')));
  expect(written).toMatch(/^HTTP\/1\.1 400 /);
  expect(written).toContain(`port ${port} must be between 1 and 65535`);
});
