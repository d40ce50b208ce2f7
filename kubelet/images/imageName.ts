// An image reference taken apart as registries need it, and checked as the runtime would.
// Reads and writes: strings. Mirrors: github.com/distribution/reference as pkg/util/parsers uses it. Next: imageManager.ts.

import { parseImageReference } from '../../apimachinery/imageReference.ts';

/** The reference with `:latest` when it has neither tag nor digest. Throws the text of InvalidImageName. */
export function withDefaultTag(image: string): string {
  const named = parseImageReference(image);
  if (!named) throw new Error(`couldn't parse image name "${image}": invalid reference format`);
  return named.tag || named.digest ? image : `${image}:latest`;
}

/** `registry/repository`, as pull secrets are matched: `docker.io/library/nginx`. */
export function repositoryOf(image: string): string {
  const name = image.replace(/@[^@]*$/, '').replace(/:[^:/]*$/, '');
  const slash = name.indexOf('/');
  const first = slash < 0 ? '' : name.slice(0, slash);
  if (/[.:]/.test(first) || first === 'localhost') return name;
  return slash < 0 ? `docker.io/library/${name}` : `docker.io/${name}`;
}
