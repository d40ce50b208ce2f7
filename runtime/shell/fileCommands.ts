// Commands of the simulated shell that look at files or change them: test, touch, rm, mkdir, head, tail.
// Reads and writes: the files of the container, as files.ts keeps them. Used by: commands.ts.
import { type Run, resolvePath, type State } from './world.ts';

const isFile = (state: State, path = '') => state.world.readFile(resolvePath(state, path)) !== undefined;
const isFolder = (state: State, path = '') => state.world.readFolder(resolvePath(state, path)) !== undefined;

const unary: Record<string, (state: State, operand: string) => boolean> = {
  '-z': (_, text) => text === '',
  '-n': (_, text) => text !== '',
  '-f': isFile,
  '-d': isFolder,
  '-e': (state, path) => isFile(state, path) || isFolder(state, path),
  '-r': (state, path) => isFile(state, path) || isFolder(state, path),
  '-s': (state, path) => (state.world.readFile(resolvePath(state, path))?.length ?? 0) > 0,
};
const binary: Record<string, (a: string, b: string) => boolean> = {
  '=': (a, b) => a === b,
  '==': (a, b) => a === b,
  '!=': (a, b) => a !== b,
  '-eq': (a, b) => Number(a) === Number(b),
  '-ne': (a, b) => Number(a) !== Number(b),
  '-lt': (a, b) => Number(a) < Number(b),
  '-le': (a, b) => Number(a) <= Number(b),
  '-gt': (a, b) => Number(a) > Number(b),
  '-ge': (a, b) => Number(a) >= Number(b),
};

function holds(state: State, words: string[]): boolean | undefined {
  if (words[0] === '!') {
    const inner = holds(state, words.slice(1));
    return inner === undefined ? undefined : !inner;
  }
  const [a = '', operator = '', b = ''] = words;
  if (words.length < 2) return a !== '';
  if (words.length === 2) return unary[a]?.(state, operator);
  return words.length === 3 ? binary[operator]?.(a, b) : undefined;
}

const test: Run = async (args, io, state) => {
  const result = holds(state, args.at(-1) === ']' ? args.slice(0, -1) : args);
  if (result === undefined) await io.stderr('sh: test: unknown operand\n');
  return result === undefined ? 2 : Number(!result);
};

const paths = (args: string[]) => args.filter((arg) => !arg.startsWith('-'));

/** Runs for each path that the arguments name; 1 and a message when it gives false. */
const eachPath =
  (name: string, act: (state: State, path: string) => boolean): Run =>
  async (args, io, state) => {
    let code = 0;
    for (const path of paths(args)) {
      if (act(state, resolvePath(state, path)) || args.some((arg) => /^-\w*[fp]/.test(arg))) continue;
      await io.stderr(`${name}: ${path}: No such file or directory\n`);
      code = 1;
    }
    return code;
  };

/** `head -n 2 FILE`, `tail -2`; `tail -f` goes on until the container ends. */
const part =
  (name: string, cut: (lines: string[], count: number) => string[]): Run =>
  async (args, io, state) => {
    const count = Number(/-n? ?(\d+)/.exec(args.join(' '))?.[1] ?? 10);
    for (const path of paths(args).filter((arg) => !/^\d+$/.test(arg))) {
      if (path === '/dev/null') continue;
      const bytes = state.world.readFile(resolvePath(state, path));
      if (!bytes) await io.stderr(`${name}: ${path}: No such file or directory\n`);
      const lines = bytes?.toString('utf8').split(/(?<=\n)/) ?? [];
      await io.stdout(cut(lines, count).join(''));
    }
    if (args.some((arg) => /^-\w*[fF]/.test(arg))) await state.world.sleep(Number.POSITIVE_INFINITY);
    return 0;
  };

export const fileCommands: Record<string, Run> = {
  test,
  '[': test,
  touch: eachPath('touch', (state, path) => state.world.writeFile(path, Buffer.alloc(0), true)),
  rm: eachPath('rm', (state, path) => state.world.removeFile(path)),
  mkdir: eachPath('mkdir', (state, path) => state.world.makeFolder(path)),
  head: part('head', (lines, count) => lines.slice(0, count)),
  tail: part('tail', (lines, count) => lines.slice(-count)),
};
