// Rules that Endpoints, EndpointSlices and external IPs of Services share: addresses that can be endpoints, and their ports.
// Used by: endpoints.ts, endpointSlice.ts, service/. Mirrors: pkg/apis/core/validation (ValidateEndpointIP, validateEndpointPort).
import { type FieldError, invalidValue } from '../../apimachinery/fieldErrors.ts';
import { cidrContains, parseCIDR, parseIP } from '../../apimachinery/ipFormat.ts';
import { isDNS1123Label, isQualifiedName, isValidPortNum } from '../../apimachinery/names.ts';
import { checkRequiredOneOf, pushTexts } from './check.ts';

export const protocols = ['SCTP', 'TCP', 'UDP'];

const ranges = (...texts: string[]) => texts.map((text) => parseCIDR(text)!);
const special: [ReturnType<typeof ranges>, (text: string) => string][] = [
  [ranges('0.0.0.0/32', '::/128'), (text) => `may not be unspecified (${text})`],
  [ranges('127.0.0.0/8', '::1/128'), () => 'may not be in the loopback range (127.0.0.0/8, ::1/128)'],
  [ranges('169.254.0.0/16', 'fe80::/10'), () => 'may not be in the link-local range (169.254.0.0/16, fe80::/10)'],
  [
    // Upstream looks at ff02::/16 and says /10.
    ranges('224.0.0.0/24', 'ff02::/16'),
    () => 'may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)',
  ],
];

/** No loopback, link-local or unspecified address: nothing that means another machine on each machine. */
export function checkNonSpecialIP(errors: FieldError[], field: string, text: string): void {
  const ip = parseIP(text);
  if (!ip) {
    errors.push(invalidValue(field, text, 'must be a valid IP address'));
    return;
  }
  for (const [where, rule] of special) {
    if (where.some((range) => cidrContains(range, ip))) errors.push(invalidValue(field, text, rule(text)));
  }
}

/** What all port lists ask of a port besides its name being there. */
export function checkPort(errors: FieldError[], field: string, port: any): void {
  if (port.name) pushTexts(errors, `${field}.name`, port.name, isDNS1123Label(port.name));
  pushTexts(errors, `${field}.port`, port.port ?? 0, isValidPortNum(port.port ?? 0));
  checkProtocol(errors, field, port);
}

export function checkProtocol(errors: FieldError[], field: string, port: any): void {
  checkRequiredOneOf(errors, `${field}.protocol`, port.protocol, protocols);
  if (typeof port.appProtocol === 'string') {
    pushTexts(errors, `${field}.appProtocol`, port.appProtocol, isQualifiedName(port.appProtocol));
  }
}
