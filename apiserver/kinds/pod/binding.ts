// pods/binding: gives a pod its node, once. What the scheduler calls; two schedulers that race get one success and one 409.
// Mirrors: BindingREST in pkg/registry/core/pod/storage/storage.go.
// Called by: ../pod.ts, and ../binding.ts for the old path of its own.
import type { FieldError } from '../../../apimachinery/fieldErrors.ts';
import { aggregateMessage, notSupported, required } from '../../../apimachinery/fieldErrors.ts';
import { badRequest, conflict, notFound, StatusError } from '../../../apimachinery/status.ts';
import type { KubeObject } from '../../../apimachinery/types.ts';
import type { Context, Subresource } from '../kind.ts';
import { setPodCondition } from './conditions.ts';

const pods = { group: '', plural: 'pods' };
const bindings = { group: '', plural: 'pods/binding' };
const preconditions = [
  ['uid', 'UID'],
  ['resourceVersion', 'ResourceVersion'],
] as const;

/** Answer of deeds that give nothing back. */
export const success = (): KubeObject =>
  ({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 }) as unknown as KubeObject;

function checkTarget(binding: any): void {
  const errors: FieldError[] = [];
  const { kind, name } = binding.target ?? {};
  if (kind && kind !== 'Node') errors.push(notSupported('target.kind', kind, ['Node', '<empty>']));
  if (!name) errors.push(required('target.name'));
  // Upstream answers these as a server error without a reason.
  if (errors.length) throw new StatusError({ code: 500, message: aggregateMessage(errors) });
}

function refusal(pod: any): string | undefined {
  const { name, deletionTimestamp } = pod.metadata;
  if (deletionTimestamp) return `pod ${name} is being deleted, cannot be assigned to a host`;
  if (pod.spec.nodeName) return `pod ${name} is already assigned to node ${JSON.stringify(pod.spec.nodeName)}`;
  if (pod.spec.schedulingGates?.length) return `pod ${name} has non-empty .spec.schedulingGates`;
  return undefined;
}

/** A binding may name the very pod it means, and the version of it. Told as upstream's store does. */
function checkPreconditions(metadata: any, binding: any): void {
  for (const [key, label] of preconditions) {
    const wanted = binding.metadata?.[key];
    if (!wanted || wanted === metadata[key]) continue;
    const why =
      `StorageError: invalid object, Code: 4, Key: /registry/pods/${metadata.namespace}/${metadata.name}, ResourceVersion: 0, ` +
      `AdditionalErrorMsg: Precondition failed: ${label} in precondition: ${wanted}, ${label} in object meta: ${metadata[key]}`;
    throw conflict(pods, metadata.name, why);
  }
}

/** The binding's annotations and labels win over the pod's. */
function assign(pod: any, binding: any, now: number): void {
  const { annotations, labels } = binding.metadata;
  const name = pod.metadata.name;
  checkPreconditions(pod.metadata, binding);
  const why = refusal(pod);
  if (why) throw conflict(bindings, name, why);
  pod.spec.nodeName = binding.target.name;
  delete pod.status?.nominatedNodeName;
  if (annotations) pod.metadata.annotations = { ...pod.metadata.annotations, ...annotations };
  if (labels) pod.metadata.labels = { ...pod.metadata.labels, ...labels };
  setPodCondition(pod, { type: 'PodScheduled', status: 'True' }, now);
}

export async function bindPod(
  binding: any,
  parent: { name: string; namespace: string },
  context: Context,
): Promise<KubeObject> {
  const { name, namespace } = parent;
  if (binding.metadata?.name !== name) throw badRequest('name in URL does not match name in Binding object');
  checkTarget(binding);
  const change = (pod: any) => {
    assign(pod, binding, context.now());
    return true;
  };
  const done = await context.cluster.update(pods, name, namespace, change, {
    subresource: 'binding',
    as: context,
  });
  if (!done) throw notFound(pods, name);
  return success();
}

export const binding: Subresource = {
  name: 'binding',
  verbs: ['create'],
  body: { group: '', version: 'v1', kind: 'Binding', schema: 'io.k8s.api.core.v1.Binding' },
  create: bindPod,
};
