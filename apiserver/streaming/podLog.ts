// pods/log: a container's log comes from the pod's kubelet, with the query checked and passed on.
// Mirrors: pkg/registry/core/pod/rest/log.go, pod/strategy.go (LogLocation), apis/core/validation (ValidatePodLogOptions) and
// apiserver/pkg/registry/generic/rest/streamer.go and response_checker.go. Called by handlers/connect.ts.
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type FieldError, forbiddenField, invalidValue, notSupported } from '../../apimachinery/fieldErrors.ts';
import { badRequest, invalid, StatusError } from '../../apimachinery/status.ts';
import type { Connect } from '../handlers/connect.ts';
import { containerOf, flagOf, nodeOf, podOf } from './podTarget.ts';

/** As much of a kubelet's refusal as is passed on. */
const longestError = 50_000;
const flags = ['follow', 'previous', 'timestamps'];
const values = ['sinceSeconds', 'sinceTime', 'tailLines', 'limitBytes'];

export const podLog: Connect = async (api, req, served) => {
  const pod = await podOf(api, req, served);
  const streams = api.features.enabled('PodLogsQuerySplitStreams');
  const path = logPath(pod, req.query, streams);
  if (!path) return { code: 204, type: 'text/plain', body: '' };
  const node = nodeOf(api, pod.spec.nodeName);
  const gone = new AbortController();
  req.response.once('close', () => gone.abort());
  const insecure = flagOf(req.query, 'insecureSkipTLSVerifyBackend');
  const answer = await api.kubelets.get(node, path, { insecure, signal: gone.signal });
  if ((answer.statusCode ?? 500) >= 300) throw await refusalOf(answer);
  return {
    code: 200,
    type: answer.headers['content-type'] ?? 'text/plain',
    stream: (response) => pipe(answer, response),
  };
};

/** The path at the kubelet; undefined while the pod has no node. Throws 400 and 422. `streams`: one of the two outputs may be asked for. */
export function logPath(pod: any, query: URLSearchParams, streams: boolean): string | undefined {
  const errors = validate(query, streams);
  if (errors.length) throw invalid({ group: '', kind: 'PodLogOptions' }, pod.metadata.name, errors);
  const container = containerOf(pod, query.get('container') ?? '');
  if (!pod.spec.nodeName) return undefined;
  const wanted = new URLSearchParams();
  for (const name of flags) if (flagOf(query, name)) wanted.set(name, 'true');
  for (const name of values) if (query.get(name)) wanted.set(name, query.get(name)!);
  if (streams) wanted.set('stream', query.get('stream') || 'All');
  wanted.sort();
  const path = `/containerLogs/${pod.metadata.namespace}/${pod.metadata.name}/${container}`;
  return wanted.size ? `${path}?${wanted}` : path;
}

function validate(query: URLSearchParams, streams: boolean): FieldError[] {
  const errors: FieldError[] = [];
  const number = (name: string, least: number, text: string) => {
    const value = query.get(name);
    if (value === null || value === '') return;
    if (!/^[+-]?\d+$/.test(value))
      throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(value)}: invalid syntax`);
    if (Number(value) < least) errors.push(invalidValue(name, Number(value), text));
  };
  const time = query.get('sinceTime');
  if (time && (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/.test(time) || Number.isNaN(Date.parse(time))))
    throw badRequest(`parsing time ${JSON.stringify(time)} as "2006-01-02T15:04:05Z07:00": cannot parse it`);
  number('tailLines', 0, 'must be greater than or equal to 0');
  number('limitBytes', 1, 'must be greater than 0');
  if (query.get('sinceSeconds') && time)
    errors.push(forbiddenField('', 'at most one of `sinceTime` or `sinceSeconds` may be specified'));
  else number('sinceSeconds', 1, 'must be greater than 0');
  return [...errors, ...validateStream(query, streams)];
}

function validateStream(query: URLSearchParams, allowed: boolean): FieldError[] {
  const stream = query.get('stream');
  if (!allowed) return stream ? [forbiddenField('stream', 'may not be specified')] : [];
  const known = ['All', 'Stderr', 'Stdout'];
  if (stream && !known.includes(stream)) return [notSupported('stream', stream, known)];
  if (stream && stream !== 'All' && query.get('tailLines'))
    return [forbiddenField('', '`tailLines` and specific `stream` are mutually exclusive for now')];
  return [];
}

/** What a kubelet refuses is the client's answer too, in the same words. */
async function refusalOf(answer: IncomingMessage): Promise<StatusError> {
  const text = (await textOf(answer)).trim();
  const code = answer.statusCode ?? 500;
  if (code === 400) return badRequest(text);
  if (code === 404)
    return new StatusError({
      code,
      reason: 'NotFound',
      message: `the server could not find the requested resource ( ${text})`,
    });
  return new StatusError({
    code,
    reason: code === 500 ? 'InternalError' : 'Unknown',
    message: text || `an error on the server has prevented the request from succeeding`,
  });
}

/** The beginning of the body. */
async function textOf(answer: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of answer) {
    chunks.push(chunk);
    size += chunk.length;
    if (size >= longestError) break;
  }
  return Buffer.concat(chunks).toString('utf8').slice(0, longestError);
}

async function pipe(answer: IncomingMessage, response: ServerResponse): Promise<void> {
  answer.on('error', () => response.destroy());
  answer.pipe(response);
  await once(response, 'close').catch(() => undefined);
  answer.destroy();
}
