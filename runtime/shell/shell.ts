// The shell of a simulated container: enough for exec, attach and `kubectl run -it` to be tried out. Nothing is run.
// Reads: a command line. Writes: what its commands print. README.md lists what it knows.
// Used by: sessions.ts. Next: parse.ts, expand.ts, commands.ts.
import { PassThrough, type Readable } from 'node:stream';
import { assigned, commands } from './commands.ts';
import { expandWords, type Values } from './expand.ts';
import { type Choice, type Loop, parseLine, type Simple, type Stage, type Step, SyntaxProblem } from './parse.ts';
import { type Run, resolvePath, type ShellIo, type ShellWorld, type State } from './world.ts';

/** The command's exit code; 127 for one that is not known. */
export function runCommand(world: ShellWorld, argv: string[], io: ShellIo): Promise<number> {
  return run({ world, cwd: '/', lastCode: 0 }, argv, io);
}

export const isShell = (argv: readonly string[]): boolean => /(^|\/)(sh|bash|ash)$/.test(argv[0] ?? '');

async function run(state: State, argv: string[], io: ShellIo): Promise<number> {
  const name = argv[0]!.replace(/^.*\//, '');
  if (isShell(argv)) return shell(argv.slice(1), io, state);
  if (name === 'exec' && argv.length > 1) {
    state.exit = await run(state, argv.slice(1), io);
    return state.exit;
  }
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (command) return command(argv.slice(1), io, state);
  await io.stderr(`sh: 1: ${argv[0]}: not found\n`);
  return 127;
}

async function runLine(state: State, line: string, io: ShellIo): Promise<number> {
  try {
    return await runSteps(state, parseLine(line), io);
  } catch (error) {
    if (!(error instanceof SyntaxProblem)) throw error;
    await io.stderr(`sh: 1: ${error.message}\n`);
    state.lastCode = 2;
    return 2;
  }
}

const over = (state: State) => state.exit !== undefined || state.world.gone.aborted;

async function runSteps(state: State, steps: Step[], io: ShellIo): Promise<number> {
  for (const { after, pipe } of steps) {
    const skipped = after === '&&' ? state.lastCode !== 0 : after === '||' && state.lastCode === 0;
    if (skipped) continue;
    state.lastCode = pipe.length === 1 ? await runStage(state, pipe[0]!, io) : await runPipe(state, pipe, io);
    if (over(state)) break;
  }
  return state.lastCode;
}

/** All at once, each in a shell of its own; the last one's code. */
async function runPipe(state: State, pipe: Step['pipe'], io: ShellIo): Promise<number> {
  let stdin = io.stdin;
  const running = pipe.map(async (stage, i) => {
    const from = stdin;
    const to = i < pipe.length - 1 ? new PassThrough() : undefined;
    stdin = to;
    const own = subshell(state);
    const code = await runStage(own, stage, { ...io, stdin: from, stdout: to ? writerOf(to) : io.stdout });
    to?.end();
    // What it did not read is no one's, and must not hold the writer up.
    if (i > 0) from?.resume();
    return own.exit ?? code;
  });
  return (await Promise.all(running)).at(-1)!;
}

const writerOf = (to: PassThrough) => async (data: Buffer | string) => {
  if (!to.write(data)) await new Promise((resolve) => to.once('drain', resolve).once('close', resolve));
};

async function runStage(state: State, stage: Stage, io: ShellIo): Promise<number> {
  const values = valuesOf(state, io);
  if ('branches' in stage) return runChoice(state, stage, io);
  if ('body' in stage) return runLoop(state, stage, await expandWords(stage.words, values), io);
  const words = await expandWords(stage.words, values);
  const into = await withFiles(state, stage, redirected(stage, io), values);
  const code = !into ? 1 : !words.length || assigned(state, words) ? 0 : await run(state, words, into);
  return stage.negated ? Number(code === 0) : code;
}

async function runChoice(state: State, { branches, otherwise }: Choice, io: ShellIo): Promise<number> {
  for (const { condition, body } of branches) {
    const code = await runSteps(state, condition, io);
    if (over(state)) return code;
    if (code === 0) return runSteps(state, body, io);
  }
  state.lastCode = 0;
  return runSteps(state, otherwise, io);
}

/** With what goes to files; undefined when one of them cannot be written. */
async function withFiles(state: State, stage: Simple, io: ShellIo, values: Values): Promise<ShellIo | undefined> {
  const into = { ...io };
  for (const { from, word, append } of stage.files) {
    const path = resolvePath(state, (await expandWords([word], values))[0] ?? '');
    if (!state.world.writeFile(path, Buffer.alloc(0), append)) {
      await io.stderr(`sh: 1: cannot create ${path}: Permission denied\n`);
      return undefined;
    }
    into[from] = async (data) => void state.world.writeFile(path, Buffer.from(data), true);
  }
  return into;
}

async function runLoop(
  state: State,
  { name, condition, until, body }: Loop,
  words: string[],
  io: ShellIo,
): Promise<number> {
  let code = 0;
  const turn = async () => {
    await state.world.turn();
    code = await runSteps(state, body, io);
  };
  if (condition)
    while (!over(state) && ((await runSteps(state, condition, io)) === 0) !== (until ?? false)) await turn();
  else
    for (const word of words) {
      if (over(state)) break;
      state.world.env.set(name!, word);
      await turn();
    }
  return code;
}

const valuesOf = (state: State, io: ShellIo): Values => ({
  variable: (name) => (name === '?' ? String(state.lastCode) : (state.world.env.get(name) ?? '')),
  output: async (command) => {
    const chunks: Buffer[] = [];
    const stdout = async (data: Buffer | string) => void chunks.push(Buffer.from(data));
    await runLine(subshell(state), command, { ...io, stdout });
    return Buffer.concat(chunks).toString('utf8');
  },
});

const subshell = (state: State): State => ({
  world: { ...state.world, env: new Map(state.world.env) },
  cwd: state.cwd,
  lastCode: state.lastCode,
});

function redirected(command: Simple, io: ShellIo): ShellIo {
  const to = { stdout: io.stdout, stderr: io.stderr, nowhere: async () => {} };
  return {
    ...io,
    stdout: to[command.stdout],
    stderr: command.stderr === 'stdout' ? to[command.stdout] : to[command.stderr],
  };
}

const shell: Run = async (args, io, state) => {
  const inner: State = { ...subshell(state), lastCode: 0 };
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
