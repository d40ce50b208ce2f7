// What a terminal's driver does between a person and a command: typed characters come back, lines arrive when they are finished.
// Used by: ../streams.ts for sessions with a tty. Mirrors what the kernel does in a real container.
import { PassThrough, type Readable } from 'node:stream';

export interface Terminal {
  /** Whole lines; ends at Ctrl-D. */
  stdin: Readable;
  /** Text as a terminal wants it: line ends begin at the left. */
  cook(data: Buffer | string): Buffer;
}

const enter = new Set(['\r', '\n']);
const erase = new Set(['\x7f', '\b']);

export function createTerminal(input: Readable, echo: (text: string) => void, onInterrupt: () => void): Terminal {
  const stdin = new PassThrough();
  let line = '';
  const type = (c: string) => {
    if (enter.has(c)) {
      echo('\r\n');
      stdin.write(`${line}\n`);
      line = '';
    } else if (erase.has(c)) {
      if (line) echo('\b \b');
      line = line.slice(0, -1);
    } else if (c === '\x03') {
      echo('^C\r\n');
      line = '';
      onInterrupt();
    } else if (c === '\x04') {
      if (line) stdin.write(line);
      else stdin.end();
      line = '';
    } else if (c >= ' ' || c === '\t') {
      line += c;
      echo(c);
    }
  };
  input.on('data', (data: Buffer) => {
    for (const c of data.toString('utf8')) if (!stdin.writableEnded) type(c);
  });
  input.on('end', () => stdin.end());
  input.on('close', () => stdin.end());
  return { stdin, cook: (data) => Buffer.from(data.toString('utf8').replace(/\r?\n/g, '\r\n')) };
}
