// The floor: a bare Node https server that parses, keeps a map and writes back; no validation, no store, no rules.
// It stores and returns the very bytes that the measured server returns, in JSON or protobuf: `objects` names a file with those
// objects, one a line.
// Compared with in every API row of the table.
import { readFileSync } from 'node:fs';
import { createSecureServer } from 'node:http2';
import https from 'node:https';
import { bareCodec, typeOf } from './media.ts';

const [port, ca, cert, key, objects, collection, http2, protobuf] = process.argv.slice(2) as [
  string,
  string,
  string,
  string,
  string,
  string,
  string,
  string,
];
const full = new Map<string, any>();
for (const line of readFileSync(objects, 'utf8').split('\n')) {
  if (!line) continue;
  const object = JSON.parse(line);
  full.set(object.metadata.name, object);
}
const sample = full.values().next().value;
const codec = bareCodec(protobuf === 'true');
const type = typeOf(protobuf === 'true');
const store = new Map<string, { bytes: Buffer; item: Buffer }>();
const watchers = new Set<import('node:http').ServerResponse>();
let revision = 1;

const tls = { ca: readFileSync(ca), cert: readFileSync(cert), key: readFileSync(key) };
const server = http2 === 'true' ? createSecureServer({ ...tls, allowHTTP1: true }) : https.createServer(tls);
server.on('request', (request: import('node:http').IncomingMessage, response: import('node:http').ServerResponse) => {
  const url = request.url!;
  const mark = url.indexOf('?');
  const path = mark < 0 ? url : url.slice(0, mark);
  if (request.method === 'GET') return read(url, path, response);
  const chunks: Buffer[] = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => write(request.method!, path, chunks, response));
});
server.listen(Number(port), '127.0.0.1', () => process.stdout.write('listening\n'));

function read(url: string, path: string, response: import('node:http').ServerResponse): void {
  if (url.includes('watch=1')) {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.flushHeaders();
    watchers.add(response);
    response.on('close', () => watchers.delete(response));
    return;
  }
  if (path === collection) {
    response.writeHead(200, { 'content-type': type });
    const items: Buffer[] = [];
    let left = url.includes('limit=500') ? 500 : Number.POSITIVE_INFINITY;
    for (const { item } of store.values()) {
      if (left-- <= 0) break;
      items.push(item);
    }
    const { head, between, tail } = codec.list(revision, items);
    const comma = Buffer.from(between);
    response.write(head);
    response.write(Buffer.concat(between ? items.flatMap((item, i) => (i ? [comma, item] : [item])) : items));
    response.end(tail);
    return;
  }
  const bytes = store.get(path)?.bytes;
  response.writeHead(bytes ? 200 : 404, { 'content-type': type, 'content-length': bytes?.length ?? 2 });
  response.end(bytes ?? '{}');
}

function write(method: string, path: string, chunks: Buffer[], response: import('node:http').ServerResponse): void {
  if (method === 'DELETE') {
    store.delete(path);
    response.writeHead(200);
    response.end('{}');
    return;
  }
  const sent = codec.read(Buffer.concat(chunks));
  const key = path === collection ? `${path}/${sent.metadata.name}` : path;
  if (
    method === 'PUT' &&
    codec.read(store.get(key)!.bytes).metadata.resourceVersion !== sent.metadata.resourceVersion
  ) {
    response.writeHead(409);
    response.end('{}');
    return;
  }
  const object = method === 'PUT' ? sent : { ...(full.get(sent.metadata.name) ?? sample) };
  object.metadata = { ...object.metadata, name: sent.metadata.name, resourceVersion: String(++revision) };
  const bytes = codec.write(object);
  store.set(key, { bytes, item: codec.item(object, bytes) });
  const event = Buffer.concat([Buffer.from('{"type":"ADDED","object":'), bytes, Buffer.from('}\n')]);
  for (const watcher of watchers) watcher.write(event);
  response.writeHead(method === 'POST' ? 201 : 200, {
    'content-type': type,
    'content-length': bytes.length,
  });
  response.end(bytes);
}
