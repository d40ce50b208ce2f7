// Prints the CRI descriptor as TypeScript: how cri/types.ts is made, and how a test knows that it is current.
// Reads: cri.v1.json through descriptor.ts. Writes: nothing, unless started: `node cri/typesText.ts > cri/types.ts`.
import { type Entry, type Field, methodName, readDescriptor } from './descriptor.ts';

const scalars: Record<string, string> = {
  string: 'string',
  bool: 'boolean',
  bytes: 'Uint8Array',
  double: 'number',
  int32: 'number',
  uint32: 'number',
  int64: 'bigint',
  uint64: 'bigint',
};

const banner = `// The messages and methods of CRI v1, printed from cri.v1.json by typesText.ts: do not edit by hand.
// 64-bit integers are bigint everywhere (timestamps are nanoseconds and exceed 2^53); enums are their names.
// Decoded messages have every scalar, list and map; a message that was not sent is null. Windows messages are left out.`;

const isWindows = (name: string) => name.startsWith('Windows');

/** The text of types.ts. */
export function typesText(entries: Record<string, Entry> = readDescriptor()): string {
  const kept = Object.entries(entries).filter(([name]) => !isWindows(name));
  const isEnum = (name: string) => entries[name]?.values !== undefined;
  const types = kept.flatMap(([name, e]) => {
    if (e.methods) return [methodsText(name, e)];
    if (e.values) return [enumText(name, e.values)];
    const nested = Object.entries(e.nested ?? {}).map(([n, inner]) => enumText(name + n, inner.values!));
    return [...nested, messageText(name, e, isEnum)];
  });
  return `${banner}\n${types.join('\n')}\n`;
}

const enumText = (name: string, values: Record<string, number>) =>
  `export type ${name} = ${Object.keys(values)
    .map((v) => `'${v}'`)
    .join(' | ')};`;

function messageText(name: string, e: Entry, isEnum: (n: string) => boolean): string {
  const fields = Object.entries(e.fields ?? {}).filter(([, f]) => !isWindows(f.type));
  if (!fields.length) return `export type ${name} = Record<never, never>;`;
  const lines = fields.map(([field, f]) => `  ${field}: ${typeOf(f, name, e, isEnum)};`);
  return `export interface ${name} {\n${lines.join('\n')}\n}`;
}

function typeOf(f: Field, owner: string, e: Entry, isEnum: (n: string) => boolean): string {
  const scalar = scalars[f.type];
  const type = scalar ?? (e.nested?.[f.type] ? owner + f.type : f.type);
  if (f.keyType) return `Record<string, ${type}>`;
  if (f.rule) return `${type}[]`;
  return scalar || e.nested?.[f.type] || isEnum(f.type) ? type : `${type} | null`;
}

const methodsText = (name: string, e: Entry) =>
  `export interface ${name}Methods {\n${Object.entries(e.methods!)
    .map(
      ([rpc, m]) =>
        `  ${methodName(rpc)}: { request: ${m.requestType}; response: ${m.responseType}${m.responseStream ? '; stream: true' : ''} };`,
    )
    .join('\n')}\n}`;

if (import.meta.main) process.stdout.write(typesText());
