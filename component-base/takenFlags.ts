// Rows for flags of upstream's that are taken and change nothing, by the type of their value; each says why in its help.
// Used by: acceptedFlags.ts here, of apiserver/ and of controllers/.
export const text = (help: string, fallback = '') => ({ type: 'string', default: fallback, help }) as const;
export const flag = (help: string, fallback = false) => ({ type: 'bool', default: fallback, help }) as const;
export const time = (help: string, seconds: number) => ({ type: 'duration', default: seconds * 1000, help }) as const;
export const count = (help: string, fallback: number) => ({ type: 'int', default: fallback, help }) as const;
export const list = (help: string) => ({ type: 'list', default: [] as string[], help }) as const;
