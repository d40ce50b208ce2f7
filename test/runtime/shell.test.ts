// The simulated containers' shell: what exec tests of client libraries have it do.
import { Readable } from 'node:stream';
import { gunzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { runCommand } from '../../runtime/shell/shell.ts';

async function sh(line: string, input?: string, gone = new AbortController().signal) {
  const out: Buffer[] = [];
  let err = '';
  const files = new Map([['/data/note', Buffer.from('noted')]]);
  const world = {
    env: new Map([['NAME', 'a b']]),
    hostname: 'box',
    uid: 0,
    now: () => 0,
    readFile: (path: string) => files.get(path),
    readFolder: (path: string) => (path === '/data' ? ['note'] : undefined),
    writeFile(path: string, data: Buffer, append: boolean) {
      if (path.startsWith('/ro/')) return false;
      files.set(path, Buffer.concat([(append && files.get(path)) || Buffer.alloc(0), data]));
      return true;
    },
    removeFile: (path: string) => files.delete(path),
    makeFolder: () => true,
    sleep: (ms: number) =>
      new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, Math.min(ms, 60_000));
        gone.addEventListener('abort', () => {
          clearTimeout(timer);
          resolve();
        });
      }),
    turn: () => new Promise<void>((resolve) => setImmediate(resolve)),
    gone,
  };
  const code = await runCommand(world, ['/bin/sh', '-c', line], {
    stdin: input === undefined ? undefined : Readable.from([Buffer.from(input)]),
    stdout: async (data) => void out.push(Buffer.from(data)),
    stderr: async (data) => {
      err += data;
    },
  });
  return { code, bytes: Buffer.concat(out), out: Buffer.concat(out).toString('utf8'), err };
}

const lines: [string, string, number?][] = [
  ['echo one; echo two', 'one\ntwo\n'],
  ['false && echo never || echo else', 'else\n'],
  [`echo 'single $NAME' "double $NAME" \\$NAME`, 'single $NAME double a b $NAME\n'],
  ['echo $NAME', 'a b\n'],
  [`echo "" ''x $none`, ' x\n'],
  ['X=1; echo "$X$?"', '10\n'],
  ['for i in $(seq 1 3); do echo kube $i; done', 'kube 1\nkube 2\nkube 3\n'],
  ['for i in a "b c"; do for j in 1 2; do echo $i$j; done; done', 'a1\na2\nb c1\nb c2\n'],
  ['while true; do echo round; exit 4; done', 'round\n', 4],
  ['echo $(echo $(echo deep))', 'deep\n'],
  ['i=0; while [ $i -lt 3 ]; do echo "$i: x"; i=$((i+1)); done', '0: x\n1: x\n2: x\n'],
  ['until test -f /tmp/there; do touch /tmp/there; done; echo there', 'there\n'],
  ['if [ -f /data/note ]; then echo yes; else echo no; fi', 'yes\n'],
  ['if false; then echo a; elif [ a = b ]; then echo b; else echo c; fi', 'c\n'],
  ['if ! true; then echo a; fi; echo $?', '0\n'],
  ['! false && echo turned', 'turned\n'],
  ['echo one > /tmp/f; echo two >> /tmp/f; cat /tmp/f; rm /tmp/f; test -e /tmp/f', 'one\ntwo\n', 1],
  ['ls /nowhere 2>/tmp/e; cat /tmp/e', 'ls: /nowhere: No such file or directory\n'],
  ['echo $(( (2 + 3) * -4 % 7 )) $((1/0))x', '-6 x\n'],
  ['echo a; exec echo b; echo never', 'a\nb\n'],
  ['seq 5 > /tmp/n; head -n 1 /tmp/n; tail -2 /tmp/n', '1\n4\n5\n'],
  ["trap 'exit 0' TERM; echo on", 'on\n'],
  ['printf "%s is %d%%\\n" load 5', 'load is 5%\n'],
  ['echo "[$(seq 2)]"', '[1\n2]\n'],
  ['echo text | cat | cat', 'text\n'],
  ['seq 100000 | true; echo $?', '0\n'],
  ['echo lost | cat /data/note', 'noted'],
  ['echo -n aGk= | base64 -d', 'hi'],
  ['exit 3 | true; echo on', 'on\n'],
  ['true | exit 3', '', 3],
  ['sh -c "exit 5"; echo $?', '5\n'],
  ['cat /data/note; ls /data', 'notednote\n'],
];
it.each(lines)('%s', async (line, out, code = 0) => {
  expect(await sh(line)).toMatchObject({ out, code, err: '' });
});

it('bytes go through pipes as they are', async () => {
  const { bytes } = await sh('echo -n "This is text" | gzip');
  expect(gunzipSync(bytes).toString()).toBe('This is text');
  expect((await sh('cat | gzip | gzip -d', 'from outside')).out).toBe('from outside');
});

it.each([
  ['nonsense', 127, 'sh: 1: nonsense: not found\n'],
  ['for i in 1; do echo', 2, 'sh: 1: Syntax error: end of file unexpected\n'],
  ['echo a | | b', 2, 'sh: 1: Syntax error: "|" unexpected\n'],
  ['done', 2, 'sh: 1: Syntax error: "done" unexpected\n'],
  ['echo a > /ro/f', 1, 'sh: 1: cannot create /ro/f: Permission denied\n'],
  ['[ 3 -ge 2 -a 1 ]', 2, 'sh: test: unknown operand\n'],
  ['cat < /file', 2, 'sh: 1: the simulated shell does not know "<"\n'],
])('%s is refused', async (line, code, err) => {
  expect(await sh(line)).toMatchObject({ code, err, out: '' });
});

it('a loop without end ends with its container', async () => {
  const container = new AbortController();
  setTimeout(() => container.abort(), 20);
  expect((await sh('while true; do sleep 0; done', undefined, container.signal)).code).toBe(0);
});
