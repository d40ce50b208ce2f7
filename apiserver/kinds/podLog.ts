// pods/log: where a container's log is read: at the pod's kubelet, with the query checked and passed on.
// Mirrors: pkg/registry/core/pod/strategy.go (LogLocation) and apis/core/validation (ValidatePodLogOptions). Next: ../handlers/connect.ts.
import { type FieldError, forbiddenField, invalidValue } from '../../apimachinery/fieldErrors.ts';
import { badRequest, invalid } from '../../apimachinery/status.ts';
import type { ConnectTarget, Subresource } from './kind.ts';

const passedOn = ['follow', 'previous', 'sinceSeconds', 'sinceTime', 'timestamps', 'tailLines', 'limitBytes', 'stream'];

export const podLog: Subresource = { name: 'log', verbs: ['get'], connect: logTarget };

function logTarget(pod: any, query: URLSearchParams): ConnectTarget | undefined {
  const errors = validate(query);
  if (errors.length) throw invalid({ group: '', kind: 'PodLogOptions' }, pod.metadata.name, errors);
  const container = containerOf(pod, query.get('container') ?? '');
  if (!pod.spec.nodeName) return undefined;
  const wanted = new URLSearchParams();
  for (const name of passedOn) {
    const value = query.get(name);
    if (value) wanted.set(name, value);
  }
  const path = `/containerLogs/${pod.metadata.namespace}/${pod.metadata.name}/${container}`;
  const text = wanted.toString();
  return {
    node: pod.spec.nodeName,
    path: text ? `${path}?${text}` : path,
    insecure: query.get('insecureSkipTLSVerifyBackend') === 'true',
  };
}

const names = (list: any[] | undefined): string[] => (list ?? []).map((c) => c.name);

/** The container that is meant: the only one, or the one that is named and there. */
function containerOf(pod: any, name: string): string {
  const main = names(pod.spec.containers);
  const init = names(pod.spec.initContainers);
  const ephemeral = names(pod.spec.ephemeralContainers);
  if (!name) {
    if (main.length === 1 && !init.length && !ephemeral.length) return main[0]!;
    if (main.length === 1) return main[0]!;
    const initText = init.length ? ` or one of the init containers: [${init.join(' ')}]` : '';
    throw badRequest(
      `a container name must be specified for pod ${pod.metadata.name}, choose one of: [${main.join(' ')}]${initText}`,
    );
  }
  if (![...main, ...init, ...ephemeral].includes(name))
    throw badRequest(`container ${name} is not valid for pod ${pod.metadata.name}`);
  return name;
}

function validate(query: URLSearchParams): FieldError[] {
  const errors: FieldError[] = [];
  const number = (name: string, least: number, text: string) => {
    const value = query.get(name);
    if (value === null || value === '') return;
    if (!/^-?\d+$/.test(value)) throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(value)}: invalid syntax`);
    if (Number(value) < least) errors.push(invalidValue(name, Number(value), text));
  };
  number('tailLines', 0, 'must be greater than or equal to 0');
  number('limitBytes', 1, 'must be greater than 0');
  number('sinceSeconds', 1, 'must be greater than 0');
  if (query.get('sinceSeconds') && query.get('sinceTime'))
    errors.push(forbiddenField('', 'at most one of `sinceTime` or `sinceSeconds` may be specified'));
  return errors;
}
