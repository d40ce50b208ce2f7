// Access modes in the short form of columns: `RWO,ROX`. Mirrors: GetAccessModesAsString in pkg/apis/core/helper/helpers.go.
// Used by: ../persistentVolume.ts and ../persistentVolumeClaim.ts.

const short: readonly (readonly [mode: string, text: string])[] = [
  ['ReadWriteOnce', 'RWO'],
  ['ReadOnlyMany', 'ROX'],
  ['ReadWriteMany', 'RWX'],
  ['ReadWriteOncePod', 'RWOP'],
];

export const accessModesText = (modes: readonly string[] = []): string =>
  short
    .filter(([mode]) => modes.includes(mode))
    .map(([, text]) => text)
    .join(',');
