// Rules of spec.conversion: the strategy, and the webhook that it needs or must not have.
// Mirrors: validateCustomResourceConversion (apiextensions-apiserver's validation.go) and apiserver/pkg/util/webhook/validation.go.
// Called by validateDefinition.ts.
import { X509Certificate } from 'node:crypto';
import {
  type FieldError,
  forbiddenField,
  invalidValue,
  notSupported,
  required,
} from '../../../apimachinery/fieldErrors.ts';
import { isDNS1035Label, isDNS1123Subdomain, isValidPortNum } from '../../../apimachinery/names.ts';

const path = 'spec.conversion';
/** As upstream's internal type names it, whatever the version calls it. */
const client = `${path}.webhookClientConfig`;
const reviewVersions = ['v1', 'v1beta1'];

export interface ConversionOptions {
  /** conversionReviewVersions must have one that this server speaks. */
  requireReviewVersion: boolean;
  /** caBundle may be no certificate: nobody uses it yet, or it was none before. */
  allowInvalidCABundle: boolean;
}

export function conversionErrors(conversion: any, options: ConversionOptions): FieldError[] {
  if (!conversion) return [];
  const { strategy, webhook } = conversion;
  const errors: FieldError[] = [];
  if (!strategy) errors.push(required(`${path}.strategy`));
  else if (strategy !== 'None' && strategy !== 'Webhook')
    errors.push(notSupported(`${path}.strategy`, strategy, ['None', 'Webhook']));
  if (strategy === 'Webhook') {
    errors.push(...clientErrors(webhook?.clientConfig, options));
    errors.push(...reviewVersionErrors(webhook?.conversionReviewVersions ?? [], options));
    return errors;
  }
  const text = 'should not be set when strategy is not set to Webhook';
  if (webhook?.clientConfig) errors.push(forbiddenField(client, text));
  if (webhook?.conversionReviewVersions?.length) errors.push(forbiddenField(`${path}.conversionReviewVersions`, text));
  return errors;
}

function clientErrors(config: any, options: ConversionOptions): FieldError[] {
  if (!config) return [required(client, 'required when strategy is set to Webhook')];
  const errors: FieldError[] = [];
  const { url, service, caBundle } = config;
  if ((url === undefined) === (service === undefined))
    errors.push(required(client, 'exactly one of url or service is required'));
  else if (url !== undefined) errors.push(...urlErrors(url, `${client}.url`));
  else errors.push(...serviceErrors(service, `${client}.service`));
  if (caBundle && !options.allowInvalidCABundle) errors.push(...caBundleErrors(caBundle));
  return errors;
}

const urlForm = '; desired format: https://host[/path]';

function urlErrors(text: string, at: string): FieldError[] {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url) {
    // Go parses what has no scheme, and asks for one then.
    if (!/^[a-z][a-z0-9+.-]*:/i.test(text))
      return [
        invalidValue(at, '', `'https' is the only allowed URL scheme${urlForm}`),
        invalidValue(at, '', `host must be specified${urlForm}`),
      ];
    return [required(at, `url must be a valid URL: parse ${JSON.stringify(text)}: invalid URL${urlForm}`)];
  }
  const errors: FieldError[] = [];
  if (url.protocol !== 'https:')
    errors.push(invalidValue(at, url.protocol.slice(0, -1), `'https' is the only allowed URL scheme${urlForm}`));
  if (!url.host) errors.push(invalidValue(at, url.host, `host must be specified${urlForm}`));
  if (url.username || url.password)
    errors.push(invalidValue(at, url.username, `user information is not permitted in the URL${urlForm}`));
  if (text.includes('#'))
    errors.push(invalidValue(at, url.hash.slice(1), `fragments are not permitted in the URL${urlForm}`));
  if (text.includes('?'))
    errors.push(invalidValue(at, url.search.slice(1), `query parameters are not permitted in the URL${urlForm}`));
  return errors;
}

function serviceErrors(service: any, at: string): FieldError[] {
  const errors: FieldError[] = [];
  if (!service.name) errors.push(required(`${at}.name`, 'service name is required'));
  if (!service.namespace) errors.push(required(`${at}.namespace`, 'service namespace is required'));
  for (const text of isValidPortNum(service.port))
    errors.push(invalidValue(`${at}.port`, service.port, `port is not valid: ${text}`));
  if (service.path !== undefined) errors.push(...servicePathErrors(service.path, `${at}.path`));
  return errors;
}

function servicePathErrors(value: string, at: string): FieldError[] {
  if (value === '' || value === '/') return [];
  if (value === '//') return [invalidValue(at, value, 'segment[0] may not be empty')];
  const errors: FieldError[] = [];
  if (!value.startsWith('/')) errors.push(invalidValue(at, value, "must start with a '/'"));
  const segments = value.slice(1).replace(/\/$/, '').split('/');
  segments.forEach((segment, i) => {
    if (segment === '') errors.push(invalidValue(at, value, `segment[${i}] may not be empty`));
    else for (const text of isDNS1123Subdomain(segment)) errors.push(invalidValue(at, value, `segment[${i}]: ${text}`));
  });
  return errors;
}

/** Base64 of PEM; Go reads the first certificate that is one, and wants one at least. */
export function caBundleErrors(caBundle: string): FieldError[] {
  const at = `${client}.caBundle`;
  const pem = Buffer.from(caBundle, 'base64').toString('utf8');
  const why = pemProblem(pem);
  return why ? [invalidValue(at, caBundle, `unable to load root certificates: ${why}`)] : [];
}

function pemProblem(pem: string): string | undefined {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g);
  if (!blocks) return 'unable to parse bytes as PEM block';
  for (const block of blocks) {
    try {
      new X509Certificate(block);
    } catch (error) {
      return `failed to parse certificate: ${(error as Error).message}`;
    }
  }
  return undefined;
}

function reviewVersionErrors(versions: string[], options: ConversionOptions): FieldError[] {
  const at = `${path}.conversionReviewVersions`;
  if (!versions.length) return [required(at)];
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  for (const [i, version] of versions.entries()) {
    if (seen.has(version)) {
      errors.push(invalidValue(`${at}[${i}]`, version, 'duplicate version'));
      continue;
    }
    seen.add(version);
    for (const text of isDNS1035Label(version)) errors.push(invalidValue(`${at}[${i}]`, version, text));
  }
  if (options.requireReviewVersion && !versions.some((v) => reviewVersions.includes(v)))
    errors.push(invalidValue(at, versions, `must include at least one of ${reviewVersions.join(', ')}`));
  return errors;
}
