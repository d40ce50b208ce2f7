// The version that a daemon reports: the one of this release, or with --version=v… another build of the same.
// Mirrors: staging/src/k8s.io/component-base/version (dynamic.go, verflag). Written by main.ts; read by /version, OpenAPI and metrics.
import { readFileSync } from 'node:fs';
import { UsageError } from './flags.ts';

/** Major, minor and patch of the Kubernetes that is spoken. */
export const releasedVersion = 'v1.35.0';
const own = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string };

let reported = `${releasedVersion}+mini-k8s-${own.version}`;

export const reportedVersion = (): string => reported;

const semantic = /^v?(\d+\.\d+\.\d+)(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?$/;

/** Only what stands behind the numbers may be another. Throws UsageError. */
export function setReportedVersion(text: string): void {
  const numbers = semantic.exec(text)?.[1];
  if (!numbers) throw new UsageError(`invalid argument "${text}" for --version: could not parse it as a version`);
  if (`v${numbers}` !== releasedVersion)
    throw new UsageError(
      `invalid argument "${text}" for --version: version "${text}" must match major/minor/patch of default version "${releasedVersion}"`,
    );
  reported = text;
}

/**
 * Takes `--version` out of `argv`. The text is what is to be printed instead of running: for `--version` a line, for
 * `--version=raw` the parts. `--version=v…` sets what is reported. Throws UsageError.
 */
export function readVersionFlag(argv: readonly string[]): { argv: string[]; text?: string } {
  const flag = /^--?version(?:=(.*))?$/;
  const rest = argv.filter((arg) => !flag.test(arg));
  let text: string | undefined;
  for (const arg of argv) {
    const found = flag.exec(arg);
    if (!found) continue;
    const value = found[1] ?? 'true';
    if (value === 'raw') text = `version.Info{Major:"1", Minor:"35", GitVersion:"${reported}"}\n`;
    else if (/^(1|t|true)$/i.test(value)) text = `Kubernetes ${releasedVersion}\n`;
    else if (/^(0|f|false)$/i.test(value)) text = undefined;
    else if (value.startsWith('v')) setReportedVersion(value);
    else
      throw new UsageError(
        `invalid argument "${value}" for --version: must be true, false, raw, or a version that starts with v`,
      );
  }
  return text === undefined ? { argv: rest } : { argv: rest, text };
}
