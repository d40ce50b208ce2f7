// kubectl's ways of writing, with the oldest and the newest kubectl of this machine.
import { execFile } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestApiServer, type TestApiServer } from '../kit/apiServer.ts';
import { type Kubectl, kubectls } from '../kit/kubectls.ts';

const all = kubectls();
const chosen = [...new Set([all[0], all.at(-1)])].filter((k): k is Kubectl => k !== undefined);
let server: TestApiServer;
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'mini-k8s-kubectl-'));
  server = await startTestApiServer();
});
afterAll(async () => {
  await server?.stop();
  if (folder) rmSync(folder, { recursive: true, force: true });
});

interface Ran {
  code: number;
  out: string;
  err: string;
}

describe.skipIf(!chosen.length).each(chosen)('kubectl 1.$minor', ({ path, minor }) => {
  const run = (args: string, env: Record<string, string> = {}): Promise<Ran> =>
    new Promise((resolve) => {
      const options = { env: { ...process.env, HOME: folder, KUBECONFIG: server.kubeconfig, ...env } };
      execFile(path, args.split(' '), options, (error, out, err) =>
        resolve({ code: (error as { code?: number } | null)?.code ?? 0, out, err }),
      );
    });
  const file = (name: string, text: string): string => {
    const at = join(folder, `${minor}-${name}`);
    writeFileSync(at, text);
    return at;
  };
  const manifest = (name: string, more: string): string =>
    file(`${name}.yaml`, `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\n${more}`);
  const n = (name: string) => `${name}-${minor}`;

  it('create --validate', async () => {
    const name = n('validated');
    const f = manifest(name, 'datum: 1\ndata:\n  a: "1"\n');
    const strict = await run(`create --validate=strict -f ${f}`);
    expect(strict.code).toBe(1);
    expect(strict.err).toContain('strict decoding error: unknown field "datum"');
    const warned = await run(`create --validate=warn -f ${f}`);
    expect([warned.code, warned.err.trim()]).toEqual([0, 'Warning: unknown field "datum"']);
    const ignored = await run(`apply --validate=ignore -f ${manifest(n('ignored'), 'datum: 1\n')}`);
    expect([ignored.code, ignored.err]).toEqual([0, '']);
  });

  it('apply, diff, apply again, and the take-over by apply --server-side', async () => {
    const name = n('taken');
    const one = manifest(name, 'data:\n  a: "1"\n  b: "1"\n');
    expect((await run(`apply -f ${one}`)).out.trim()).toBe(`configmap/${name} created`);
    expect((await run(`apply -f ${one}`)).out.trim()).toBe(`configmap/${name} unchanged`);
    expect((await run(`diff -f ${one}`)).code).toBe(0);
    const two = manifest(name, 'data:\n  a: "2"\n');
    const diff = await run(`diff -f ${two}`);
    expect(diff.code).toBe(1);
    expect(diff.out).toContain('-  a: "1"');
    expect(diff.out).toContain('+  a: "2"');
    const serverSide = await run(`apply --server-side -f ${two}`);
    expect([serverSide.code, serverSide.out.trim(), serverSide.err]).toEqual([
      0,
      `configmap/${name} serverside-applied`,
      '',
    ]);
    expect((await run(`get cm ${name} -o jsonpath={.data}`)).out).toBe('{"a":"2"}');
    const managers = await run(`get cm ${name} --show-managed-fields -o jsonpath={.metadata.managedFields[*].manager}`);
    // kubectl keeps its annotation under a name of its own.
    expect(managers.out.split(' ').sort()).toEqual(['kubectl', 'kubectl-last-applied']);
    expect((await run(`diff --server-side -f ${two}`)).code).toBe(0);
  });

  it('conflicts name who owns what, and --force-conflicts ends them', async () => {
    const name = n('contested');
    const f = manifest(name, 'data:\n  a: "1"\n');
    expect((await run(`apply --server-side --field-manager=one -f ${f}`)).code).toBe(0);
    const g = manifest(name, 'data:\n  a: "2"\n');
    const refused = await run(`apply --server-side --field-manager=two -f ${g}`);
    expect(refused.code).toBe(1);
    expect(refused.err).toContain('Apply failed with 1 conflict: conflict with "one": .data.a');
    expect(refused.err).toContain('Please review the fields above--they currently have other managers.');
    expect((await run(`apply --server-side --force-conflicts --field-manager=two -f ${g}`)).code).toBe(0);
    expect((await run(`get cm ${name} -o jsonpath={.data.a}`)).out).toBe('2');
  });

  it('edit, patch, label, annotate and replace', async () => {
    const name = n('edited');
    await run(`create -f ${manifest(name, 'data:\n  a: "1"\n')}`);
    const editor = file('editor', `#!/bin/sh\nsed -i 's/  a: "1"/  a: "2"/' "$1"\n`);
    chmodSync(editor, 0o755);
    const edited = await run(`edit cm ${name}`, { EDITOR: editor });
    expect([edited.code, edited.out.trim(), edited.err]).toEqual([0, `configmap/${name} edited`, '']);
    expect(
      (await run(`edit cm ${name}`, { EDITOR: 'true' })).out + (await run(`edit cm ${name}`, { EDITOR: 'true' })).err,
    ).toContain('Edit cancelled, no changes made');
    expect((await run(`patch cm ${name} --type=json -p [{"op":"add","path":"/data/b","value":"3"}]`)).out).toContain(
      'patched',
    );
    expect((await run(`patch cm ${name} -p {"data":{"b":"3"}}`)).out).toContain('patched (no change)');
    expect((await run(`label cm ${name} k=v`)).out).toContain('labeled');
    expect((await run(`label cm ${name} k=w`)).err).toContain('already has a value (v), and --overwrite is false');
    expect((await run(`annotate cm ${name} k=v`)).out).toContain('annotate');
    expect((await run(`replace -f ${manifest(name, 'data:\n  c: "1"\n')}`)).out).toContain('replaced');
    expect((await run(`get cm ${name} -o jsonpath={.data}`)).out).toBe('{"c":"1"}');
    expect((await run(`replace --force -f ${manifest(name, 'data:\n  d: "1"\n')}`)).out).toContain('replaced');
    // 1.27 says `The  "" is invalid`.
    const wrong = await run(`patch cm ${name} --type=merge -p {"data":{"e":1}}`);
    expect(wrong.err).toMatch(/^The (request| {2}"") is invalid: patch: Invalid value: "/);
    expect(wrong.err.trim()).toMatch(
      /json: cannot unmarshal number into Go struct field ConfigMap\.data of type string$/,
    );
  });

  it('delete by selector, by dry run, by cascade', async () => {
    const name = n('gone');
    await run(`create cm ${name}`);
    expect((await run(`delete cm ${name} --dry-run=server`)).out).toContain('deleted (server dry run)');
    expect((await run(`delete cm ${name} --cascade=orphan --wait=false`)).out).toContain('deleted');
    await run(`patch cm ${name} --type=merge -p {"metadata":{"finalizers":null}}`);
    expect((await run(`get cm ${name}`)).err).toContain(`Error from server (NotFound): configmaps "${name}" not found`);
    await run(`create cm ${n('sel')}`);
    await run(`label cm ${n('sel')} tier=${n('x')}`);
    expect((await run(`delete cm -l tier=${n('x')}`)).out).toContain(`configmap "${n('sel')}" deleted`);
  });
});
