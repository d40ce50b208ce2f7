// The files of configMap, secret, downwardAPI and projected volumes, as data.
// Reads: ConfigMaps, Secrets, the pod, tokens. Writes: a payload for atomicWriter.ts; throws the text of FailedMount.
// Mirrors: pkg/volume/{configmap,secret,downwardapi,projected}. Next: volumeManager.ts.
import { parseQuantity } from '../../apimachinery/quantity.ts';
import type { ConfigMap, Pod, Secret, Volume } from '../../apimachinery/types.ts';
import { fieldValue, type PodFacts, resourceValue } from '../env/downwardValue.ts';
import type { FileEntry, Payload } from './atomicWriter.ts';

export interface PayloadSources {
  configMap(namespace: string, name: string): Promise<ConfigMap>;
  secret(namespace: string, name: string): Promise<Secret>;
  /** A token for the pod's ServiceAccount. */
  token(pod: Pod, o: { audience?: string; expirationSeconds?: number }): Promise<string>;
  facts: PodFacts;
}

type KeyToPath = { key: string; path: string; mode?: number };
type DownwardItem = NonNullable<NonNullable<Volume['downwardAPI']>['items']>[number];
type ProjectedSource = NonNullable<NonNullable<Volume['projected']>['sources']>[number];

const defaultMode = 0o644;
const bytesOf = (text: string): Buffer => Buffer.from(text, 'utf8');

/** undefined for a volume that is no set of files. */
export async function volumePayload(pod: Pod, volume: Volume, s: PayloadSources): Promise<Payload | undefined> {
  const { configMap, secret, downwardAPI, projected } = volume;
  if (configMap) return configMapFiles(pod, configMap, configMap.defaultMode, s);
  if (secret) return secretFiles(pod, { ...secret, name: secret.secretName }, secret.defaultMode, s);
  if (downwardAPI) return downwardFiles(pod, downwardAPI.items ?? [], downwardAPI.defaultMode, s.facts);
  if (!projected) return undefined;
  const merged: Payload = new Map();
  for (const source of projected.sources ?? []) {
    for (const [path, file] of await sourceFiles(pod, source, projected.defaultMode, s)) merged.set(path, file);
  }
  return merged;
}

async function sourceFiles(
  pod: Pod,
  source: ProjectedSource,
  mode: number | undefined,
  s: PayloadSources,
): Promise<Payload> {
  if (source.configMap) return configMapFiles(pod, source.configMap, mode, s);
  if (source.secret) return secretFiles(pod, source.secret, mode, s);
  if (source.downwardAPI) return downwardFiles(pod, source.downwardAPI.items ?? [], mode, s.facts);
  if (!source.serviceAccountToken) return new Map();
  const { path, audience, expirationSeconds } = source.serviceAccountToken;
  const token = await s.token(pod, { audience, expirationSeconds });
  // A token is its pod's alone: with an fsGroup for the group, else for root (or the one user all containers run as).
  const asked = mode ?? defaultMode;
  const tokenMode = pod.spec?.securityContext?.fsGroup !== undefined ? 0o640 : asked;
  return new Map([[path, { data: bytesOf(token), mode: tokenMode }]]);
}

interface Reference {
  name?: string;
  items?: KeyToPath[];
  optional?: boolean;
}

async function configMapFiles(pod: Pod, ref: Reference, mode: number | undefined, s: PayloadSources): Promise<Payload> {
  const found = await optionally(ref, () => s.configMap(pod.metadata.namespace ?? '', ref.name ?? ''));
  const all = new Map<string, Buffer>();
  for (const [k, v] of Object.entries(found?.data ?? {})) all.set(k, bytesOf(v));
  for (const [k, v] of Object.entries(found?.binaryData ?? {})) all.set(k, Buffer.from(v, 'base64'));
  return chosen(all, ref, mode, 'config');
}

async function secretFiles(pod: Pod, ref: Reference, mode: number | undefined, s: PayloadSources): Promise<Payload> {
  const found = await optionally(ref, () => s.secret(pod.metadata.namespace ?? '', ref.name ?? ''));
  const all = new Map(Object.entries(found?.data ?? {}).map(([k, v]) => [k, Buffer.from(v, 'base64')]));
  return chosen(all, ref, mode, 'secret');
}

/** All keys, or those that items name, under the paths that they name. */
function chosen(all: Map<string, Buffer>, ref: Reference, mode = defaultMode, what: 'config' | 'secret'): Payload {
  if (!ref.items?.length) return new Map([...all].map(([k, data]): [string, FileEntry] => [k, { data, mode }]));
  const out: Payload = new Map();
  for (const item of ref.items) {
    const data = all.get(item.key);
    if (data) out.set(item.path, { data, mode: item.mode ?? mode });
    else if (!ref.optional) throw new Error(`references non-existent ${what} key: ${item.key}`);
  }
  return out;
}

function downwardFiles(pod: Pod, items: DownwardItem[], mode = defaultMode, facts: PodFacts): Payload {
  const value = (item: DownwardItem): string => {
    if (item.fieldRef) return fieldValue(item.fieldRef.fieldPath, pod, facts);
    const ref = item.resourceFieldRef;
    if (!ref) return '';
    const all = [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])];
    const container = all.find((c) => c.name === ref.containerName);
    if (!container) throw new Error(`container ${ref.containerName} not found`);
    if (ref.divisor) parseQuantity(ref.divisor as string);
    return resourceValue(ref.resource, ref.divisor as string | undefined, container, facts);
  };
  return new Map(items.map((i): [string, FileEntry] => [i.path, { data: bytesOf(value(i)), mode: i.mode ?? mode }]));
}

async function optionally<T>(ref: Reference, get: () => Promise<T>): Promise<T | undefined> {
  try {
    return await get();
  } catch (error) {
    if (ref.optional && (error as { reason?: string }).reason === 'NotFound') return undefined;
    throw error;
  }
}
