// What is accepted in a pod but most likely not meant: the texts of Warning headers.
// Mirrors: pkg/api/pod/warnings.go and pkg/api/node/util.go.
// Called by: ../pod.ts on create, and ../podTemplate.ts for templates.
import { warningsForIP } from '../../../apimachinery/ipFormat.ts';
import { isDNS1123Label, isValidLabelValue } from '../../../apimachinery/names.ts';
import { milliValue, parseQuantity, quantityText } from '../../../apimachinery/quantity.ts';
import { claimSpecWarnings } from '../claim/spec.ts';
import { appArmorPrefix, seccompPod, seccompPrefix } from './annotations.ts';
import { pathWarnings } from './pathWarnings.ts';
import { eachContainer } from './spec.ts';

const oldLabels: Record<string, [since: string, instead: string]> = {
  'beta.kubernetes.io/arch': ['v1.14', 'kubernetes.io/arch'],
  'beta.kubernetes.io/os': ['v1.14', 'kubernetes.io/os'],
  'failure-domain.beta.kubernetes.io/region': ['v1.17', 'topology.kubernetes.io/region'],
  'failure-domain.beta.kubernetes.io/zone': ['v1.17', 'topology.kubernetes.io/zone'],
  'beta.kubernetes.io/instance-type': ['v1.17', 'node.kubernetes.io/instance-type'],
};
/** What took the place of a node label. */
export const labelSuccessor = (key: string): string | undefined =>
  Object.hasOwn(oldLabels, key) ? oldLabels[key]![1] : undefined;
/** Why a node label should no longer be used; undefined when it may. */
export function deprecatedLabel(key: string): string | undefined {
  const known = Object.hasOwn(oldLabels, key) ? oldLabels[key] : undefined;
  return known && `deprecated since ${known[0]}; use "${known[1]}" instead`;
}

const oldAnnotations: Record<string, string> = {
  'scheduler.alpha.kubernetes.io/critical-pod': 'non-functional in v1.16+; use the "priorityClassName" field instead',
  'security.alpha.kubernetes.io/sysctls': 'non-functional in v1.11+; use the "sysctls" field instead',
  'security.alpha.kubernetes.io/unsafe-sysctls': 'non-functional in v1.11+; use the "sysctls" field instead',
};
const oldVolumes: Record<string, [path: string, text: string]> = {
  photonPersistentDisk: ['photonPersistentDisk', 'deprecated in v1.11, non-functional in v1.16+'],
  gitRepo: ['gitRepo', 'deprecated in v1.11, and disabled by default in v1.33+'],
  scaleIO: ['scaleIO', 'deprecated in v1.16, non-functional in v1.22+'],
  flocker: ['flocker', 'deprecated in v1.22, non-functional in v1.25+'],
  storageos: ['storageOS', 'deprecated in v1.22, non-functional in v1.25+'],
  quobyte: ['quobyte', 'deprecated in v1.22, non-functional in v1.25+'],
  glusterfs: ['glusterfs', 'deprecated in v1.25, non-functional in v1.26+'],
  cephfs: ['cephfs', 'deprecated in v1.28, non-functional in v1.31+'],
  rbd: ['rbd', 'deprecated in v1.28, non-functional in v1.31+'],
};
const seccompText = 'non-functional in v1.27+; use the "seccompProfile" field instead';

/** `at`: path of what holds spec and metadata; empty for a pod. */
type Warn = (path: string, text: string) => void;

/** The deprecated labels in a term, one text each. */
export const labelWarnings = (field: string, term: any): string[] =>
  (term?.matchExpressions ?? []).flatMap((e: any, i: number) => {
    const text = deprecatedLabel(e.key);
    return text ? [`${field}.matchExpressions[${i}].key: ${e.key} is ${text}`] : [];
  });

function ofTerm(warn: Warn, field: string, term: any): void {
  (term?.matchExpressions ?? []).forEach((e: any, i: number) => {
    const text = deprecatedLabel(e.key);
    if (text) warn(`${field}.matchExpressions[${i}].key`, `${e.key} is ${text}`);
    (e.values ?? []).forEach((value: string, j: number) => {
      for (const broken of isValidLabelValue(value))
        warn(`${field}.matchExpressions[${i}].values[${j}]`, `${value} is invalid, ${broken}`);
    });
  });
}

function ofPlacement(warn: Warn, field: string, spec: any): void {
  for (const key in spec.nodeSelector) {
    const text = deprecatedLabel(key);
    if (text) warn(`${field}.nodeSelector[${key}]`, text);
  }
  const affinity = spec.affinity?.nodeAffinity;
  const at = `${field}.affinity.nodeAffinity`;
  (affinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? []).forEach((t: any, i: number) => {
    ofTerm(warn, `${at}.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[${i}]`, t);
  });
  (affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).forEach((t: any, i: number) => {
    ofTerm(warn, `${at}.preferredDuringSchedulingIgnoredDuringExecution[${i}].preference`, t.preference);
  });
  (spec.topologySpreadConstraints ?? []).forEach((c: any, i: number) => {
    const text = deprecatedLabel(c.topologyKey);
    const constraint = `${field}.topologySpreadConstraints[${i}]`;
    if (text) warn(`${constraint}.topologyKey`, `${c.topologyKey} is ${text}`);
    if (!c.labelSelector) warn(`${constraint}.labelSelector`, noSelector);
  });
}

function ofVolumes(warn: Warn, add: (text: string) => void, field: string, volumes: any[]): void {
  volumes.forEach((volume, i) => {
    for (const plugin in volume) {
      const old = Object.hasOwn(oldVolumes, plugin) && volume[plugin] ? oldVolumes[plugin] : undefined;
      if (old) warn(`${field}.volumes[${i}].${old[0]}`, old[1]);
    }
    const claim = volume.ephemeral?.volumeClaimTemplate?.spec;
    const at = `${field}.volumes[${i}].ephemeral.volumeClaimTemplate.spec`;
    if (claim) for (const text of claimSpecWarnings(at, claim)) add(text);
  });
  for (const volume of volumes) for (const text of pathWarnings(volume)) add(text);
}

function ofAmounts(warn: Warn, field: string, list: Record<string, string> | undefined): void {
  for (const name of ['memory', 'ephemeral-storage']) {
    if (list?.[name] === undefined) continue;
    const amount = parseQuantity(list[name]);
    if (milliValue(amount) % 1000 !== 0)
      warn(`${field}[${name}]`, `fractional byte value "${quantityText(amount)}" is invalid, must be an integer`);
  }
}

function ofEnv(warn: Warn, field: string, variables: any[]): void {
  const seen = new Set<string>();
  variables.forEach((variable, i) => {
    const { name, value = '', valueFrom } = variable;
    const self = `$(${name})`;
    if (seen.has(name) && (valueFrom || value === self || !value.includes(self)))
      warn(`${field}[${i}]`, `hides previous definition of "${name}", which may be dropped when using apply`);
    seen.add(name);
  });
}

/** As Go prints the struct. */
const goPort = ({ name = '', hostPort = 0, containerPort = 0, protocol = '', hostIP = '' }: any) =>
  `{Name:${name} HostPort:${hostPort} ContainerPort:${containerPort} Protocol:${protocol} HostIP:${hostIP}}`;

function ofPorts(warn: Warn, spec: any, field: string): void {
  const known = new Map<string, { at: string; port: any }[]>();
  eachContainer(
    spec,
    field,
  )((container, at) => {
    (container.ports ?? []).forEach((port: any, i: number) => {
      const here = `${at}.ports[${i}]`;
      if (port.hostIP && !port.hostPort) warn(here, `hostIP set without hostPort: ${goPort(port)}`);
      const key = `${port.containerPort}/${port.protocol}`;
      const others = known.get(key) ?? [];
      for (const other of others) {
        const [mine, its] = [port.hostPort ?? 0, other.port.hostPort ?? 0];
        const sameIP = (port.hostIP ?? '') === (other.port.hostIP ?? '');
        if (sameIP && mine === its) warn(here, `duplicate port definition with ${other.at}`);
        else if (!mine || !its) warn(here, `overlapping port definition with ${other.at}`);
        else if (mine === its && !port.hostIP !== !other.port.hostIP)
          warn(here, `dangerously ambiguous port definition with ${other.at}`);
      }
      known.set(key, [...others, { at: here, port }]);
    });
  });
}

function ofLists(warn: Warn, add: (text: string) => void, field: string, spec: any): void {
  const ips = new Set<string>();
  (spec.hostAliases ?? []).forEach((alias: any, i: number) => {
    if (ips.has(alias.ip)) warn(`${field}.hostAliases[${i}].ip`, `duplicate ip "${alias.ip}"`);
    ips.add(alias.ip);
  });
  for (const [i, ip] of (spec.dnsConfig?.nameservers ?? []).entries())
    for (const text of warningsForIP(`${field}.dnsConfig.nameservers[${i}]`, ip)) add(text);
  for (const [i, alias] of (spec.hostAliases ?? []).entries())
    for (const text of warningsForIP(`${field}.hostAliases[${i}].ip`, alias.ip ?? '')) add(text);
  const names = new Set<string>();
  (spec.imagePullSecrets ?? []).forEach((secret: any, i: number) => {
    const at = `${field}.imagePullSecrets[${i}].name`;
    if (names.has(secret.name)) warn(at, `duplicate name "${secret.name}"`);
    if (!secret.name) warn(at, 'invalid empty name ""');
    names.add(secret.name);
  });
}

function ofContainers(warn: Warn, at: string, spec: any, annotations: any): void {
  const isTemplate = at !== '';
  const join = (path: string) => (at ? `${at}.${path}` : path);
  const profile = spec.securityContext?.appArmorProfile;
  eachContainer(
    spec,
    join('spec'),
  )((container, field) => {
    const seccomp = seccompPrefix + container.name;
    if (!container.securityContext?.seccompProfile && annotations[seccomp] !== undefined)
      warn(join(`metadata.annotations[${seccomp}]`), seccompText);
    const appArmor = appArmorPrefix + container.name;
    const hasField = profile || container.securityContext?.appArmorProfile;
    if (isTemplate && !hasField && annotations[appArmor] !== undefined)
      warn(
        join(`metadata.annotations[${appArmor}]`),
        'deprecated since v1.30; use the "appArmorProfile" field instead',
      );
    ofAmounts(warn, `${field}.resources.limits`, container.resources?.limits);
    ofAmounts(warn, `${field}.resources.requests`, container.resources?.requests);
    if (container.env) ofEnv(warn, `${field}.env`, container.env);
  });
}

const noSelector = 'a null labelSelector results in matching no pod';

function ofPodAffinity(warn: Warn, field: string, affinity: any): void {
  for (const name of ['podAffinity', 'podAntiAffinity']) {
    const required = 'requiredDuringSchedulingIgnoredDuringExecution';
    const preferred = 'preferredDuringSchedulingIgnoredDuringExecution';
    (affinity[name]?.[required] ?? []).forEach((term: any, i: number) => {
      if (!term.labelSelector) warn(`${field}.${name}.${required}[${i}].labelSelector`, noSelector);
    });
    (affinity[name]?.[preferred] ?? []).forEach(({ podAffinityTerm: term }: any, i: number) => {
      if (!term?.labelSelector) warn(`${field}.${name}.${preferred}[${i}].podAffinityTerm.labelSelector`, noSelector);
    });
  }
}

/** Of a spec and the metadata beside it. `at`: empty for a pod, `spec.template` for a workload's template. */
export function specWarnings(at: string, spec: any, metadata: any): string[] {
  const warnings: string[] = [];
  const add = (text: string) => void warnings.push(text);
  const warn: Warn = (path, text) => add(`${path}: ${text}`);
  const field = at ? `${at}.spec` : 'spec';
  const annotations = metadata?.annotations ?? {};
  ofPlacement(warn, field, spec);
  const annotationsAt = at ? `${at}.metadata.annotations` : 'metadata.annotations';
  for (const key in oldAnnotations)
    if (annotations[key] !== undefined) warn(`${annotationsAt}[${key}]`, oldAnnotations[key]!);
  if (spec.volumes) ofVolumes(warn, add, field, spec.volumes);
  ofLists(warn, add, field, spec);
  ofAmounts(warn, `${field}.overhead`, spec.overhead);
  if (!spec.securityContext?.seccompProfile && annotations[seccompPod] !== undefined)
    warn(`${annotationsAt}[${seccompPod}]`, seccompText);
  ofContainers(warn, at, spec, annotations);
  ofPorts(warn, spec, field);
  if (spec.terminationGracePeriodSeconds < 0)
    warn(
      `${field}.terminationGracePeriodSeconds`,
      'must be >= 0; negative values are invalid and will be treated as 1',
    );
  ofPodAffinity(warn, `${field}.affinity`, spec.affinity ?? {});
  return warnings;
}

/** Pod names become host names; `what` says where. */
export function nameWarnings(name: string | undefined, what: string): string[] {
  const texts = name ? isDNS1123Label(name) : [];
  if (!texts.length) return [];
  return [
    `metadata.name: this is used in ${what}, which can result in surprising behavior; a DNS label is recommended: [${texts.join(' ')}]`,
  ];
}

/** On create alone: updates of pods are frequent, and made by programs. */
export function podWarnings(pod: any, old: any): string[] {
  if (old) return [];
  return [...nameWarnings(pod.metadata.name, "the Pod's hostname"), ...specWarnings('', pod.spec, pod.metadata)];
}

/** Of what a node agent reports. */
export const podStatusWarnings = ({ status = {} }: any): string[] =>
  ['podIPs', 'hostIPs'].flatMap((list) =>
    (status[list] ?? []).flatMap((a: any, i: number) => warningsForIP(`status.${list}[${i}].ip`, a.ip ?? '')),
  );
