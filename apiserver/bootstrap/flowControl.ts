// Flow schemas and priority levels of a fresh server, made and kept; and on each schema whether its level is there.
// Mandatory ones are always as they should be; a suggested one is left alone once an administrator has taken it over (annotation, or an
// own spec); one of ours that is no longer among them goes. Mirrors: pkg/registry/flowcontrol/{rest,ensurer}, the condition of
// staging/src/k8s.io/apiserver/pkg/util/flowcontrol/apf_controller.go. Requests are not queued by them yet.
import { toTime } from '../../apimachinery/clock.ts';
import type { GroupResource } from '../../apimachinery/status.ts';
import type { KubeObject } from '../../apimachinery/types.ts';
import type { Cluster } from '../kinds/cluster.ts';
import { semanticEqual } from '../kinds/equal.ts';
import {
  autoUpdateAnnotation,
  mandatoryLevels,
  mandatorySchemas,
  suggestedLevels,
  suggestedSchemas,
} from '../kinds/flowControl/bootstrapObjects.ts';
import { ensure } from './ensure.ts';
import type { Step } from './step.ts';

const group = 'flowcontrol.apiserver.k8s.io';
const levels: GroupResource = { group, plural: 'prioritylevelconfigurations' };
const schemas: GroupResource = { group, plural: 'flowschemas' };

type Wanted = { metadata: { name: string; annotations: Record<string, string> }; spec: any };

/** Is its spec ours to set? One that says nothing is, for as long as nobody has changed it. */
function isOurs(object: KubeObject, mandatory: boolean): boolean {
  const said = object.metadata.annotations?.[autoUpdateAnnotation];
  if (mandatory || said === 'true') return true;
  return said === 'false' ? false : object.metadata['generation'] === 1;
}

const withoutExempt = ({ exempt: _, ...spec }: any) => spec;

/** Puts annotation and spec right, in place; false when nothing is wrong. What administrators may set of `exempt` stays. */
export function revise(object: any, wanted: Wanted, mandatory: boolean): boolean {
  const ours = isOurs(object, mandatory);
  object.metadata.annotations ??= {};
  const { annotations } = object.metadata;
  let changed = annotations[autoUpdateAnnotation] !== String(ours);
  annotations[autoUpdateAnnotation] = String(ours);
  if (ours && !semanticEqual(withoutExempt(object.spec), withoutExempt(wanted.spec))) {
    object.spec = structuredClone({ ...wanted.spec, ...(object.spec.exempt && { exempt: object.spec.exempt }) });
    changed = true;
  }
  return changed;
}

async function keep(cluster: Cluster, r: GroupResource, wanted: Wanted, mandatory: boolean): Promise<void> {
  const found = await ensure(cluster, r, structuredClone(wanted));
  if (revise(structuredClone(found), wanted, mandatory))
    await cluster.update(r, wanted.metadata.name, undefined, (object) => revise(object, wanted, mandatory));
}

/** Objects of ours that an older server made and that are no longer wanted. */
async function removeOld(cluster: Cluster, r: GroupResource, wanted: readonly Wanted[]): Promise<void> {
  const names = new Set(wanted.map((each) => each.metadata.name));
  for (const object of cluster.cachedList(r)) {
    const { name, uid, annotations } = object.metadata;
    if (annotations?.[autoUpdateAnnotation] === 'true' && !names.has(name!))
      await cluster.delete(r, name!, undefined, { uid });
  }
}

async function keepAll(cluster: Cluster, r: GroupResource, mandatory: readonly Wanted[], suggested: readonly Wanted[]) {
  await Promise.all([
    ...mandatory.map((wanted) => keep(cluster, r, wanted, true)),
    ...suggested.map((wanted) => keep(cluster, r, wanted, false)),
  ]);
  await removeOld(cluster, r, [...mandatory, ...suggested]);
}

export const flowControl: Step = {
  name: 'priority-and-fairness-config-producer',
  every: 60_000,
  async run({ cluster }) {
    await keepAll(cluster, levels, mandatoryLevels, suggestedLevels);
    await keepAll(cluster, schemas, mandatorySchemas, suggestedSchemas);
  },
};

/** The condition Dangling of a schema: does it lead to a level that is not there? */
function dangling(level: string, there: boolean): { type: string; status: string; reason: string; message: string } {
  const text = `This FlowSchema references the PriorityLevelConfiguration object named ${JSON.stringify(level)}`;
  return there
    ? { type: 'Dangling', status: 'False', reason: 'Found', message: `${text} and it exists` }
    : { type: 'Dangling', status: 'True', reason: 'NotFound', message: `${text} but there is no such object` };
}

const isAsSaid = (condition: any, said: any) =>
  condition && Object.entries(said).every(([key, value]) => condition[key] === value);

/** Looks only when a schema or a level has changed since it looked last. */
export function danglingSchemas(): Step {
  let seen = '';
  return {
    name: 'priority-and-fairness-config-consumer',
    every: 1000,
    async run({ cluster, clock }) {
      const now = `${cluster.lastChange(levels)}/${cluster.lastChange(schemas)}`;
      if (now === seen) return;
      await Promise.all(cluster.cachedList(schemas).map((schema) => sayWhether(cluster, schema, clock.now())));
      seen = now;
    },
  };
}

async function sayWhether(cluster: Cluster, schema: any, now: number): Promise<void> {
  const level = schema.spec.priorityLevelConfiguration.name;
  const said = dangling(level, cluster.cached(levels, level) !== undefined);
  const find = (object: any) => object.status?.conditions?.find((c: any) => c.type === said.type);
  if (isAsSaid(find(schema), said)) return;
  const change = (object: any) => {
    if (isAsSaid(find(object), said)) return false;
    const others = (object.status?.conditions ?? []).filter((c: any) => c.type !== said.type);
    const since = find(object)?.status === said.status && find(object).lastTransitionTime;
    object.status = { conditions: [...others, { ...said, lastTransitionTime: since || toTime(now) }] };
    return true;
  };
  await cluster.update(schemas, schema.metadata.name, undefined, change, { subresource: 'status' });
}
