// Flunders (in namespaces) and fischers (in the cluster) in memory, with every verb: what clients of an extension server use.
// Mirrors: k8s.io/sample-apiserver/pkg/registry. Called by main.ts once the caller is known and allowed.
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { toTime } from '../../../apimachinery/clock.ts';
import { mergePatch } from '../../../apimachinery/mergePatch.ts';
import { alreadyExists, conflict, modified, notFound } from '../../../apimachinery/status.ts';
import { readValue, sendValue } from './wire.ts';

const group = 'wardle.example.com';
const apiVersion = `${group}/v1alpha1`;
const kinds: Record<string, string> = { flunders: 'Flunder', fischers: 'Fischer' };
const path = /^\/apis\/wardle\.example\.com\/v1alpha1(?:\/namespaces\/([^/]+))?\/(flunders|fischers)(?:\/([^/]+))?$/;

interface Place {
  plural: string;
  namespace: string;
  name: string;
  selected(object: any): boolean;
}

export function createResources(): { serve(req: IncomingMessage, res: ServerResponse, url: URL): Promise<void> } {
  const objects = new Map<string, any>();
  const watchers = new Set<(type: string, object: any) => void>();
  let version = 0;
  const keyOf = ({ plural, namespace, name }: Place) => `${plural}/${namespace}/${name}`;

  const put = (type: string, key: string, object: any) => {
    object.metadata.resourceVersion = String(++version);
    if (type === 'DELETED') objects.delete(key);
    else objects.set(key, object);
    for (const tell of watchers) tell(type, object);
    return object;
  };
  const must = (place: Place) => {
    const found = objects.get(keyOf(place));
    if (!found) throw notFound({ group, plural: place.plural }, place.name);
    return found;
  };
  const matching = (place: Place) =>
    [...objects].filter(([key, object]) => key.startsWith(`${place.plural}/`) && place.selected(object));

  const create = (place: Place, body: any) => {
    const name = body.metadata?.name || `${body.metadata?.generateName}${randomUUID().slice(0, 5)}`;
    const key = keyOf({ ...place, name });
    if (objects.has(key)) throw alreadyExists({ group, plural: place.plural }, name);
    const creationTimestamp = toTime(Date.now());
    const namespace = place.namespace ? { namespace: place.namespace } : {};
    const metadata = { ...body.metadata, name, ...namespace, uid: randomUUID(), creationTimestamp };
    return put('ADDED', key, { status: {}, ...body, apiVersion, kind: kinds[place.plural], metadata });
  };
  const replace = (place: Place, body: any) => {
    const old = must(place);
    const wanted = body.metadata?.resourceVersion;
    if (wanted && wanted !== old.metadata.resourceVersion)
      throw conflict({ group, plural: place.plural }, place.name, modified);
    const { uid, creationTimestamp, namespace, name } = old.metadata;
    const metadata = { ...body.metadata, uid, creationTimestamp, name, ...(namespace ? { namespace } : {}) };
    return put('MODIFIED', keyOf(place), { ...body, apiVersion, kind: old.kind, metadata });
  };
  const remove = (place: Place) => {
    for (const [key, object] of place.name ? [[keyOf(place), must(place)] as const] : matching(place))
      put('DELETED', key, object);
    return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success' };
  };
  const list = (place: Place) => ({
    apiVersion,
    kind: `${kinds[place.plural]}List`,
    metadata: { resourceVersion: String(version) },
    items: matching(place).map(([, object]) => object),
  });
  const watch = (res: ServerResponse, place: Place) => {
    const tell = (type: string, object: any) => {
      if (object.kind === kinds[place.plural] && place.selected(object))
        res.write(`${JSON.stringify({ type, object })}\n`);
    };
    res.writeHead(200, { 'content-type': 'application/json' }).flushHeaders();
    for (const [, object] of matching(place)) tell('ADDED', object);
    watchers.add(tell);
    res.once('close', () => watchers.delete(tell));
  };

  return {
    async serve(req, res, url) {
      const m = path.exec(url.pathname);
      if (!m) return void res.writeHead(404, { 'content-type': 'text/plain' }).end('404 page not found\n');
      const place: Place = {
        plural: m[2]!,
        namespace: m[1] ?? '',
        name: m[3] ?? '',
        selected: (object) =>
          (!m[1] || object.metadata.namespace === m[1]) &&
          hasLabels(object, url.searchParams.get('labelSelector') ?? ''),
      };
      if (req.method === 'GET' && /^(1|true)$/.test(url.searchParams.get('watch') ?? '')) return watch(res, place);
      const body = await bodyOf(req);
      const given = () => readValue(req.headers['content-type'] ?? '', body) ?? {};
      if (req.method === 'POST') return sendValue(req, res, 201, create(place, given()));
      if (req.method === 'PUT') return sendValue(req, res, 200, replace(place, given()));
      if (req.method === 'PATCH') {
        const patched = mergePatch(structuredClone(must(place)), JSON.parse(body.toString()));
        return sendValue(req, res, 200, replace(place, patched));
      }
      if (req.method === 'DELETE') return sendValue(req, res, 200, remove(place));
      sendValue(req, res, 200, place.name ? must(place) : list(place));
    },
  };
}

const hasLabels = (object: any, selector: string): boolean =>
  selector
    .split(',')
    .filter(Boolean)
    .every((part) => {
      const [key, value] = part.split(/==?/);
      return object.metadata.labels?.[key!] === value;
    });

async function bodyOf(req: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of req) chunks.push(chunk);
  return Buffer.concat(chunks);
}
