// Which requests a flow schema takes: the rules of its subjects, resources and paths.
// Mirrors: ValidateFlowSchemaPolicyRulesWithSubjects and below in pkg/apis/flowcontrol/validation/validation.go.
// Called by: ../flowSchema.ts.
import {
  type FieldError,
  forbiddenField,
  invalidValue,
  notSupported,
  required,
} from '../../../apimachinery/fieldErrors.ts';
import { nameIsDNSLabel, nameIsDNSSubdomain } from '../../../apimachinery/names.ts';
import { pushTexts } from '../check.ts';

const verbs: readonly string[] = 'create delete deletecollection get list patch proxy update watch'.split(' ');

function checkAccount(errors: FieldError[], field: string, { name = '', namespace = '' }: any): void {
  if (!name) errors.push(required(`${field}.name`));
  else if (name !== '*') pushTexts(errors, `${field}.name`, name, nameIsDNSSubdomain(name, false));
  if (!namespace) errors.push(required(`${field}.namespace`, 'must specify namespace for service account'));
  else pushTexts(errors, `${field}.namespace`, namespace, nameIsDNSLabel(namespace, false));
}

function checkNamed(errors: FieldError[], field: string, { name }: any): void {
  if (!name) errors.push(required(`${field}.name`));
}

const members = ['serviceAccount', 'user', 'group'] as const;
const kindOf = { serviceAccount: 'ServiceAccount', user: 'User', group: 'Group' };
const subjectKinds: readonly string[] = ['Group', 'ServiceAccount', 'User'];

function checkSubject(errors: FieldError[], field: string, subject: any): void {
  const kind: string = subject.kind ?? '';
  if (!subjectKinds.includes(kind)) return void errors.push(notSupported(`${field}.kind`, kind, subjectKinds));
  const own = members.find((member) => kindOf[member] === kind)!;
  const at = `${field}.${own}`;
  if (!subject[own]) errors.push(required(at, `${own} is required when subject kind is '${kind}'`));
  else if (own === 'serviceAccount') checkAccount(errors, at, subject[own]);
  else checkNamed(errors, at, subject[own]);
  for (const other of members)
    if (other !== own && subject[other])
      errors.push(
        forbiddenField(`${field}.${other}`, `${other} is forbidden when subject kind is not '${kindOf[other]}'`),
      );
}

/** A `*` stands alone. */
function isAll(errors: FieldError[], field: string, list: readonly string[], others: string): boolean {
  if (!list.includes('*')) return false;
  if (list.length > 1) errors.push(invalidValue(field, list, `if '*' is present, must not specify other ${others}`));
  return true;
}

function checkVerbs(errors: FieldError[], field: string, list: readonly string[] = []): void {
  if (!list.length) errors.push(required(field, 'verbs must contain at least one value'));
  else if (!isAll(errors, field, list, 'verbs') && !list.every((verb) => verbs.includes(verb)))
    errors.push(notSupported(field, list, verbs));
}

function checkNamespaces(errors: FieldError[], field: string, { namespaces, clusterScope }: any): void {
  if (!namespaces?.length) {
    if (!clusterScope)
      errors.push(required(field, 'resource rules that are not cluster scoped must supply at least one namespace'));
    return;
  }
  if (isAll(errors, field, namespaces, 'namespaces')) return;
  for (const [i, name] of namespaces.entries())
    for (const text of nameIsDNSLabel(name, false))
      errors.push(
        invalidValue(`${field}[${i}]`, name, `each member of this list must be '*' or a DNS-1123 label; ${text}`),
      );
}

function checkResourceRule(errors: FieldError[], field: string, rule: any): void {
  checkVerbs(errors, `${field}.verbs`, rule.verbs);
  const { apiGroups = [], resources = [] } = rule;
  if (!apiGroups.length)
    errors.push(required(`${field}.apiGroups`, 'resource rules must supply at least one api group'));
  else isAll(errors, `${field}.apiGroups`, apiGroups, 'api groups');
  if (!resources.length)
    errors.push(required(`${field}.resources`, 'resource rules must supply at least one resource'));
  else isAll(errors, `${field}.resources`, resources, 'resources');
  checkNamespaces(errors, `${field}.namespaces`, rule);
}

function pathError(path: string): string | undefined {
  if (!path) return 'must not be empty';
  if (path === '/') return undefined;
  if (!path.startsWith('/')) return 'must start with slash';
  if (path.includes(' ')) return 'must not contain white-space';
  if (path.includes('//')) return 'must not contain double slash';
  const stars = path.split('*').length - 1;
  return stars > 1 || (stars === 1 && !path.endsWith('/*')) ? 'wildcard can only do suffix matching' : undefined;
}

function checkPathRule(errors: FieldError[], field: string, rule: any): void {
  checkVerbs(errors, `${field}.verbs`, rule.verbs);
  const at = `${field}.nonResourceURLs`;
  const paths: string[] = rule.nonResourceURLs ?? [];
  if (!paths.length) return void errors.push(required(at, 'nonResourceURLs must contain at least one value'));
  if (isAll(errors, at, paths, 'non-resource URLs')) return;
  for (const [i, path] of paths.entries()) {
    const wrong = pathError(path);
    if (wrong) errors.push(invalidValue(`${at}[${i}]`, path, wrong));
  }
}

export function checkSchemaRule(errors: FieldError[], field: string, rule: any): void {
  const { subjects = [], resourceRules = [], nonResourceRules = [] } = rule;
  for (const [i, subject] of subjects.entries()) checkSubject(errors, `${field}.subjects[${i}]`, subject);
  if (!subjects.length) errors.push(required(`${field}.subjects`, 'subjects must contain at least one value'));
  if (!resourceRules.length && !nonResourceRules.length)
    errors.push(required(field, 'at least one of resourceRules and nonResourceRules has to be non-empty'));
  for (const [i, each] of resourceRules.entries()) checkResourceRule(errors, `${field}.resourceRules[${i}]`, each);
  for (const [i, each] of nonResourceRules.entries()) checkPathRule(errors, `${field}.nonResourceRules[${i}]`, each);
}
