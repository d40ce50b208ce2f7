// Which flow schema takes a request: of those whose rules fit, the one of lowest precedence. Pure.
// Reads: FlowSchemas, PriorityLevelConfigurations. Mirrors: staging/src/k8s.io/apiserver/pkg/util/flowcontrol/rule.go.
// Called by: ../../filters/classify.ts.
import type { UserInfo } from '../../../apimachinery/types.ts';
import type { RequestInfo } from '../../requestInfo.ts';

/** The uids of the schema and of its level. */
export interface Flow {
  schema: string;
  level: string;
}

export type Classify = (user: UserInfo, info: RequestInfo, path: string) => Flow | undefined;

type Matches = (user: UserInfo, info: RequestInfo, path: string) => boolean;

const has = (list: readonly string[] | undefined, value: string) => list?.includes('*') || list?.includes(value);

function subjectMatches({ kind, user, group, serviceAccount }: any, { username = '', groups = [] }: UserInfo): boolean {
  if (kind === 'User') return user?.name === '*' || user?.name === username;
  if (kind === 'Group') return group?.name === '*' || groups.includes(group?.name);
  if (kind !== 'ServiceAccount' || !serviceAccount) return false;
  const { namespace, name } = serviceAccount;
  const prefix = `system:serviceaccount:${namespace}:`;
  return name === '*' ? username.startsWith(prefix) : username === prefix + name;
}

function resourceMatches(rule: any, info: RequestInfo): boolean {
  const resource = info.subresource ? `${info.resource}/${info.subresource}` : info.resource;
  if (!has(rule.verbs, info.verb) || !has(rule.apiGroups, info.group) || !has(rule.resources, resource)) return false;
  return info.namespace ? Boolean(has(rule.namespaces, info.namespace)) : Boolean(rule.clusterScope);
}

function pathMatches(rule: any, info: RequestInfo, path: string): boolean {
  if (!has(rule.verbs, info.verb)) return false;
  return rule.nonResourceURLs.some(
    (url: string) => url === '*' || url === path || (url.endsWith('*') && path.startsWith(url.slice(0, -1))),
  );
}

const ruleOf =
  ({ subjects, resourceRules = [], nonResourceRules = [] }: any): Matches =>
  (user, info, path) =>
    subjects.some((subject: any) => subjectMatches(subject, user)) &&
    (info.isResource
      ? resourceRules.some((rule: any) => resourceMatches(rule, info))
      : nonResourceRules.some((rule: any) => pathMatches(rule, info, path)));

/** Schemas whose level is not there take nothing. */
export function classifier(schemas: readonly any[], levels: readonly any[]): Classify {
  const uids = new Map<string, string>(levels.map(({ metadata }) => [metadata.name, metadata.uid]));
  const rows = schemas
    .filter(({ spec }) => uids.has(spec.priorityLevelConfiguration.name))
    .toSorted(
      (a, b) => a.spec.matchingPrecedence - b.spec.matchingPrecedence || (a.metadata.name < b.metadata.name ? -1 : 1),
    )
    .map(({ metadata, spec }) => ({
      flow: { schema: metadata.uid, level: uids.get(spec.priorityLevelConfiguration.name)! },
      rules: (spec.rules ?? []).map(ruleOf) as Matches[],
    }));
  return (user, info, path) => rows.find(({ rules }) => rules.some((matches) => matches(user, info, path)))?.flow;
}
