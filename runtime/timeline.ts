// Values that change with a container's age, as annotations write them: `200,500@30s`, keyed: `/healthz=200,500@30s; /=200`.
// Pure. Used by: behaviour.ts to read them, responder.ts and exec.ts to ask what holds now.
import { parseDuration } from '../component-base/flags.ts';

/** `value` holds from this age on, in milliseconds since the container started. */
export interface Step {
  from: number;
  value: string;
}
/** `key` is a path prefix or a part of a command line; the empty key matches everything. */
export interface Timeline {
  key: string;
  steps: Step[];
}

/** Reads `[key=]value[@age][,value@age…][; …]`. Throws an Error that says what is wrong; `valid` judges each value. */
export function parseTimelines(text: string, valid: (value: string) => boolean): Timeline[] {
  return text
    .split(';')
    .map((part) => part.trim())
    .filter(Boolean)
    .map((part) => {
      const eq = part.lastIndexOf('=');
      return { key: eq < 0 ? '' : part.slice(0, eq).trim(), steps: parseSteps(part.slice(eq + 1), valid) };
    });
}

function parseSteps(text: string, valid: (value: string) => boolean): Step[] {
  const steps = text.split(',').map((step) => {
    const [value = '', age = '0'] = step.trim().split('@', 2);
    const from = parseDuration(age);
    if (from === undefined || from < 0) throw new Error(`"${age}" is not a duration such as 10s`);
    if (!valid(value)) throw new Error(`"${value}" is not a value it can have`);
    return { from, value };
  });
  return steps.sort((a, b) => a.from - b.from);
}

/** The value at this age; undefined before the first step. */
export const valueAt = (steps: readonly Step[], age: number): string | undefined =>
  steps.findLast((s) => s.from <= age)?.value;

/** The result of the first timeline whose key occurs in the command line; success when none does. */
export function execResult(timelines: readonly Timeline[], command: string, age: number): string {
  const timeline = timelines.find((t) => command.includes(t.key));
  return (timeline && valueAt(timeline.steps, age)) ?? '0';
}

/** Do annotations say anything of what this command does? */
export const execIsTold = (
  b: { exec: Timeline[]; execStdout: string; execStderr: string },
  command: string[],
): boolean => b.execStdout !== '' || b.execStderr !== '' || b.exec.some((t) => command.join(' ').includes(t.key));
