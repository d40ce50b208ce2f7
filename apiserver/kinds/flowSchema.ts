// FlowSchema: which requests belong together, and at which priority level they wait their turn.
// Read by the API server's mechanisms. Mirrors: pkg/registry/flowcontrol/flowschema, pkg/apis/flowcontrol/{v1,validation}, pkg/printers.
// Next: flowControl/, its rules and the objects that every server has; bootstrap/flowControl.ts keeps those.
import { type FieldError, invalidValue, notSupported, required } from '../../apimachinery/fieldErrors.ts';
import { nameIsDNSSubdomain } from '../../apimachinery/names.ts';
import { pushTexts } from './check.ts';
import { ageColumn, column, nameColumn } from './columns.ts';
import { semanticEqual } from './equal.ts';
import { mandatorySchemas } from './flowControl/bootstrapObjects.ts';
import { checkSchemaRule } from './flowControl/schemaRules.ts';
import { goStruct, statusAlone, validateStatus } from './flowControl/shared.ts';
import { defineKind } from './kind.ts';

const methods: readonly string[] = ['ByNamespace', 'ByUser'];
const highestPrecedence = 10_000;

const shownSubject = ({ kind, user, group, serviceAccount: account }: any) =>
  goStruct({
    Kind: kind,
    User: user && goStruct({ Name: user.name }),
    Group: group && goStruct({ Name: group.name }),
    ServiceAccount: account && goStruct({ Namespace: account.namespace, Name: account.name }),
  });
const shownResources = (rule: any) =>
  goStruct({
    Verbs: rule.verbs,
    APIGroups: rule.apiGroups,
    Resources: rule.resources,
    ClusterScope: rule.clusterScope ?? false,
    Namespaces: rule.namespaces,
  });
const shownPaths = (rule: any) => goStruct({ Verbs: rule.verbs, NonResourceURLs: rule.nonResourceURLs });
const shownSpec = (spec: any) =>
  goStruct({
    PriorityLevelConfiguration: goStruct({ Name: spec.priorityLevelConfiguration?.name ?? '' }),
    MatchingPrecedence: spec.matchingPrecedence,
    DistinguisherMethod: spec.distinguisherMethod && goStruct({ Type: spec.distinguisherMethod.type }),
    Rules: spec.rules?.map((rule: any) =>
      goStruct({
        Subjects: rule.subjects?.map(shownSubject),
        ResourceRules: rule.resourceRules?.map(shownResources),
        NonResourceRules: rule.nonResourceRules?.map(shownPaths),
      }),
    ),
  });

function checkPrecedence(errors: FieldError[], name: string, precedence: number): void {
  const refuse = (text: string) => errors.push(invalidValue('spec.matchingPrecedence', precedence, text));
  if (precedence <= 0) refuse('must be a positive value');
  if (precedence > highestPrecedence) refuse(`must not be greater than ${highestPrecedence}`);
  if (precedence === 1 && name !== 'exempt') refuse("only the schema named 'exempt' may have matchingPrecedence 1");
}

function checkSpec(errors: FieldError[], name: string, spec: any): void {
  checkPrecedence(errors, name, spec.matchingPrecedence);
  const method = spec.distinguisherMethod;
  if (method && !methods.includes(method.type))
    errors.push(notSupported('spec.distinguisherMethod.type', { Type: method.type ?? '' }, methods));
  const level = spec.priorityLevelConfiguration?.name;
  const field = 'spec.priorityLevelConfiguration.name';
  if (level) pushTexts(errors, field, level, nameIsDNSSubdomain(level, false));
  else errors.push(required(field, 'must reference a priority level'));
  for (const [i, rule] of (spec.rules ?? []).entries()) checkSchemaRule(errors, `spec.rules[${i}]`, rule);
}

function validate(schema: any): FieldError[] {
  const errors: FieldError[] = [];
  const { name = '' } = schema.metadata;
  checkSpec(errors, name, schema.spec);
  const fixed = mandatorySchemas.find((each) => each.metadata.name === name);
  if (fixed && !semanticEqual(schema.spec, fixed.spec))
    errors.push(invalidValue('spec', shownSpec(schema.spec), `spec of '${name}' must equal the fixed value`));
  return [...errors, ...validateStatus(schema)];
}

export const flowSchema = defineKind({
  group: 'flowcontrol.apiserver.k8s.io',
  version: 'v1',
  kind: 'FlowSchema',
  plural: 'flowschemas',
  namespaced: false,
  schema: 'io.k8s.api.flowcontrol.v1.FlowSchema',
  storage: 'flowschemas',
  defaults: (schema) => {
    schema.spec ??= {};
    schema.spec.matchingPrecedence ||= 1000;
    // Go writes the list out, empty or not.
    for (const rule of schema.spec.rules ?? []) for (const r of rule.resourceRules ?? []) r.namespaces ??= null;
  },
  validate,
  generation: (schema, old) => !semanticEqual(schema.spec, old.spec),
  subresources: [statusAlone],
  // In the order in which they are tried.
  rowOrder: (a, b) =>
    a.spec.matchingPrecedence - b.spec.matchingPrecedence || (a.metadata.name < b.metadata.name ? -1 : 1),
  columns: [
    nameColumn,
    column('PriorityLevel', 'Where its requests wait.', (o) => o.spec?.priorityLevelConfiguration?.name ?? ''),
    column('MatchingPrecedence', 'The lowest of those that match wins.', (o) => o.spec?.matchingPrecedence ?? 0),
    column('DistinguisherMethod', 'What tells its flows apart.', (o) => o.spec?.distinguisherMethod?.type ?? '<none>'),
    ageColumn,
    column(
      'MissingPL',
      'Whether its priority level is missing.',
      ({ status }) => status?.conditions?.find((c: any) => c.type === 'Dangling')?.status ?? '?',
    ),
  ],
});
