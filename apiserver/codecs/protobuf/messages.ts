// The messages of Kubernetes' protobuf as plans that the encoder and the decoder walk: field numbers, JSON's names for them, and which
// fields Go writes even when they are zero. Reads: ../v1.35.proto.json (numbers), the OpenAPI facts (names), zeros.ts and presence.ts.
// Mirrors: the generated.proto files of k8s.io/api and what gogo generates from them. Next: encode.ts, decode.ts.
import { readFileSync } from 'node:fs';
import { definition } from '../../openapi/definitions.ts';
import { pointerStrings, pointerStructs, pointerTimeOf, pointerTimes, valueStructs } from './presence.ts';
import { omittedZeros, shownZeros } from './zeros.ts';

export type Scalar = 'string' | 'bool' | 'bytes' | 'int32' | 'int64' | 'double';

/** Messages whose JSON is not an object of their fields. */
export type Special =
  | 'Quantity'
  | 'Time'
  | 'MicroTime'
  | 'Duration'
  | 'IntOrString'
  | 'RawJson'
  | 'Items'
  | 'OrArray'
  | 'OrBool'
  | 'OrStringArray';

export interface Field {
  id: number;
  /** The name in JSON; empty for a struct that Go embeds: its fields stand in the outer object. */
  name: string;
  scalar?: Scalar;
  /** Absent for scalars. */
  message?: Message;
  repeated: boolean;
  map: boolean;
  /** Held by value: written when JSON has none. */
  value: boolean;
  /** A zero that was read is left out of JSON. */
  omitZero: boolean;
}

export interface Message {
  /** `core.v1.Pod` */
  name: string;
  special?: Special;
  /** By number. Planned on first use, since messages refer to each other. */
  readonly fields: readonly Field[];
  /** The same, found by number. */
  readonly byId: readonly (Field | undefined)[];
}

interface Described {
  fields: Record<string, { id: number; type: string; rule?: 'repeated'; keyType?: string }>;
}
interface Package {
  nested?: Record<string, Package>;
  fields?: Described['fields'];
}

const scalars = new Set(['string', 'bool', 'bytes', 'int32', 'int64', 'double']);
const specials: Record<string, Special> = {
  Quantity: 'Quantity',
  Time: 'Time',
  MicroTime: 'MicroTime',
  Duration: 'Duration',
  IntOrString: 'IntOrString',
  RawExtension: 'RawJson',
  FieldsV1: 'RawJson',
  JSON: 'RawJson',
  ExtraValue: 'Items',
  Verbs: 'Items',
  JSONSchemaPropsOrArray: 'OrArray',
  JSONSchemaPropsOrBool: 'OrBool',
  JSONSchemaPropsOrStringArray: 'OrStringArray',
};

const packages: Record<string, string> = {
  'apiextensions.k8s.io': 'k8s.io.apiextensions_apiserver.pkg.apis.apiextensions',
  'apiregistration.k8s.io': 'k8s.io.kube_aggregator.pkg.apis.apiregistration',
  'internal.apiserver.k8s.io': 'k8s.io.api.apiserverinternal',
};
const metaPackage = 'k8s.io.apimachinery.pkg.apis.meta';

let facts: Package | undefined;
const planned = new Map<string, Message>();

/** The facts cost memory, and many clusters never see a protobuf body. */
function root(): Package {
  facts ??= JSON.parse(readFileSync(new URL('../v1.35.proto.json', import.meta.url), 'utf8')) as Package;
  return facts;
}

function lookup(name: string): Described | undefined {
  let at: Package | undefined = root();
  for (const part of name.split('.')) at = at?.nested?.[part];
  return at?.fields ? (at as Described) : undefined;
}

/**
 * The message of a kind; undefined when it has none (custom resources, Table). Kinds of meta.k8s.io, Status and the options of requests are
 * registered in every group.
 */
export function messageOf(apiVersion: string, kind: string): Message | undefined {
  const slash = apiVersion.indexOf('/');
  const group = slash < 0 ? '' : apiVersion.slice(0, slash);
  const version = apiVersion.slice(slash + 1);
  const home = packages[group] ?? `k8s.io.api.${group.split('.', 1)[0] || 'core'}`;
  if (group === 'meta.k8s.io')
    return message(`${metaPackage}.${version}.${kind}`) ?? message(`${metaPackage}.v1.${kind}`);
  return (isBuiltin(group) ? message(`${home}.${version}.${kind}`) : undefined) ?? message(`${metaPackage}.v1.${kind}`);
}

/** A group of somebody else may begin like one of Kubernetes' own: `apps.example.com` is not apps. */
const isBuiltin = (group: string) => !group.includes('.') || group.endsWith('.k8s.io');

/** One message by its full name, planned once. */
export function message(fullName: string): Message | undefined {
  const known = planned.get(fullName);
  if (known) return known;
  const described = lookup(fullName);
  if (!described) return undefined;
  const made = plan(fullName, described);
  planned.set(fullName, made);
  return made;
}

function plan(fullName: string, described: Described): Message {
  const parts = fullName.split('.');
  const name = parts.slice(-3).join('.');
  let made: Pick<Message, 'fields' | 'byId'> | undefined;
  const get = () => {
    if (made) return made;
    const fields = fieldsOf(fullName, name, described);
    // A message may have no fields at all, such as a CRD version's status subresource.
    const byId: (Field | undefined)[] = new Array((fields.at(-1)?.id ?? 0) + 1).fill(undefined);
    for (const field of fields) byId[field.id] = field;
    made = { fields, byId };
    return made;
  };
  return {
    name,
    special: specials[parts.at(-1)!],
    get fields() {
      return get().fields;
    },
    get byId() {
      return get().byId;
    },
  };
}

/** `k8s.io.api.core.v1.Pod` → `io.k8s.api.core.v1.Pod`. */
const definitionName = (fullName: string) => fullName.replace(/^k8s\.io\./, 'io.k8s.').replaceAll('_', '-');
/** Go names a field xKubernetesListType or uID where JSON says x-kubernetes-list-type and uid. */
const bare = (name: string) => name.toLowerCase().replace(/[^a-z0-9]/g, '');

function fieldsOf(fullName: string, name: string, described: Described): Field[] {
  const schema = definition(definitionName(fullName));
  // Messages whose JSON is no object keep the names of their fields.
  const inJson = schema?.properties && new Map(Object.keys(schema.properties).map((key) => [bare(key), key]));
  const required = new Set(schema?.required);
  const fields = Object.entries(described.fields).map(([field, { id, type, rule, keyType }]): Field => {
    const scalar = scalars.has(type) ? (type as Scalar) : undefined;
    const inner = scalar ? undefined : messageIn(fullName, type);
    const json = inJson ? (inJson.get(bare(field)) ?? (inner ? '' : field)) : field;
    const single = !rule && !keyType;
    const facts = { message: name, field, scalar, type: inner?.special, required: required.has(json) || json === '' };
    const value = single && isValue(facts);
    return {
      id,
      name: json,
      scalar,
      message: inner,
      repeated: rule !== undefined,
      map: keyType !== undefined,
      value,
      omitZero: single && isOmitted(facts),
    };
  });
  return fields.sort((a, b) => a.id - b.id);
}

/** Types are named relative to the package, or in full behind a dot. */
function messageIn(fullName: string, type: string): Message {
  const home = fullName.slice(0, fullName.lastIndexOf('.'));
  const found = type.startsWith('.') ? message(type.slice(1)) : message(`${home}.${type}`);
  if (!found) throw new Error(`${fullName} refers to ${type}, which is not described`);
  return found;
}

interface FieldFacts {
  message: string;
  field: string;
  scalar: Scalar | undefined;
  type: Special | undefined;
  required: boolean;
}

const has = (table: Record<string, readonly string[]>, f: FieldFacts) => table[f.message]?.includes(f.field) ?? false;

function isValue(f: FieldFacts): boolean {
  if (f.scalar === 'bytes') return false;
  if (f.scalar === 'string') return !has(pointerStrings, f);
  if (f.scalar) return f.required || has(omittedZeros, f) || has(shownZeros, f);
  if (f.type === 'Time' || f.type === 'MicroTime') return !pointerTimes.has(f.field) && !has(pointerTimeOf, f);
  if (has(pointerStructs, f)) return false;
  return f.required || ['metadata', 'spec', 'status'].includes(f.field) || has(valueStructs, f);
}

/** Numbers and booleans that JSON leaves out when zero, and strings that are neither by pointer nor required. */
const isOmitted = (f: FieldFacts) =>
  f.scalar === 'string'
    ? !has(pointerStrings, f) && !f.required
    : f.scalar !== undefined && f.scalar !== 'bytes' && has(omittedZeros, f);
