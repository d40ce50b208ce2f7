// The CRI v1 descriptor, loaded once when first asked for: message codecs and the methods of its two services.
// Reads: cri.v1.json (names, numbers and types of k8s.io/cri-api pkg/apis/runtime/v1/api.proto).
// Used by: client.ts and server.ts; typesText.ts prints the same descriptor as types.ts.
import { readFileSync } from 'node:fs';
import protobuf from 'protobufjs/light.js';

export interface Field {
  type: string;
  id: number;
  rule?: 'repeated';
  keyType?: string;
}
export interface Entry {
  fields?: Record<string, Field>;
  values?: Record<string, number>;
  methods?: Record<string, { requestType: string; responseType: string; responseStream?: boolean }>;
  nested?: Record<string, Entry>;
}
export type ServiceName = 'RuntimeService' | 'ImageService';

/** One rpc: `name` is the method as TypeScript calls it (`runPodSandbox`), `path` as the wire does. */
export interface Method {
  name: string;
  path: string;
  stream: boolean;
  request: Codec;
  response: Codec;
}
export interface Codec {
  encode(message: object): Buffer;
  decode(bytes: Uint8Array): any;
}

/** `pod_sandbox_id` → `podSandboxId`, as proto3's JSON form (and crictl) writes it. */
export const camelCase = (name: string): string => name.replace(/_([a-z])/g, (_, c: string) => c.toUpperCase());
export const methodName = (rpc: string): string => rpc.charAt(0).toLowerCase() + rpc.slice(1);

/** The messages, enums and services of package runtime.v1, with fields in camelCase. */
export function readDescriptor(): Record<string, Entry> {
  const text = readFileSync(new URL('./cri.v1.json', import.meta.url), 'utf8');
  const entries = (JSON.parse(text) as any).nested.runtime.nested.v1.nested as Record<string, Entry>;
  for (const entry of Object.values(entries)) {
    if (!entry.fields) continue;
    entry.fields = Object.fromEntries(Object.entries(entry.fields).map(([name, f]) => [camelCase(name), f]));
  }
  return entries;
}

let loaded: { root: protobuf.Root; entries: Record<string, Entry> } | undefined;

function load() {
  if (!loaded) {
    const entries = readDescriptor();
    loaded = { entries, root: protobuf.Root.fromJSON({ nested: entries } as protobuf.INamespace) };
  }
  return loaded;
}

/** The methods of one service; codecs compile on their first use. */
export function methodsOf(service: ServiceName): Method[] {
  const { root, entries } = load();
  return Object.entries(entries[service]!.methods!).map(([rpc, m]) => ({
    name: methodName(rpc),
    path: `/runtime.v1.${service}/${rpc}`,
    stream: m.responseStream === true,
    request: codec(root, m.requestType),
    response: codec(root, m.responseType),
  }));
}

/** What decoding fills in: every scalar, list and map is there; an absent message is null; 64-bit integers are bigint. */
const shape = { defaults: true, longs: BigInt, enums: String } as protobuf.IConversionOptions;

function codec(root: protobuf.Root, name: string): Codec {
  let type: protobuf.Type | undefined;
  const get = () => {
    type ??= root.lookupType(name);
    return type;
  };
  return {
    encode: (message) => Buffer.from(get().encode(get().fromObject(message)).finish()),
    decode: (bytes) => get().toObject(get().decode(bytes), shape),
  };
}
