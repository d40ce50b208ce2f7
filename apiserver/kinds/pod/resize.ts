// pods/resize: new CPU and memory for the containers of a running pod, and nothing else.
// Mirrors: podResizeStrategy in pkg/registry/core/pod/strategy.go, ValidatePodResize in pkg/apis/core/validation/validation.go.
// Called by: ../pod.ts. The kubelet carries the new values out.
import { type FieldError, forbiddenField, invalidValue } from '../../../apimachinery/fieldErrors.ts';
import { semanticEqual } from '../equal.ts';
import { keepMetadata } from '../keepMetadata.ts';
import type { Subresource } from '../kind.ts';
import { mirrorAnnotation } from './annotations.ts';
import { bumpGeneration } from './generation.ts';
import { qosClass } from './qos.ts';
import { validatePod } from './validatePod.ts';

/** The old containers with the new resources; as they came when one is renamed, for validation to refuse. */
function withResources(now: any[], old: any[]): any[] {
  if (now.some((container, i) => container.name !== old[i].name)) return now;
  return old.map((container, i) => {
    const merged = { ...container, resources: now[i].resources ?? {} };
    if (now[i].resizePolicy) merged.resizePolicy = now[i].resizePolicy;
    else delete merged.resizePolicy;
    return merged;
  });
}

const lists = ['containers', 'initContainers'] as const;

function keep(pod: any, old: any): void {
  const spec = pod.spec ?? {};
  const sameCount = lists.every((list) => (spec[list] ?? []).length === (old.spec[list] ?? []).length);
  if (sameCount) {
    pod.spec = { ...old.spec };
    for (const list of lists) if (spec[list]?.length) pod.spec[list] = withResources(spec[list], old.spec[list]);
  }
  pod.status = old.status;
  keepMetadata(pod, old);
  bumpGeneration(pod, old);
}

function checkOrder(errors: FieldError[], pod: any, old: any): boolean {
  const before = errors.length;
  for (const list of lists) {
    const now: any[] = pod.spec[list] ?? [];
    const was: any[] = old.spec[list] ?? [];
    if (now.length !== was.length)
      errors.push(forbiddenField(`spec.${list}`, `${list} may not be added or removed on resize`));
    else
      was.forEach((container, i) => {
        if (now[i].name !== container.name)
          errors.push(forbiddenField(`spec.${list}[${i}].name`, `${list} may not be renamed or reordered on resize`));
      });
  }
  return errors.length === before;
}

const removed = (now: any = {}, was: any = {}) => Object.keys(was).some((name) => now[name] === undefined);

function checkNothingRemoved(errors: FieldError[], field: string, now: any, was: any): void {
  if (removed(now.resources?.requests, was.resources?.requests))
    errors.push(forbiddenField(`${field}.resources.requests`, 'resource requests cannot be removed'));
  if (removed(now.resources?.limits, was.resources?.limits))
    errors.push(forbiddenField(`${field}.resources.limits`, 'resource limits cannot be removed'));
}

const withOldCompute = (now: any = {}, was: any = {}) => {
  const { cpu: _c, memory: _m, ...rest } = now;
  for (const name of ['cpu', 'memory']) if (was[name] !== undefined) rest[name] = was[name];
  return rest;
};

/** The container as it would be had its CPU and memory not changed. Claims are left out, as upstream does: a container with some is refused. */
const munged = (now: any, was: any) => ({
  ...now,
  resources: {
    limits: withOldCompute(now.resources?.limits, was.resources?.limits),
    requests: withOldCompute(now.resources?.requests, was.resources?.requests),
  },
});
const isSidecar = (container: any) => container.restartPolicy === 'Always';
const onlyCompute = 'only cpu and memory resources are mutable';

function checkContainers(errors: FieldError[], pod: any, old: any): void {
  (pod.spec.initContainers ?? []).forEach((now: any, i: number) => {
    const was = old.spec.initContainers[i];
    const field = `spec.initContainers[${i}]`;
    if (isSidecar(was)) checkNothingRemoved(errors, field, now, was);
    if (!isSidecar(now)) {
      if (!semanticEqual(now, was))
        errors.push(forbiddenField('spec', 'resources for non-sidecar init containers are immutable'));
    } else if (!semanticEqual(munged(now, was), was))
      errors.push(forbiddenField('spec', 'only cpu and memory resources for sidecar containers are mutable'));
  });
  (pod.spec.containers ?? []).forEach((now: any, i: number) => {
    const was = old.spec.containers[i];
    checkNothingRemoved(errors, `spec.containers[${i}]`, now, was);
    if (!semanticEqual(munged(now, was), was)) errors.push(forbiddenField('spec', onlyCompute));
  });
}

/** A node that reports no resources of its running containers cannot change them. */
function nodeSupportsIt(status: any): boolean {
  const running = (status?.containerStatuses ?? []).find((s: any) => s.state?.running);
  return !running || running.resources !== undefined;
}

const hasOwn = (spec: any) =>
  Object.keys(spec.resources?.requests ?? {}).length + Object.keys(spec.resources?.limits ?? {}).length > 0;

function validateUpdate(pod: any, old: any): FieldError[] {
  if (old.metadata.annotations?.[mirrorAnnotation] !== undefined)
    return [forbiddenField('', 'static pods cannot be resized')];
  if (old.spec.os?.name === 'windows') return [forbiddenField('', 'windows pods cannot be resized')];
  const errors = validatePod(pod);
  if ((old.status?.qosClass || qosClass(old.spec)) !== qosClass(pod.spec))
    errors.push(
      invalidValue('spec', pod.status?.qosClass ?? '', 'Pod QOS Class may not change as a result of resizing'),
    );
  if (!nodeSupportsIt(old.status))
    errors.push(forbiddenField('spec', 'Pod running on node without support for resize'));
  if (hasOwn(old.spec) || hasOwn(pod.spec)) {
    errors.push(forbiddenField('', 'pods with pod-level resources cannot be resized'));
    return errors;
  }
  if (checkOrder(errors, pod, old)) checkContainers(errors, pod, old);
  return errors;
}

export const resize: Subresource = {
  name: 'resize',
  verbs: ['get', 'patch', 'update'],
  keep,
  validateUpdate,
  resets: ['status', 'metadata.labels', 'metadata.annotations', 'metadata.finalizers', 'metadata.ownerReferences'],
};
