// An image reference taken apart as registries need it, and checked as the runtime would.
// Reads and writes: strings. Mirrors: github.com/distribution/reference as pkg/util/parsers uses it. Next: imageManager.ts.

const component = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*';
const host = '(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])';
const domain = `(?:${host}(?:\\.${host})*|\\[[a-fA-F0-9:]+\\])(?::[0-9]+)?`;
const reference = new RegExp(
  `^(?:(${domain})/)?(${component}(?:/${component})*)(?::([\\w][\\w.-]{0,127}))?(?:@([A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}))?$`,
);

/** The reference with `:latest` when it has neither tag nor digest. Throws the text of InvalidImageName. */
export function withDefaultTag(image: string): string {
  const m = reference.exec(image);
  if (!m) {
    throw new Error(`couldn't parse image name "${image}": invalid reference format`);
  }
  return m[3] || m[4] ? image : `${image}:latest`;
}

/** `registry/repository`, as pull secrets are matched: `docker.io/library/nginx`. */
export function repositoryOf(image: string): string {
  const name = image.replace(/@[^@]*$/, '').replace(/:[^:/]*$/, '');
  const slash = name.indexOf('/');
  const first = slash < 0 ? '' : name.slice(0, slash);
  if (/[.:]/.test(first) || first === 'localhost') return name;
  return slash < 0 ? `docker.io/library/${name}` : `docker.io/${name}`;
}
