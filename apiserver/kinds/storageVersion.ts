// StorageVersion: in which version each API server writes a resource, and which it can read.
// Read by the API server's mechanisms; alpha: served when --runtime-config asks for it. Mirrors: pkg/apis/apiserverinternal/validation,
// pkg/registry/apiserverinternal. Next: statusSubresource.ts: all that it says is in its status.
import { type FieldError, invalidValue, required } from '../../apimachinery/fieldErrors.ts';
import {
  emptyError,
  isDNS1035Label,
  isDNS1123Subdomain,
  isQualifiedName,
  nameIsDNSSubdomain,
  regexError,
} from '../../apimachinery/names.ts';
import { pushTexts } from './check.ts';
import { ageColumn, column, nameColumn } from './columns.ts';
import { keepMetadata } from './keepMetadata.ts';
import { defineKind } from './kind.ts';
import { statusSubresource } from './statusSubresource.ts';

/** `apps.deployments`: the resource behind the last dot. */
function nameTexts(name: string): string[] {
  const dot = name.lastIndexOf('.');
  if (dot < 0) return ['name must be in the form of <group>.<resource>'];
  return [
    ...isDNS1123Subdomain(name.slice(0, dot)).map((text) => `the group segment ${text}`),
    ...isDNS1035Label(name.slice(dot + 1)).map((text) => `the resource segment ${text}`),
  ];
}

const labelText =
  "a DNS-1035 label, which must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character";

function versionTexts(apiVersion: string): string[] {
  const parts = apiVersion.split('/');
  if (parts.length > 2) {
    const label = regexError(labelText, '[a-z]([-a-z0-9]*[a-z0-9])?', 'my-name', 'abc-123');
    return [`an apiVersion is ${label} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyVersion')`];
  }
  const part = (name: string, value: string, check: (text: string) => string[]) =>
    (value ? check(value) : [emptyError]).map((text) => `${name} part: ${text}`);
  const version = part('version', parts.at(-1)!, isDNS1035Label);
  return parts.length === 2 ? [...part('group', parts[0]!, isDNS1123Subdomain), ...version] : version;
}

function checkVersion(errors: FieldError[], field: string, apiVersion: string): void {
  const texts = versionTexts(apiVersion);
  if (texts.length) errors.push(invalidValue(field, apiVersion, texts.join(',')));
}

function checkServer(errors: FieldError[], field: string, server: any): void {
  const { apiServerID = '', encodingVersion = '', decodableVersions = [], servedVersions = [] } = server;
  pushTexts(errors, `${field}.apiServerID`, apiServerID, nameIsDNSSubdomain(apiServerID, false));
  checkVersion(errors, `${field}.encodingVersion`, encodingVersion);
  for (const [i, version] of decodableVersions.entries())
    checkVersion(errors, `${field}.decodableVersions[${i}]`, version);
  if (!decodableVersions.includes(encodingVersion))
    errors.push(
      invalidValue(
        `${field}.decodableVersions`,
        server.decodableVersions ?? null,
        `decodableVersions must include encodingVersion ${encodingVersion}`,
      ),
    );
  for (const [i, version] of servedVersions.entries()) {
    const at = `${field}.servedVersions[${i}]`;
    checkVersion(errors, at, version);
    if (decodableVersions.includes(version)) continue;
    const readable = `[${decodableVersions.join(' ')}]`;
    const text = `individual served version : ${version} must be included in decodableVersions : ${readable}`;
    errors.push(invalidValue(at, version, text));
  }
}

/** What all servers write alike is said once more, and only then. */
function checkCommon(errors: FieldError[], { storageVersions = [], commonEncodingVersion }: any): void {
  const field = 'status.commonEncodingVersion';
  const written = new Set<string>(storageVersions.map((server: any) => server.encodingVersion ?? ''));
  const [common] = written.size === 1 ? written : [];
  if (common === commonEncodingVersion) return;
  const noneText =
    'should be nil if servers do not agree on the same encoding version, or if there is no server reporting the supported versions yet';
  const text =
    common === undefined
      ? noneText
      : `the ${commonEncodingVersion === undefined ? '' : 'actual '}common encoding version is ${common}`;
  errors.push(invalidValue(field, commonEncodingVersion ?? null, text));
}

/** The paths are upstream's: without the name of the list, and with the type where the status is shown. */
function checkConditions(errors: FieldError[], conditions: readonly any[]): void {
  const seen = new Map<string, number>();
  for (const [i, { type = '', status = '', reason, message }] of conditions.entries()) {
    const at = `status[${i}]`;
    const before = seen.get(type);
    if (before !== undefined)
      errors.push(
        invalidValue(
          `${at}.type`,
          type,
          `the type of the condition is not unique, it also appears in conditions[${before}]`,
        ),
      );
    seen.set(type, i);
    pushTexts(errors, `${at}.type`, type, isQualifiedName(type));
    pushTexts(errors, `${at}.status`, type, isQualifiedName(status));
    if (!reason) errors.push(required(`${at}.reason`, 'reason cannot be empty'));
    if (!message) errors.push(required(`${at}.message`, 'message cannot be empty'));
  }
}

function validateStatus({ status = {} }: any): FieldError[] {
  const errors: FieldError[] = [];
  for (const [i, server] of (status.storageVersions ?? []).entries())
    checkServer(errors, `status.storageVersions[${i}]`, server);
  checkCommon(errors, status);
  checkConditions(errors, status.conditions ?? []);
  return errors;
}

const shown = 3;

function serversText(servers: readonly any[]): string {
  const texts = servers.slice(0, shown).map((server) => `${server.apiServerID}=${server.encodingVersion}`);
  const more = servers.length - shown;
  return more > 0 ? `${texts.join(',')} + ${more} more...` : texts.join(',');
}

export const storageVersion = defineKind({
  group: 'internal.apiserver.k8s.io',
  version: 'v1alpha1',
  kind: 'StorageVersion',
  plural: 'storageversions',
  namespaced: false,
  schema: 'io.k8s.api.apiserverinternal.v1alpha1.StorageVersion',
  storage: 'storageversions',
  defaults: (object) => {
    object.spec ??= {};
    object.status ??= {};
  },
  validateName: nameTexts,
  unconditionalUpdate: false,
  subresources: [statusSubresource(validateStatus, { keep: keepMetadata, resets: ['metadata'] })],
  columns: [
    nameColumn,
    column('CommonEncodingVersion', 'What all servers write.', (o) => o.status?.commonEncodingVersion ?? '<unset>'),
    column('StorageVersions', 'What each server writes.', (o) => serversText(o.status?.storageVersions ?? [])),
    ageColumn,
  ],
});
