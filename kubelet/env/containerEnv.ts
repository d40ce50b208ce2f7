// The environment of one container: envFrom, then env in order, then the Services; later names win over earlier ones.
// Reads: pod, ConfigMaps and Secrets (through `sources`), Services, addresses. Writes: name and value pairs.
// Mirrors: pkg/kubelet/kubelet_pods.go (makeEnvironmentVariables). Next: containerConfig.ts.
import { isRelaxedEnvVarName } from '../../apimachinery/names.ts';
import type { ConfigMap, Container, EnvVar, Pod, Secret } from '../../apimachinery/types.ts';
import { fieldValue, type PodFacts, resourceValue } from './downwardValue.ts';
import { expand } from './expand.ts';

/** Each rejects as the client does when the object is not there. */
export interface EnvSources {
  configMap(namespace: string, name: string): Promise<ConfigMap>;
  secret(namespace: string, name: string): Promise<Secret>;
  services: Record<string, string>;
  facts: PodFacts;
}

type Source = NonNullable<EnvVar['valueFrom']>;

/** Throws what becomes the message of CreateContainerConfigError. */
export async function containerEnv(pod: Pod, container: Container, s: EnvSources): Promise<Map<string, string>> {
  const env = new Map<string, string>();
  for (const from of container.envFrom ?? []) {
    for (const [name, value] of await allOf(pod, from, s)) {
      if (!isRelaxedEnvVarName(name).length) env.set(name, value);
    }
  }
  const mapped = new Map(env);
  for (const v of container.env ?? []) {
    const value = v.valueFrom ? await fromSource(pod, container, v.valueFrom, s) : expandValue(v, mapped, s.services);
    if (value === undefined) continue;
    mapped.set(v.name, value);
    env.set(v.name, value);
  }
  for (const [name, value] of Object.entries(s.services)) if (!env.has(name)) env.set(name, value);
  return env;
}

const expandValue = (v: EnvVar, before: Map<string, string>, services: Record<string, string>): string =>
  expand(v.value ?? '', (name) => before.get(name) ?? services[name]);

type EnvFrom = NonNullable<Container['envFrom']>[number];

async function allOf(pod: Pod, from: EnvFrom, s: EnvSources): Promise<[string, string][]> {
  const prefix = from.prefix ?? '';
  const namespace = pod.metadata.namespace ?? '';
  if (from.configMapRef) {
    const found = await optionally(from.configMapRef.optional, () => s.configMap(namespace, from.configMapRef!.name!));
    return Object.entries(found?.data ?? {}).map(([k, v]) => [prefix + k, v]);
  }
  if (!from.secretRef) return [];
  const found = await optionally(from.secretRef.optional, () => s.secret(namespace, from.secretRef!.name!));
  return Object.entries(found?.data ?? {}).map(([k, v]) => [prefix + k, decode(v)]);
}

async function fromSource(pod: Pod, container: Container, from: Source, s: EnvSources): Promise<string | undefined> {
  const namespace = pod.metadata.namespace ?? '';
  if (from.fieldRef) return fieldValue(from.fieldRef.fieldPath, pod, s.facts);
  if (from.resourceFieldRef) {
    const { resource, divisor, containerName } = from.resourceFieldRef;
    const all = [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])];
    const named = containerName ? all.find((c) => c.name === containerName) : container;
    if (!named) throw new Error(`container ${containerName} not found`);
    return resourceValue(resource, divisor as string | undefined, named, s.facts);
  }
  if (from.configMapKeyRef) {
    const { name, key, optional } = from.configMapKeyRef;
    const found = await optionally(optional, () => s.configMap(namespace, name!));
    const value = found?.data?.[key];
    if (value === undefined && !optional) throw new Error(`couldn't find key ${key} in ConfigMap ${namespace}/${name}`);
    return value;
  }
  if (!from.secretKeyRef) return '';
  const { name, key, optional } = from.secretKeyRef;
  const found = await optionally(optional, () => s.secret(namespace, name!));
  const value = found?.data?.[key];
  if (value === undefined && !optional) throw new Error(`couldn't find key ${key} in Secret ${namespace}/${name}`);
  return value === undefined ? undefined : decode(value);
}

const decode = (base64: string): string => Buffer.from(base64, 'base64').toString('utf8');

async function optionally<T>(optional: boolean | undefined, get: () => Promise<T>): Promise<T | undefined> {
  try {
    return await get();
  } catch (error) {
    if (optional && (error as { reason?: string }).reason === 'NotFound') return undefined;
    throw error;
  }
}
