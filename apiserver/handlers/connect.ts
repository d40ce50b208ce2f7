// A subresource that somebody else answers: the request goes on to the pod's kubelet, and its answer comes back as it is.
// Reads: the object (where to?), the Node. Mirrors: registry/generic/rest/streamer.go and response_checker.go.
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import * as status from '../../apimachinery/status.ts';
import type { Api } from '../api.ts';
import type { Subresource } from '../kinds/kind.ts';
import type { Served } from '../kinds/registry.ts';
import { mustFind } from '../objects/readObject.ts';
import type { Answer, ApiRequest } from '../request.ts';

const nodes = { group: '', plural: 'nodes' };
/** As much of a kubelet's refusal as is passed on. */
const longestError = 50_000;

export async function connect(api: Api, req: ApiRequest, served: Served, sub: Subresource): Promise<Answer> {
  await api.cache.fresh();
  const object = (await mustFind(api, served, req.info.namespace, req.info.name)).object();
  const target = sub.connect!(object, req.query);
  if (!target) return { code: 204, type: 'text/plain', body: '' };
  const node = api.cluster.cached(nodes, target.node);
  if (!node) throw status.notFound(nodes, target.node);
  const gone = new AbortController();
  req.response.once('close', () => gone.abort());
  const answer = await api.kubelets.get(node, target.path, { insecure: target.insecure, signal: gone.signal });
  if ((answer.statusCode ?? 500) >= 300) throw await refusalOf(answer);
  return {
    code: 200,
    type: answer.headers['content-type'] ?? 'text/plain',
    stream: (response) => pipe(answer, response),
  };
}

/** What a kubelet refuses is the client's answer too, in the same words. */
async function refusalOf(answer: IncomingMessage): Promise<status.StatusError> {
  const chunks: Buffer[] = [];
  for await (const chunk of answer) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString('utf8').slice(0, longestError).trim();
  const code = answer.statusCode ?? 500;
  if (code === 400) return status.badRequest(text);
  if (code === 404)
    return new status.StatusError({
      code,
      reason: 'NotFound',
      message: `the server could not find the requested resource ( ${text})`,
    });
  return new status.StatusError({
    code,
    reason: code === 500 ? 'InternalError' : 'Unknown',
    message: text || `an error on the server has prevented the request from succeeding`,
  });
}

async function pipe(answer: IncomingMessage, response: ServerResponse): Promise<void> {
  answer.on('error', () => response.destroy());
  answer.pipe(response);
  await once(response, 'close').catch(() => undefined);
  answer.destroy();
}
