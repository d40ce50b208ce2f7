// The way from a fresh clone to running code, as far as no package is fetched.
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';

const folder = mkdtempSync(join(tmpdir(), 'mk8s-clone-'));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

it('packages are not installed through a link, which would empty the folder of another checkout', () => {
  const [clone, other] = [join(folder, 'clone'), join(folder, 'other')];
  for (const path of [join(clone, 'scripts'), join(other, 'kept')]) mkdirSync(path, { recursive: true });
  copyFileSync(join(import.meta.dirname, '../../scripts/bootstrap.mjs'), join(clone, 'scripts/bootstrap.mjs'));
  writeFileSync(join(clone, 'package.json'), '{"name":"clone","version":"1.0.0"}');
  const lock = { lockfileVersion: 3, packages: { '': {}, 'node_modules/absent': { version: '1.0.0' } } };
  writeFileSync(join(clone, 'package-lock.json'), JSON.stringify(lock));
  symlinkSync(other, join(clone, 'node_modules'));
  const program = `import('${join(clone, 'scripts/bootstrap.mjs')}').then((m) => m.prepare().catch(m.fail))`;
  const { status, stderr } = spawnSync(process.execPath, ['-e', program], { encoding: 'utf8' });
  expect([status, stderr]).toEqual([
    1,
    `mini-k8s: ${join(clone, 'node_modules')} is a link to packages that are not those of package-lock.json; remove the link, and they are installed here.\n`,
  ]);
  expect(readdirSync(other)).toEqual(['kept']);
});
