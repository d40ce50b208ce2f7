// Parts that samples of several kinds are made of.

/** A change of a sample, before its defaults are filled in. */
export type Change = (spec: any, object: any) => void;
export const same: Change = () => {};
export const set =
  (fields: Record<string, unknown>): Change =>
  (spec) =>
    Object.assign(spec, fields);
export const inTemplate =
  (fields: Record<string, unknown>): Change =>
  (spec) =>
    Object.assign(spec.template.spec, fields);

export const template = (more: Record<string, unknown> = {}): any => ({
  metadata: { labels: { app: 'web' } },
  spec: { containers: [{ name: 'c', image: 'nginx:1' }], ...more },
});
