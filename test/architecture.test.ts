// The arrows between folders hold, and each outside package is imported where it belongs and nowhere else.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative, sep } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '..');

/** What each folder may import, besides itself and Node. */
const arrows: Record<string, string[]> = {
  apimachinery: [],
  'component-base': ['apimachinery'],
  client: ['apimachinery', 'component-base'],
  cel: ['apimachinery'],
  cri: [],
  apiserver: ['cel', 'apimachinery', 'component-base'],
  controllers: ['client', 'cel', 'apimachinery', 'component-base'],
  scheduler: ['client', 'cel', 'apimachinery', 'component-base'],
  kubelet: ['cri', 'client', 'apimachinery', 'component-base'],
  runtime: ['cri', 'component-base', 'apimachinery'],
  proxy: ['client', 'apimachinery', 'component-base'],
  fleet: ['client', 'apimachinery', 'component-base'],
  addons: ['client', 'apimachinery', 'component-base'],
  labs: ['client', 'apimachinery', 'component-base'],
  cli: ['*'],
  compose: ['cli', 'client', 'apimachinery', 'component-base'],
};

/** Where each outside package may be imported: a file, or all files below a folder. */
const packages: Record<string, string[]> = {
  '@kubernetes/client-node': ['apimachinery/types.ts'],
  '@grpc/grpc-js': ['cri/'],
  protobufjs: ['cri/', 'apiserver/codecs/', 'apiserver/openapi/'],
  '@peculiar/x509': ['cli/pki/', 'controllers/certificates/'],
  fastify: ['apiserver/', 'component-base/', 'kubelet/'],
  jose: ['apiserver/authentication/', 'controllers/serviceAccountTokens/'],
  pino: ['component-base/logger.ts'],
  'prom-client': ['component-base/'],
  cborg: ['apiserver/codecs/'],
  re2js: ['cel/'],
  ws: ['component-base/streaming/'],
  yaml: ['apimachinery/', 'apiserver/', 'client/', 'component-base/', 'kubelet/', 'scheduler/', 'cli/', 'compose/'],
};

const files = (folder: string): string[] =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((f) => f.endsWith('.ts'))
    .map((f) => join(folder, f));

const imports = (file: string): string[] => {
  const text = readFileSync(join(root, file), 'utf8');
  const from =
    /^(?:import|export)\b[^'"]*?from\s*['"]([^'"]+)['"]|^import\s*['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]/gm;
  return [...text.matchAll(from)].map((m) => (m[1] ?? m[2] ?? m[3])!);
};

const local = (file: string, target: string) => relative(root, normalize(join(root, dirname(file), target)));
const folderOf = (file: string) => file.split(sep)[0]!;
const packageOf = (name: string) =>
  name
    .split('/')
    .slice(0, name.startsWith('@') ? 2 : 1)
    .join('/');
const folders = Object.keys(arrows).filter((f) => readdirSync(root).includes(f));

describe.each(folders)('%s', (folder) => {
  it('imports only the folders that it may', () => {
    const allowed = arrows[folder]!;
    const wrong = files(folder).flatMap((file) =>
      imports(file)
        .filter((i) => i.startsWith('.'))
        .map((i) => local(file, i))
        .filter(
          (target) => folderOf(target) !== folder && !allowed.includes('*') && !allowed.includes(folderOf(target)),
        )
        .map((target) => `${file} imports ${target}`),
    );
    expect(wrong).toEqual([]);
  });

  it('imports outside packages only where they belong', () => {
    const wrong = files(folder).flatMap((file) =>
      imports(file)
        .filter((i) => !i.startsWith('.') && !i.startsWith('node:'))
        .map(packageOf)
        .filter(
          (name) => !packages[name]?.some((place) => file === place || (place.endsWith('/') && file.startsWith(place))),
        )
        .map((name) => `${file} imports ${name}`),
    );
    expect(wrong).toEqual([]);
  });
});

it('knows every folder that holds code', () => {
  const others = new Set(['bench', 'bin', 'manifests', 'node_modules', 'scripts', 'test']);
  const unknown = readdirSync(root, { withFileTypes: true })
    .filter((d) => d.isDirectory() && !d.name.startsWith('.') && !others.has(d.name) && !(d.name in arrows))
    .filter((d) => files(d.name).length > 0);
  expect(unknown.map((d) => d.name)).toEqual([]);
});

it('takes node:http through component-base/http.ts, for types only directly', () => {
  // Why: see there.
  const values = /^import (?!type\b)[^'"]*from 'node:http'/m;
  const wrong = folders.flatMap(files).filter((file) => values.test(readFileSync(join(root, file), 'utf8')));
  expect(wrong).toEqual([]);
  expect(values.test("import { Agent } from 'node:http';")).toBe(true);
});

it('finds imports in every form', () => {
  // The expressions above would hold by finding nothing.
  expect(imports('test/architecture.test.ts')).toContain('vitest');
  expect(imports('apiserver/authentication/tokenIssuer.ts')).toContain('jose');
});

it('declares every outside package that the code imports', () => {
  const { dependencies, devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const declared = new Set([...Object.keys(dependencies), ...Object.keys(devDependencies)]);
  expect(Object.keys(packages).filter((name) => !declared.has(name))).toEqual([]);
});
