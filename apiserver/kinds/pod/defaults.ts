// What a Pod, or the template of one, gets when its writer says nothing. Fills in place; idempotent.
// Mirrors: pkg/apis/core/v1/defaults.go, zz_generated.defaults.go and the conversions that keep old fields in step.
// Next: spec.ts, which checks the outcome; podTemplate.ts calls defaultPodSpec for workload kinds.

import { parseImageReference } from '../../../apimachinery/imageReference.ts';
import { ownValue } from '../../../apimachinery/ownValue.ts';
import { roundAmounts, roundResources } from '../resourceLists.ts';
import { defaultPodResources } from './podLevelResources.ts';
import { defaultPodStatus } from './statusDefaults.ts';
import { defaultVolume } from './volumeDefaults.ts';

/** Without a tag an image is pulled as `latest`, unless its digest says which. What is no image is not asked for again. */
export function pullPolicyFor(image: string): 'Always' | 'IfNotPresent' {
  const named = parseImageReference(image);
  if (!named) return 'IfNotPresent';
  return (named.tag || (named.digest ? '' : 'latest')) === 'latest' ? 'Always' : 'IfNotPresent';
}

function defaultHandler(handler: any): void {
  const get = handler?.httpGet;
  if (get) {
    get.path ||= '/';
    get.scheme ||= 'HTTP';
  }
  if (handler?.grpc) handler.grpc.service ??= '';
}

function defaultProbe(probe: any): void {
  if (!probe) return;
  defaultHandler(probe);
  probe.timeoutSeconds ||= 1;
  probe.periodSeconds ||= 10;
  probe.successThreshold ||= 1;
  probe.failureThreshold ||= 3;
}

function defaultContainer(container: any): void {
  container.terminationMessagePath ||= '/dev/termination-log';
  container.terminationMessagePolicy ||= 'File';
  container.imagePullPolicy ||= pullPolicyFor(container.image ?? '');
  container.resources ??= {};
  roundResources(container.resources);
  if (container.ports) for (const port of container.ports) port.protocol ||= 'TCP';
  if (container.env) {
    for (const variable of container.env) {
      const ref = variable.valueFrom?.fieldRef;
      if (ref) ref.apiVersion ||= 'v1';
      const file = variable.valueFrom?.fileKeyRef;
      if (file) file.optional ??= false;
    }
  }
  defaultProbe(container.livenessProbe);
  defaultProbe(container.readinessProbe);
  defaultProbe(container.startupProbe);
  if (container.lifecycle) {
    defaultHandler(container.lifecycle.postStart);
    defaultHandler(container.lifecycle.preStop);
  }
}

/** `serviceAccount` is the old name of `serviceAccountName`; both are served, the new one wins. */
function syncServiceAccount(spec: any): void {
  const name = spec.serviceAccountName || spec.serviceAccount;
  if (!name) return;
  spec.serviceAccountName = name;
  spec.serviceAccount = name;
}

const oldAnnotations = ['beta', 'alpha'].flatMap((stage) =>
  ['init-containers', 'init-container-statuses'].map((what) => `pod.${stage}.kubernetes.io/${what}`),
);

/** Init containers were annotations once; they are not to differ from the fields, so nobody gets to see them. */
export function dropOldAnnotations(metadata: any): void {
  const annotations = metadata?.annotations;
  if (!annotations) return;
  for (const key of oldAnnotations) delete annotations[key];
  if (!Object.keys(annotations).length) delete metadata.annotations;
}

/** For pods and for templates alike. */
export function defaultPodSpec(spec: any): void {
  if (spec.volumes) for (const volume of spec.volumes) defaultVolume(volume);
  if (spec.initContainers) for (const container of spec.initContainers) defaultContainer(container);
  if (spec.containers) for (const container of spec.containers) defaultContainer(container);
  if (spec.ephemeralContainers) for (const container of spec.ephemeralContainers) defaultContainer(container);
  spec.restartPolicy ||= 'Always';
  spec.terminationGracePeriodSeconds ??= 30;
  spec.dnsPolicy ||= 'ClusterFirst';
  roundResources(spec.resources);
  roundAmounts(spec.overhead);
  syncServiceAccount(spec);
  spec.securityContext ??= {};
  spec.schedulerName ||= 'default-scheduler';
}

/** Only in a Pod: requests that are not said equal the limits. */
function requestsFromLimits(container: any): void {
  const limits = container.resources?.limits;
  if (!limits) return;
  container.resources.requests ??= {};
  const requests = container.resources.requests;
  for (const name in limits) requests[name] = ownValue(requests, name) ?? limits[name];
}

function hostPortsOf(container: any): void {
  for (const port of container.ports ?? []) port.hostPort ||= port.containerPort;
}

/** Older node agents set podIP alone; readers may rely on either. */
export function syncPodIPs(status: any): void {
  if (status.podIP) {
    if (status.podIPs?.[0]?.ip !== status.podIP) status.podIPs = [{ ip: status.podIP }];
  } else if (status.podIPs?.length) status.podIP = status.podIPs[0].ip;
}

export function defaultPod(pod: any): void {
  pod.spec ??= {};
  const spec = pod.spec;
  dropOldAnnotations(pod.metadata);
  defaultPodSpec(spec);
  const containers = spec.initContainers?.length
    ? [...spec.initContainers, ...(spec.containers ?? [])]
    : (spec.containers ?? []);
  for (const container of containers) requestsFromLimits(container);
  if (spec.resources) defaultPodResources(spec);
  spec.enableServiceLinks ??= true;
  if (spec.hostNetwork) for (const container of containers) hostPortsOf(container);
  if (spec.terminationGracePeriodSeconds < 0) spec.terminationGracePeriodSeconds = 1;
  if (!pod.status) return;
  syncPodIPs(pod.status);
  defaultPodStatus(pod.status);
}
