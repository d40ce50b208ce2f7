// Is a body of the kind and version that its path expects? What names them, what may be left out, and what upstream says otherwise.
// Called by readObject.ts before the rest of a body is read. Mirrors: Decode of apimachinery/pkg/runtime/serializer/json, the handlers'
// checks of the group version, and ValidateTypeMeta of apiextensions-apiserver/pkg/registry/customresource/validator.go.
import { type FieldError, invalidValue } from '../../apimachinery/fieldErrors.ts';
import { badRequest, invalid } from '../../apimachinery/status.ts';
import type { Expected } from './readObject.ts';

/** Of built-in kinds the path says what a body is; a custom resource has to say so itself. */
export const isCustom = ({ node }: Expected): boolean => !node.native;

export const missingKind = (body: string) => `Object 'Kind' is missing in '${body}'`;

export const otherVersion = (found: string, { apiVersion }: Expected) =>
  badRequest(`the API version in the data (${found}) does not match the expected API version (${apiVersion})`);

/** kind and apiVersion may be left out; given, they must be the expected ones. */
export function checkKind(value: any, expected: Expected): void {
  checkTexts(value);
  const { kind } = value;
  // With a slash before it is the core group all the same: so clients write it that join a group and a version.
  const apiVersion = value.apiVersion?.replace(/^\/(?=[^/]+$)/, '');
  if (apiVersion && expected.apiVersion && apiVersion !== expected.apiVersion && !expected.also?.includes(apiVersion))
    throw otherVersion(apiVersion, expected);
  if (isCustom(expected)) checkCustomKind(value, expected);
  else if (kind && kind !== expected.kind) {
    const [group, version] = splitVersion(expected.apiVersion);
    const internal = group.split('.', 1)[0] || 'core';
    throw badRequest(
      `${kind} in version "${version}" cannot be handled as a ${expected.kind}: converting (${version}.${kind}) to (${internal}.${expected.kind}): unknown conversion`,
    );
  }
}

/** Validation, and so 422. */
function checkCustomKind({ kind, apiVersion = '', metadata }: any, expected: Expected): void {
  const errors: FieldError[] = [];
  if (kind !== expected.kind) errors.push(invalidValue('kind', kind, `must be ${expected.kind}`));
  if (apiVersion !== expected.apiVersion)
    errors.push(invalidValue('apiVersion', apiVersion, `must be ${expected.apiVersion}`));
  if (errors.length) throw invalid({ group: splitVersion(expected.apiVersion)[0], kind }, metadata?.name ?? '', errors);
}

export const checkTexts = (value: any): void => {
  for (const name of ['apiVersion', 'kind']) checkText(value, name);
};

/** What names the type is read before the rest, and so refused in words of its own. */
function checkText(value: any, name: string): void {
  const found = value[name];
  if (found === undefined || found === null || typeof found === 'string') return;
  const type = Array.isArray(found) ? 'array' : typeof found === 'boolean' ? 'bool' : typeof found;
  throw badRequest(
    `couldn't get version/kind; json parse error: json: cannot unmarshal ${type} into Go struct field .${name} of type string`,
  );
}

export const splitVersion = (apiVersion: string): [string, string] => {
  const slash = apiVersion.indexOf('/');
  return slash < 0 ? ['', apiVersion] : [apiVersion.slice(0, slash), apiVersion.slice(slash + 1)];
};
