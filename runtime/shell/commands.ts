// The commands that a simulated container knows besides its shell. Nothing is run.
// Reads: the container's environment and mounts. Writes: what the commands print. README.md lists them.
// Used by: shell.ts.
import { gunzipSync, gzipSync } from 'node:zlib';
import { fileCommands } from './fileCommands.ts';
import { type Run, resolvePath, type ShellIo, type State } from './world.ts';

/** All of standard input. */
async function everything(io: ShellIo): Promise<Buffer> {
  const chunks: Buffer[] = [];
  if (io.stdin)
    for await (const chunk of io.stdin.iterator({ destroyOnReturn: false })) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

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

/** `NAME=value` by itself. */
export function assigned(state: State, words: string[]): boolean {
  const pairs = words.map((word) => /^([A-Za-z_]\w*)=(.*)$/s.exec(word));
  if (!pairs.every(Boolean)) return false;
  for (const pair of pairs) state.world.env.set(pair![1]!, pair![2]!);
  return true;
}

/** All but the shell itself. */
export const commands: Record<string, Run> = {
  ...fileCommands,
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
  printf: async ([format = '', ...values], io) => {
    const signs: Record<string, string> = { n: '\n', t: '\t', '\\': '\\' };
    const text = format.replace(/\\([nt\\])/g, (_, sign) => signs[sign]!);
    await io.stdout(text.replace(/%([sd%])/g, (_, kind) => (kind === '%' ? '%' : (values.shift() ?? ''))));
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
  trap: () => 0,
  set: () => 0,
  wait: () => 0,
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
    await world.sleep(number === 'infinity' ? Number.POSITIVE_INFINITY : Number(number) * seconds[unit]! * 1000);
    return 0;
  },
  seq: async (args, io) => {
    const numbers = args.map(Number);
    if (!numbers.length || numbers.length > 3 || !numbers.every(Number.isInteger)) {
      await io.stderr('seq: FIRST, STEP and LAST must be whole numbers\n');
      return 1;
    }
    const [first, step, last] =
      numbers.length === 3 ? numbers : [numbers.length === 2 ? numbers[0] : 1, 1, numbers.at(-1)];
    const count = Math.min(Math.floor((last! - first!) / step!) + 1, 100_000);
    for (let i = 0; i < count; i++) await io.stdout(`${first! + i * step!}\n`);
    return 0;
  },
  uptime: async (_args, io, { world }) => {
    await io.stdout(
      ` ${new Date(world.now()).toISOString().slice(11, 19)} up 1 day,  load average: 0.00, 0.00, 0.00\n`,
    );
    return 0;
  },
  gzip: async (args, io) => {
    const input = await everything(io);
    await io.stdout(args.includes('-d') ? gunzipSync(input) : gzipSync(input));
    return 0;
  },
  base64: async (args, io) => {
    const input = await everything(io);
    await io.stdout(
      args.includes('-d') ? Buffer.from(input.toString('latin1'), 'base64') : `${input.toString('base64')}\n`,
    );
    return 0;
  },
};
