// A pod of a Job: the template, the finalizer by which it will be counted, and in an Indexed Job its index in four places.
// Pure. Mirrors: addCompletionIndex… and podGenerateNameWithIndex in pkg/controller/job/indexed_job_utils.go.
// Used by: job.ts.
import { jobs } from '../../apimachinery/resources.ts';
import type { Job, Pod } from '../../apimachinery/types.ts';
import { controllerRef } from '../common/owners.ts';
import { judgeFailure } from './failurePolicy.ts';
import {
  failuresAnnotation,
  failuresBefore,
  ignoredFailuresAnnotation,
  ignoredFailuresBefore,
  indexAnnotation,
  isPerIndex,
  trackingFinalizer,
} from './podFacts.ts';

const longestPrefix = 58;

/** `replaces` is the failed pod of this index whose count the new one carries on. */
export function podOf(job: Job, index: number | undefined, replaces?: Pod): any {
  const { metadata, spec } = structuredClone(job.spec!.template) as any;
  const { labels, annotations, finalizers = [] } = metadata ?? {};
  const pod = {
    metadata: {
      generateName: `${job.metadata.name}-`,
      namespace: job.metadata.namespace,
      labels: { ...labels },
      annotations: { ...annotations },
      finalizers: [...new Set([...finalizers, trackingFinalizer])],
      ownerReferences: [controllerRef(job, jobs)],
    },
    spec,
  };
  return index === undefined ? pod : withIndex(pod, job, index, replaces);
}

function withIndex(pod: any, job: Job, index: number, replaces: Pod | undefined): any {
  const end = `-${index}-`;
  pod.metadata.generateName = job.metadata.name.slice(0, longestPrefix - end.length) + end;
  pod.metadata.labels[indexAnnotation] = String(index);
  pod.metadata.annotations[indexAnnotation] = String(index);
  pod.spec.hostname = `${job.metadata.name}-${index}`;
  for (const container of [...(pod.spec.initContainers ?? []), ...pod.spec.containers]) addVariable(container);
  if (isPerIndex(job)) Object.assign(pod.metadata.annotations, failureCounts(job, replaces));
  return pod;
}

function addVariable(container: any): void {
  const name = 'JOB_COMPLETION_INDEX';
  if (container.env?.some((v: any) => v.name === name)) return;
  const fieldRef = { fieldPath: `metadata.labels['${indexAnnotation}']` };
  container.env = [...(container.env ?? []), { name, valueFrom: { fieldRef } }];
}

function failureCounts(job: Job, replaces: Pod | undefined): Record<string, string> {
  if (!replaces) return { [failuresAnnotation]: '0' };
  const { counts } = judgeFailure(job, replaces);
  const failures = failuresBefore(replaces) + (counts ? 1 : 0);
  const ignored = ignoredFailuresBefore(replaces) + (counts ? 0 : 1);
  return {
    [failuresAnnotation]: String(failures),
    ...(ignored ? { [ignoredFailuresAnnotation]: String(ignored) } : {}),
  };
}
