// An OpenAPI document as the protobuf that older kubectl and typed clients ask for: gnostic's messages, version 2 and 3.
// Reads: gnostic.json (the messages' fields: [number, type, repeated]). Mirrors: kube-openapi's ToProtoBinary over google/gnostic-models.
// Used by v2.ts and v3.ts. What JSON says in one way the messages say in several: maps are lists of named values, alternatives are wrapped.
import { readFileSync } from 'node:fs';
import { Writer } from '../codecs/protobuf/writer.ts';

type FieldFacts = [id: number, type: string, repeated?: 1];
type Facts = Record<'v2' | 'v3', Record<string, Record<string, FieldFacts>>>;

interface Field {
  id: number;
  type: string;
  repeated: boolean;
  /** The name in JSON. */
  json: string;
}
type Messages = Map<string, Field[]>;

const loaded = new Map<string, Messages>();

function messagesOf(version: 'v2' | 'v3'): Messages {
  const known = loaded.get(version);
  if (known) return known;
  const facts: Facts = JSON.parse(readFileSync(new URL('./gnostic.json', import.meta.url), 'utf8'));
  const made: Messages = new Map();
  for (const [name, fields] of Object.entries(facts[version]))
    made.set(
      name,
      Object.entries(fields)
        .map(([field, [id, type, repeated]]) => ({ id, type, repeated: repeated === 1, json: jsonName(field) }))
        .sort((a, b) => b.id - a.id),
    );
  loaded.set(version, made);
  return made;
}

const jsonName = (field: string) => (field === '_ref' ? '$ref' : field.replace(/_(\w)/g, (_, c) => c.toUpperCase()));

/** A part of a document as a message of that name, without tag or length. */
export function gnosticMessage(version: 'v2' | 'v3', name: string, value: any): Buffer {
  const out = new Writer();
  out.reset();
  encode(messagesOf(version), name, value, out);
  return out.bytes();
}

/** A message as one field of another: for documents that are put together from parts. */
export function gnosticField(id: number, content: Buffer): Buffer {
  const out = new Writer();
  out.reset();
  out.raw(content);
  out.close(0, id);
  return out.bytes();
}

function encode(messages: Messages, name: string, value: any, out: Writer): void {
  const fields = messages.get(name);
  if (!fields) throw new Error(`OpenAPI has no message ${name}`);
  const shaped = shapes[name]?.(value) ?? value;
  for (const field of fields) {
    const inner = memberOf(shaped, field);
    if (inner === undefined || inner === null) continue;
    if (!field.repeated) encodeOne(messages, field, inner, out);
    else for (let i = inner.length - 1; i >= 0; i--) encodeOne(messages, field, inner[i], out);
  }
}

/** Maps become lists of named values, in the order of their keys. */
function memberOf(value: any, { json, type }: Field): any {
  if (json === 'additionalProperties' && type.startsWith('Named')) return named(value, () => true);
  if (json === 'vendorExtension' || json === 'specificationExtension')
    return named(value, (key) => key.startsWith('x-'));
  return value[json];
}

const named = (value: Record<string, unknown>, wanted: (key: string) => boolean) =>
  Object.keys(value)
    .filter(wanted)
    .map((name) => ({ name, value: value[name] }));

function encodeOne(messages: Messages, { id, type }: Field, value: any, out: Writer): void {
  switch (type) {
    case 'string':
      if (value !== '') out.string(id, value);
      break;
    case 'bool':
      out.varint(value ? 1 : 0);
      out.varint(id * 8);
      break;
    case 'int64':
      out.int(value);
      out.varint(id * 8);
      break;
    case 'double':
      out.double(value);
      out.varint(id * 8 + 1);
      break;
    default: {
      const before = out.size;
      encode(messages, type, value, out);
      out.close(before, id);
    }
  }
}

/** Either the thing itself, under this name, or a reference to it. */
const orReference = (name: string) => (value: any) =>
  value.$ref === undefined ? { [name]: value } : { reference: value };
const orJsonReference = (name: string) => (value: any) =>
  value.$ref === undefined ? { [name]: value } : { jsonReference: value };
const listed = (name: string) => (value: any) => ({ [name]: Array.isArray(value) ? value : [value] });
const pathsAndExtensions = (value: object) => ({ ...value, path: named(value as any, (key) => key.startsWith('/')) });

const places: Record<string, string> = {
  query: 'queryParameterSubSchema',
  path: 'pathParameterSubSchema',
  header: 'headerParameterSubSchema',
  formData: 'formDataParameterSubSchema',
};

/** Messages whose JSON has another shape. JSON is YAML, which Any holds. */
const shapes: Record<string, (value: any) => any> = {
  Any: (value) => ({ yaml: `${JSON.stringify(value)}\n` }),
  TypeItem: listed('value'),
  StringArray: listed('value'),
  Paths: pathsAndExtensions,

  // Version 2.
  ItemsItem: (value) => ({ ...listed('schema')(value), ...listed('schemaOrReference')(value) }),
  AdditionalPropertiesItem: (value) =>
    typeof value === 'boolean' ? { boolean: value } : { schema: value, schemaOrReference: value },
  Parameter: (value) =>
    value.in === 'body' ? { bodyParameter: value } : value.schema ? value : { nonBodyParameter: value },
  NonBodyParameter: (value) => ({ [places[value.in]!]: value }),
  ParametersItem: orJsonReference('parameter'),
  ResponseValue: orJsonReference('response'),
  SchemaItem: (value) => ({ schema: value }),
  SecurityDefinitionsItem: (value) => ({ apiKeySecurity: value }),
  Responses: (value) => {
    const { default: otherwise, ...codes } = value;
    const each = named(codes, (key) => !key.startsWith('x-'));
    return { ...value, default: otherwise, responseCode: each, responseOrReference: each };
  },

  // Version 3.
  SchemaOrReference: orReference('schema'),
  ParameterOrReference: orReference('parameter'),
  RequestBodyOrReference: orReference('requestBody'),
  ResponseOrReference: orReference('response'),
  SecuritySchemeOrReference: orReference('securityScheme'),
  // It knows no object, and is empty then.
  DefaultType: (value) => ({ [typeof value]: value }),
};
