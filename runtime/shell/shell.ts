// The few commands that a simulated container knows: enough for exec, attach and `kubectl run -it` to be tried out. Nothing is run.
// Reads: the container's environment and mounts. Writes: what the commands print. README.md lists them.
// Used by: streams.ts. Next: parse.ts, files.ts.
import type { Readable } from 'node:stream';
import { type Command, parseLine, SyntaxProblem } from './parse.ts';

export interface ShellWorld {
  env: Map<string, string>;
  hostname: string;
  uid: number;
  /** Milliseconds. */
  now(): number;
  /** A file's bytes, or undefined when there is none; a folder's names. */
  readFile(path: string): Buffer | undefined;
  readFolder(path: string): string[] | undefined;
  gone: AbortSignal;
}

export interface ShellIo {
  stdin?: Readable;
  /** Resolve when more may come. */
  stdout(data: Buffer | string): Promise<void>;
  stderr(data: Buffer | string): Promise<void>;
  /** Shown before each line of an interactive shell. */
  prompt?: string;
}

interface State {
  world: ShellWorld;
  cwd: string;
  lastCode: number;
  /** Set by `exit`. */
  exit?: number;
}

type Run = (args: string[], io: ShellIo, state: State) => Promise<number> | number;

/** The command's exit code; 127 for one that is not known. */
export function runCommand(world: ShellWorld, argv: string[], io: ShellIo): Promise<number> {
  return run({ world, cwd: '/', lastCode: 0 }, argv, io);
}

export const isShell = (argv: readonly string[]): boolean => /(^|\/)(sh|bash|ash)$/.test(argv[0] ?? '');

async function run(state: State, argv: string[], io: ShellIo): Promise<number> {
  const name = argv[0]!.replace(/^.*\//, '');
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (command) return command(argv.slice(1), io, state);
  await io.stderr(`sh: 1: ${argv[0]}: not found\n`);
  return 127;
}

async function runLine(state: State, line: string, io: ShellIo): Promise<number> {
  let parsed: Command[];
  try {
    const variable = (name: string) => (name === '?' ? String(state.lastCode) : (state.world.env.get(name) ?? ''));
    parsed = parseLine(line, variable);
  } catch (error) {
    if (!(error instanceof SyntaxProblem)) throw error;
    await io.stderr(`sh: 1: ${error.message}\n`);
    return 2;
  }
  for (const command of parsed) {
    const skipped = command.after === '&&' ? state.lastCode !== 0 : command.after === '||' && state.lastCode === 0;
    if (skipped) continue;
    state.lastCode = assigned(state, command.words) ? 0 : await run(state, command.words, redirected(command, io));
    if (state.exit !== undefined || state.world.gone.aborted) break;
  }
  return state.lastCode;
}

/** `NAME=value` by itself. */
function assigned(state: State, words: string[]): boolean {
  const pairs = words.map((word) => /^([A-Za-z_]\w*)=(.*)$/s.exec(word));
  if (!pairs.every(Boolean)) return false;
  for (const pair of pairs) state.world.env.set(pair![1]!, pair![2]!);
  return true;
}

function redirected(command: Command, io: ShellIo): ShellIo {
  const to = { stdout: io.stdout, stderr: io.stderr, nowhere: async () => {} };
  return {
    ...io,
    stdout: to[command.stdout],
    stderr: command.stderr === 'stdout' ? to[command.stdout] : to[command.stderr],
  };
}

const shell: Run = async (args, io, state) => {
  const inner: State = { world: { ...state.world, env: new Map(state.world.env) }, cwd: state.cwd, lastCode: 0 };
  const at = args.findIndex((arg) => /^-[a-z]*c$/.test(arg));
  if (at >= 0) {
    if (args[at + 1] === undefined) {
      await io.stderr('sh: 0: -c requires an argument\n');
      return 2;
    }
    const code = await runLine(inner, args[at + 1]!, io);
    return inner.exit ?? code;
  }
  if (io.prompt) await io.stdout(io.prompt);
  for await (const line of lines(io.stdin)) {
    await runLine(inner, line, io);
    if (inner.exit !== undefined) break;
    if (io.prompt) await io.stdout(io.prompt);
  }
  return inner.exit ?? inner.lastCode;
};

/** Left as it is for whoever reads on when the loop is broken off. */
async function* lines(stdin: Readable | undefined): AsyncGenerator<string> {
  if (!stdin) return;
  let rest = '';
  for await (const chunk of stdin.iterator({ destroyOnReturn: false })) {
    rest += chunk.toString('utf8');
    for (let end = rest.indexOf('\n'); end >= 0; end = rest.indexOf('\n')) {
      const line = rest.slice(0, end);
      rest = rest.slice(end + 1);
      yield line;
    }
  }
  if (rest) yield rest;
}

function sleep(ms: number, gone: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (gone.aborted) return resolve();
    const end = () => {
      clearTimeout(timer);
      gone.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    gone.addEventListener('abort', end);
  });
}

const resolvePath = (state: State, path: string) => new URL(path, `file://${state.cwd.replace(/\/?$/, '/')}`).pathname;

const seconds: Record<string, number> = { '': 1, s: 1, m: 60, h: 3600, d: 86_400 };

const printEnv: Run = async ([name], io, { world }) => {
  if (name !== undefined) {
    if (!world.env.has(name)) return 1;
    await io.stdout(`${world.env.get(name)}\n`);
    return 0;
  }
  await io.stdout([...world.env].map(([key, value]) => `${key}=${value}\n`).join(''));
  return 0;
};

const commands: Record<string, Run> = {
  sh: shell,
  bash: shell,
  ash: shell,
  true: () => 0,
  ':': () => 0,
  false: () => 1,
  exit: ([code], _io, state) => {
    state.exit = code === undefined ? state.lastCode : Number(code) & 255;
    return state.exit;
  },
  echo: async (args, io) => {
    const bare = args[0] === '-n';
    await io.stdout((bare ? args.slice(1) : args).join(' ') + (bare ? '' : '\n'));
    return 0;
  },
  cat: async (args, io, state) => {
    if (!args.length && io.stdin)
      for await (const chunk of io.stdin.iterator({ destroyOnReturn: false })) await io.stdout(chunk);
    let code = 0;
    for (const path of args) {
      const bytes = state.world.readFile(resolvePath(state, path));
      if (bytes) await io.stdout(bytes);
      else {
        await io.stderr(`cat: ${path}: No such file or directory\n`);
        code = 1;
      }
    }
    return code;
  },
  ls: async (args, io, state) => {
    const path = args.find((arg) => !arg.startsWith('-')) ?? state.cwd;
    const names =
      state.world.readFolder(resolvePath(state, path)) ??
      (state.world.readFile(resolvePath(state, path)) ? [path] : undefined);
    if (names) await io.stdout(names.map((name) => `${name}\n`).join(''));
    else await io.stderr(`ls: ${path}: No such file or directory\n`);
    return names ? 0 : 1;
  },
  cd: ([path], _io, state) => {
    state.cwd = resolvePath(state, path ?? '/');
    return 0;
  },
  pwd: async (_args, io, state) => {
    await io.stdout(`${state.cwd}\n`);
    return 0;
  },
  env: printEnv,
  printenv: printEnv,
  export: (args, _io, state) => {
    assigned(state, args);
    return 0;
  },
  hostname: async (_args, io, { world }) => {
    await io.stdout(`${world.hostname}\n`);
    return 0;
  },
  date: async (args, io, { world }) => {
    const now = new Date(world.now());
    await io.stdout(
      args[0] === '+%s' ? `${Math.floor(world.now() / 1000)}\n` : `${now.toUTCString().replace('GMT', 'UTC')}\n`,
    );
    return 0;
  },
  id: async (_args, io, { world }) => {
    await io.stdout(`uid=${world.uid} gid=${world.uid} groups=${world.uid}\n`);
    return 0;
  },
  whoami: async (_args, io, { world }) => {
    await io.stdout(world.uid === 0 ? 'root\n' : `${world.uid}\n`);
    return 0;
  },
  sleep: async ([text = ''], io, { world }) => {
    const [, number, unit = ''] = /^(\d+(?:\.\d+)?|infinity)([smhd]?)$/.exec(text) ?? [];
    if (number === undefined) {
      await io.stderr(`sleep: invalid time interval '${text}'\n`);
      return 1;
    }
    await sleep(
      number === 'infinity' ? 2 ** 31 - 1 : Math.min(Number(number) * seconds[unit]! * 1000, 2 ** 31 - 1),
      world.gone,
    );
    return 0;
  },
};
