// A node asks the setup service for its identity when it has none, or one that ends soon or is of another cluster.
// Reads: /join (the cluster's CA and the secret token). Writes: the identity folder, kept in the node's volume.
// Used by: node.ts. Next along the chain: joinServer.ts answers.
import { X509Certificate } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { writePrivate } from '../cli/pki/writeFile.ts';
import type { NodeFiles } from './joinServer.ts';

export interface JoinOptions {
  name: string;
  /** Where the setup service has left ca.crt and token. */
  joinFolder: string;
  identityFolder: string;
  /** `https://setup:8443`. */
  setup: string;
  log(text: string): void;
}

const renewBefore = 30 * 24 * 3600 * 1000;

/** Resolves once the identity is there; tries for as long as it takes, since the setup service may come later. */
export async function ensureIdentity(o: JoinOptions): Promise<void> {
  while (!existsSync(join(o.joinFolder, 'ready'))) await pause(200);
  const ca = readFileSync(join(o.joinFolder, 'ca.crt'), 'utf8');
  if (isCurrent(o.identityFolder, ca, Date.now())) return;
  const token = readFileSync(join(o.joinFolder, 'token'), 'utf8');
  for (let wait = 200; ; wait = Math.min(wait * 2, 10_000)) {
    try {
      const files = await ask(`${o.setup}/join`, ca, token, o.name);
      mkdirSync(o.identityFolder, { recursive: true, mode: 0o700 });
      // The serving certificate says whether all is there, so it is written last.
      for (const [name, text] of Object.entries(files).sort(([a]) => (a === 'serving.crt' ? 1 : -1))) {
        writePrivate(join(o.identityFolder, name), text);
      }
      return;
    } catch (error) {
      o.log(`cannot join yet: ${(error as Error).message}`);
      await pause(wait * (1 + Math.random()));
    }
  }
}

export function isCurrent(folder: string, ca: string, now: number): boolean {
  try {
    const certificate = new X509Certificate(readFileSync(join(folder, 'serving.crt')));
    return (
      certificate.verify(new X509Certificate(ca).publicKey) && certificate.validToDate.getTime() - now > renewBefore
    );
  } catch {
    return false;
  }
}

function ask(url: string, ca: string, token: string, name: string): Promise<NodeFiles> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const asked = request(url, { method: 'POST', ca, headers, timeout: 10_000 }, (answer) => {
      let text = '';
      answer.setEncoding('utf8');
      answer.on('data', (chunk) => {
        text += chunk;
      });
      answer.on('error', reject);
      answer.on('end', () => {
        if (answer.statusCode !== 200) return reject(new Error(`setup answered ${answer.statusCode}: ${text}`));
        resolve(JSON.parse(text));
      });
    });
    asked.on('timeout', () => asked.destroy(new Error('no answer')));
    asked.on('error', reject);
    asked.end(JSON.stringify({ name }));
  });
}
