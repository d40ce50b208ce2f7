// How a webhook is reached: by a URL or through a Service.
// Mirrors: staging/src/k8s.io/apiserver/pkg/util/webhook/validation.go. Called by: webhook.ts.
import { type FieldError, invalidValue, required } from '../../../apimachinery/fieldErrors.ts';
import { goQuote } from '../../../apimachinery/goQuote.ts';
import { isDNS1123Subdomain, isValidPortNum } from '../../../apimachinery/names.ts';

const form = '; desired format: https://host[/path]';

interface Parts {
  scheme: string;
  host: string;
  user: string | undefined;
  query: string;
  fragment: string;
}

/** The parts as Go's net/url sees them, or its text of what is wrong. */
function parseURL(text: string): Parts | string {
  const wrong = (why: string) => `parse ${goQuote(text)}: ${why}`;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
  if (/[\x00-\x1f\x7f]/.test(text)) return wrong('net/url: invalid control character in URL');
  if (text.startsWith(':')) return wrong('missing protocol scheme');
  const [whole = '', fragment = ''] = cut(text, '#');
  const scheme = /^([a-zA-Z][a-zA-Z0-9+.-]*):/.exec(whole)?.[1] ?? '';
  const [rest = '', query = ''] = cut(scheme ? whole.slice(scheme.length + 1) : whole, '?');
  const broken = /%(?![0-9a-fA-F]{2}).{0,2}/.exec(rest)?.[0];
  if (broken) return wrong(`invalid URL escape ${goQuote(broken)}`);
  if (!rest.startsWith('//')) {
    const segment = rest.split('/')[0] ?? '';
    if (!scheme && segment.includes(':')) return wrong('first path segment in URL cannot contain colon');
    return { scheme: scheme.toLowerCase(), host: '', user: undefined, query, fragment };
  }
  const authority = rest.slice(2).split('/')[0] ?? '';
  const at = authority.lastIndexOf('@');
  const host = authority.slice(at + 1);
  const port = /:[^:\]]*$/.exec(host)?.[0] ?? '';
  if (port && !/^:\d*$/.test(port)) return wrong(`invalid port ${goQuote(port)} after host`);
  if (/[ <>"]/.test(host)) return wrong('invalid character " " in host name');
  return { scheme: scheme.toLowerCase(), host, user: at < 0 ? undefined : authority.slice(0, at), query, fragment };
}

function cut(text: string, mark: string): [string, string] {
  const at = text.indexOf(mark);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}

function checkURL(errors: FieldError[], field: string, text: string): void {
  const parts = parseURL(text);
  if (typeof parts === 'string') return void errors.push(required(field, `url must be a valid URL: ${parts}${form}`));
  const { scheme, host, user, query, fragment } = parts;
  const refuse = (value: string, why: string) => errors.push(invalidValue(field, value, why));
  if (scheme !== 'https') refuse(scheme, `'https' is the only allowed URL scheme${form}`);
  if (!host) refuse(host, `host must be specified${form}`);
  if (user !== undefined) refuse(user, 'user information is not permitted in the URL');
  if (fragment) refuse(fragment, 'fragments are not permitted in the URL');
  if (query) refuse(query, 'query parameters are not permitted in the URL');
}

function checkPath(errors: FieldError[], field: string, path: string | undefined): void {
  if (!path || path === '/') return;
  const refuse = (why: string) => errors.push(invalidValue(field, path, why));
  if (path === '//') return void refuse('segment[0] may not be empty');
  if (!path.startsWith('/')) refuse("must start with a '/'");
  const steps = path.slice(1).replace(/\/$/, '').split('/');
  for (const [i, step] of steps.entries()) {
    if (!step) refuse(`segment[${i}] may not be empty`);
    else for (const text of isDNS1123Subdomain(step)) refuse(`segment[${i}]: ${text}`);
  }
}

/** Upstream hands name and namespace over in the other order, so that a missing one is said of the other. */
function checkService(errors: FieldError[], field: string, service: any): void {
  const { name, namespace, path, port } = service;
  if (!namespace) errors.push(required(`${field}.name`));
  if (!name) errors.push(required(`${field}.namespace`));
  const wrong = isValidPortNum(port ?? 0);
  if (wrong.length) errors.push(invalidValue(`${field}.port`, port ?? 0, `port is not valid: ${wrong.join(', ')}`));
  checkPath(errors, `${field}.path`, path);
}

export function checkWebhookClient(errors: FieldError[], field: string, { url, service }: any = {}): void {
  if ((url === undefined) === (service === undefined))
    errors.push(required(field, 'exactly one of url or service is required'));
  else if (url !== undefined) checkURL(errors, `${field}.url`, url);
  else checkService(errors, `${field}.service`, service);
}
