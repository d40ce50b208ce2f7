// An image reference taken apart, by the grammar that registries and runtimes share.
// Reads: a string. Mirrors: github.com/distribution/reference as pkg/util/parsers uses it.
// Used by: apiserver/kinds/pod/defaults.ts for pull policies, kubelet/images/imageName.ts before it pulls.

const component = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*';
const host = '(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])';
const domain = `(?:${host}(?:\\.${host})*|\\[[a-fA-F0-9:]+\\])(?::[0-9]+)?`;
const tag = '[\\w][\\w.-]{0,127}';
const digest = '[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}';
const reference = new RegExp(`^(?:${domain}/)?(${component}(?:/${component})*)(?::(${tag}))?(?:@(${digest}))?$`);
const identifier = /^[a-f0-9]{64}$/;
const digestLengths: Record<string, number> = { sha256: 64, sha384: 96, sha512: 128 };
const maxPath = 255;

function isDigest(text: string): boolean {
  const [algorithm = '', hex = ''] = text.split(':');
  return hex.length === digestLengths[algorithm] && /^[a-f0-9]+$/.test(hex);
}

/** `tag` and `digest` are empty where the reference has none. Undefined: no image can be called that. */
export function parseImageReference(image: string): { tag: string; digest: string } | undefined {
  if (identifier.test(image)) return undefined;
  const [, path = '', tag = '', digest = ''] = reference.exec(image) ?? [];
  if (!path || path.length > maxPath || (digest && !isDigest(digest))) return undefined;
  return { tag, digest };
}
