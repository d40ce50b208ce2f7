// Rules of containers: what all of them share, and what sets regular, init and ephemeral ones apart.
// Mirrors: validateContainers, validateInitContainers and validateEphemeralContainers in pkg/apis/core/validation/validation.go.
// Called by: spec.ts. Next: ports.ts, env.ts, mounts.ts, resources.ts, probes.ts, security.ts, restartRules.ts.
import {
  duplicate,
  type FieldError,
  forbiddenField,
  invalidValue,
  notFoundField,
  notSupported,
  required,
} from '../../../apimachinery/fieldErrors.ts';
import { isDNS1123Label } from '../../../apimachinery/names.ts';
import { checkRequiredOneOf, isSet, pushTexts } from '../check.ts';
import { checkEnv, checkEnvFrom } from './env.ts';
import { checkVolumeDevices, checkVolumeMounts, type Volumes } from './mounts.ts';
import { checkContainerPorts, checkHostPortConflicts } from './ports.ts';
import { checkLifecycle, checkProbes } from './probes.ts';
import { checkContainerResources } from './resources.ts';
import { checkInitRestart, checkRestart } from './restartRules.ts';
import { checkSecurityContext } from './security.ts';
import { pullPolicies } from './volumes.ts';

/** What the rules of a container need to know of its pod. */
export interface PodContext {
  spec: any;
  isPod: boolean;
  volumes: Volumes;
  claimNames: ReadonlySet<string>;
  hostUsers: boolean;
  grace: number | undefined;
}

const messagePolicies: readonly string[] = ['File', 'FallbackToLogsOnError'];

function checkResizePolicy(errors: FieldError[], field: string, policies: any[], spec: any): void {
  const seen = new Set<string>();
  policies.forEach((policy, i) => {
    const { resourceName: name, restartPolicy: restart } = policy;
    if (seen.has(name)) errors.push(duplicate(`${field}[${i}]`, name));
    seen.add(name);
    checkRequiredOneOf(errors, field, name, ['cpu', 'memory']);
    checkRequiredOneOf(errors, field, restart, ['NotRequired', 'RestartContainer']);
    if (spec.restartPolicy === 'Never' && restart !== 'NotRequired')
      errors.push(invalidValue(field, restart ?? '', "must be 'NotRequired' when pod `restartPolicy` is 'Never'"));
  });
}

function checkCommon(errors: FieldError[], field: string, container: any, pod: PodContext): void {
  if (!container.name) errors.push(required(`${field}.name`));
  else pushTexts(errors, `${field}.name`, container.name, isDNS1123Label(container.name));
  const image = container.image ?? '';
  if (!image) errors.push(required(`${field}.image`));
  checkRequiredOneOf(errors, `${field}.terminationMessagePolicy`, container.terminationMessagePolicy, messagePolicies);
  if (container.ports) checkContainerPorts(errors, `${field}.ports`, container.ports);
  if (container.env) checkEnv(errors, `${field}.env`, container.env);
  if (container.envFrom) checkEnvFrom(errors, `${field}.envFrom`, container.envFrom);
  if (container.volumeMounts) checkVolumeMounts(errors, `${field}.volumeMounts`, container, pod.volumes);
  if (container.volumeDevices) checkVolumeDevices(errors, `${field}.volumeDevices`, container, pod.volumes);
  checkRequiredOneOf(errors, `${field}.imagePullPolicy`, container.imagePullPolicy, pullPolicies);
  checkContainerResources(errors, `${field}.resources`, container.resources, pod.claimNames);
  if (container.resizePolicy) checkResizePolicy(errors, `${field}.resizePolicy`, container.resizePolicy, pod.spec);
  checkSecurityContext(errors, `${field}.securityContext`, container.securityContext, pod.hostUsers);
}

/** Templates may hold padded images: some tools use them as placeholders. */
export function checkImagePadding(errors: FieldError[], field: string, container: any): void {
  const image = container.image ?? '';
  if (image.trim() !== image)
    errors.push(invalidValue(`${field}.image`, image, 'must not have leading or trailing whitespace'));
}

export function checkContainers(errors: FieldError[], field: string, pod: PodContext): void {
  const list: any[] = pod.spec.containers ?? [];
  if (!list.length) return void errors.push(required(field));
  const names = new Set<string>();
  for (let i = 0; i < list.length; i++) {
    const container = list[i];
    const at = `${field}[${i}]`;
    checkCommon(errors, at, container, pod);
    if (names.has(container.name)) errors.push(duplicate(`${at}.name`, container.name));
    names.add(container.name);
    if (container.lifecycle) checkLifecycle(errors, `${at}.lifecycle`, container.lifecycle, pod.grace);
    checkProbes(errors, at, container, pod.grace);
    checkRestart(errors, at, container);
  }
  checkHostPortConflicts(errors, field, list);
}

const onlySidecars = ['lifecycle', 'livenessProbe', 'readinessProbe', 'startupProbe'];

export function checkInitContainers(errors: FieldError[], field: string, pod: PodContext): void {
  const list: any[] = pod.spec.initContainers ?? [];
  if (!list.length) return;
  const names = new Set<string>((pod.spec.containers ?? []).map((c: any) => c.name));
  list.forEach((container, i) => {
    const at = `${field}[${i}]`;
    checkCommon(errors, at, container, pod);
    checkInitRestart(errors, at, container);
    if (names.has(container.name)) errors.push(duplicate(`${at}.name`, container.name));
    else if (container.name) names.add(container.name);
    // They run one after the other, so each is looked at alone; upstream counts from 0 here.
    checkHostPortConflicts(errors, field, [container]);
    if (container.restartPolicy === 'Always') {
      if (container.lifecycle) checkLifecycle(errors, `${at}.lifecycle`, container.lifecycle, pod.grace);
      checkProbes(errors, at, container, pod.grace);
    } else {
      for (const name of onlySidecars)
        if (container[name])
          errors.push(
            forbiddenField(`${at}.${name}`, 'may not be set for init containers without restartPolicy=Always'),
          );
    }
  });
}

const forEphemeral = new Set(
  (
    'name image command args workingDir envFrom env volumeMounts volumeDevices terminationMessagePath terminationMessagePolicy ' +
    'imagePullPolicy securityContext stdin stdinOnce tty targetContainerName'
  ).split(' '),
);
const notForEphemeral = 'cannot be set for an Ephemeral Container';

export function checkEphemeralContainers(errors: FieldError[], field: string, pod: PodContext): void {
  const list: any[] = pod.spec.ephemeralContainers ?? [];
  if (!list.length) return;
  const others = new Set<string>();
  for (const c of [...(pod.spec.containers ?? []), ...(pod.spec.initContainers ?? [])]) others.add(c.name);
  const names = new Set(others);
  list.forEach((container, i) => {
    const at = `${field}[${i}]`;
    checkCommon(errors, at, container, pod);
    checkImagePadding(errors, at, container);
    if (names.has(container.name)) errors.push(duplicate(`${at}.name`, container.name));
    names.add(container.name);
    const target = container.targetContainerName;
    if (target && !others.has(target)) errors.push(notFoundField(`${at}.targetContainerName`, target));
    for (const name in container)
      if (!forEphemeral.has(name) && isSet(container[name]))
        errors.push(forbiddenField(`${at}.${name}`, notForEphemeral));
    (container.volumeMounts ?? []).forEach((mount: any, m: number) => {
      if (mount.subPath) errors.push(forbiddenField(`${at}.volumeMounts[${m}].subPath`, notForEphemeral));
      if (mount.subPathExpr) errors.push(forbiddenField(`${at}.volumeMounts[${m}].subPathExpr`, notForEphemeral));
    });
  });
}

/** A variable out of a file: the file lies in an emptyDir of the pod. */
export function checkFileKeyVolumes(errors: FieldError[], at: string, container: any, volumes: any[]): void {
  (container.env ?? []).forEach((variable: any, i: number) => {
    const ref = variable.valueFrom?.fileKeyRef;
    if (!ref) return;
    const field = `${at}.env[${i}].valueFrom.fileKeyRef.volumeName`;
    const volume = volumes.find((v) => v.name === ref.volumeName);
    if (!volume) errors.push(notFoundField(field, ref.volumeName ?? ''));
    else if (!volume.emptyDir)
      errors.push(invalidValue(field, ref.volumeName, 'referenced volume must be of type emptyDir'));
  });
}

/** As in Go, where a pointer to an unknown value prints its text. */
export function checkPreemptionPolicy(errors: FieldError[], field: string, policy: string | undefined): void {
  if (policy === undefined) return;
  if (policy === '') errors.push(required(field));
  else if (policy !== 'PreemptLowerPriority' && policy !== 'Never')
    errors.push(notSupported(field, policy, ['PreemptLowerPriority', 'Never']));
}
