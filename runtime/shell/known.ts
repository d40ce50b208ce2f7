// Does the simulated shell know all that a command line asks for? Only then is a container's own command run by it. Pure.
// Used by: ownCommand.ts, exec.ts.
import { commands } from './commands.ts';
import { parseLine, type Stage, type Step } from './parse.ts';
import { isShell } from './shell.ts';

export function isKnown(argv: readonly string[]): boolean {
  const [first = ''] = argv;
  if (!isShell(argv)) return isCommand(first);
  const at = argv.findIndex((arg) => /^-[a-z]*c$/.test(arg));
  try {
    return at > 0 && argv[at + 1] !== undefined && stepsAreKnown(parseLine(argv[at + 1]!));
  } catch {
    return false;
  }
}

const isCommand = (word: string) => Object.hasOwn(commands, word.replace(/^.*\//, ''));
const stepsAreKnown = (steps: Step[]): boolean => steps.every(({ pipe }) => pipe.every(stageIsKnown));

function stageIsKnown(stage: Stage): boolean {
  if ('branches' in stage)
    return [...stage.branches.flatMap((b) => [b.condition, b.body]), stage.otherwise].every(stepsAreKnown);
  if ('body' in stage) return stepsAreKnown(stage.condition ?? []) && stepsAreKnown(stage.body);
  const words = stage.words.filter((word, i) => i > 0 || word !== 'exec');
  const first = words.find((word) => !/^[A-Za-z_]\w*=/.test(word));
  return first === undefined || (isShell([first]) ? isKnown(words) : isCommand(first));
}
