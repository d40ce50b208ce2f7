// The command line `mini-k8s`: finds the command and runs it. Everything else is in the commands' own files.
// Started by bin/mini-k8s.mjs under Node 26. Next: commands.ts, the list.
import { UsageError } from '../component-base/flags.ts';
import { commands } from './commands.ts';

const overview = () => `mini-k8s: Kubernetes, small enough to be read.

Usage: mini-k8s COMMAND [flags]

Commands:
${commands.map((c) => `  ${c.name.padEnd(10)}${c.help}`).join('\n')}

mini-k8s COMMAND --help tells a command's flags.
`;

/** Runs `argv` (without program and script) and ends the process with the command's exit code. */
export async function main(argv: readonly string[]): Promise<void> {
  // A reader that goes, such as head, is no reason to stop what was asked for.
  process.stdout.on('error', () => {});
  const [name = '', ...args] = argv;
  if (!name || name === '--help' || name === '-h' || name === 'help') {
    process.stdout.write(overview());
    process.exit(name ? 0 : 1);
  }
  try {
    const command = commands.find((c) => c.name === name);
    if (!command) throw new UsageError(`unknown command "${name}"; run mini-k8s --help to see the commands.`);
    const { run } = await command.load();
    process.exit(await run(args));
  } catch (error) {
    const text = error instanceof UsageError ? error.message : ((error as Error)?.stack ?? String(error));
    process.stderr.write(`mini-k8s: ${text}\n`);
    process.exit(1);
  }
}
