// Where a node without an identity gets one: POST /join with the secret token and the node's name.
// Reads: the authorities. Writes: nothing that stays, since a node's keys are the node's alone. Mirrors: kubeadm's TLS bootstrap.
// Used by: setup.ts. Next: join.ts asks here.
import { createHash, timingSafeEqual } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import { join } from 'node:path';
import type { PkiOptions } from '../cli/pki/identities.ts';
import { issuePki } from '../cli/pki/issuePki.ts';
import { kubeconfigText } from '../cli/pki/kubeconfig.ts';

export interface JoinServerOptions {
  pki: PkiOptions;
  token: string;
  /** Of the API server, for the kubeconfigs. */
  server: string;
}

/** What a node gets: each file's text by its name. */
export type NodeFiles = Record<
  'ca.crt' | 'serving.crt' | 'serving.key' | 'kubelet.kubeconfig' | 'proxy.kubeconfig',
  string
>;

const nameForm = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const mostBytes = 4096;

class Refusal extends Error {
  readonly code: number;
  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

/** HTTPS with the identity `setup`; the caller says where it listens. */
export function createJoinServer(o: JoinServerOptions): Server {
  const read = (file: string) => readFileSync(join(o.pki.folder, file));
  // One after another: two that asked for the same name would take each other's files away.
  let last: Promise<unknown> = Promise.resolve();
  const issueInTurn = (name: string) => {
    const mine = last.then(() => issueNode(o, name));
    last = mine.catch(() => {});
    return mine;
  };
  return createServer({ cert: read('setup.crt'), key: read('setup.key') }, async (request, response) => {
    try {
      if (request.method !== 'POST' || request.url !== '/join')
        throw new Refusal(404, 'only POST /join is served here');
      if (!sameSecret(request.headers.authorization ?? '', `Bearer ${o.token}`)) throw new Refusal(401, 'wrong token');
      response.end(JSON.stringify(await issueInTurn(nameIn(await body(request)))));
    } catch (error) {
      response.statusCode = error instanceof Refusal ? error.code : 500;
      response.end((error as Error).message);
    }
  });
}

/** Takes the same time for any two texts. */
const sameSecret = (a: string, b: string): boolean => {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
};

async function body(request: AsyncIterable<Buffer>): Promise<string> {
  let text = '';
  for await (const chunk of request) {
    text += chunk;
    if (text.length > mostBytes) throw new Refusal(413, 'too long a request');
  }
  return text;
}

function nameIn(text: string): string {
  let name: unknown;
  try {
    name = JSON.parse(text)?.name;
  } catch {
    throw new Refusal(400, 'the body must be JSON: {"name": "node-1"}');
  }
  if (typeof name !== 'string' || name.length > 63 || !nameForm.test(name)) {
    throw new Refusal(422, 'name must be a DNS name in lower case of at most 63 characters');
  }
  return name;
}

async function issueNode(o: JoinServerOptions, name: string): Promise<NodeFiles> {
  const { folder } = o.pki;
  const own = join(folder, 'nodes', name);
  try {
    await issuePki({ ...o.pki, nodes: [{ name }] });
    const about = { folder, server: o.server, cluster: 'mini-k8s' };
    return {
      'ca.crt': readFileSync(join(folder, 'ca.crt'), 'utf8'),
      'serving.crt': readFileSync(join(own, 'serving.crt'), 'utf8'),
      'serving.key': readFileSync(join(own, 'serving.key'), 'utf8'),
      'kubelet.kubeconfig': kubeconfigText({ ...about, identity: `nodes/${name}/client`, user: `system:node:${name}` }),
      'proxy.kubeconfig': kubeconfigText({ ...about, identity: 'proxy', user: 'system:kube-proxy' }),
    };
  } finally {
    rmSync(own, { recursive: true, force: true });
  }
}
