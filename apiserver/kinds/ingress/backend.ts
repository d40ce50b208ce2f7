// Where an Ingress sends requests: a port of a Service, or some other object of its namespace.
// Mirrors: validateIngressBackend and validateIngressTypedLocalObjectReference in pkg/apis/networking/validation/validation.go.
// Used by: rules.ts; ../ingressClass.ts for references.
import { type FieldError, invalidValue, required } from '../../../apimachinery/fieldErrors.ts';
import {
  isDNS1123Subdomain,
  isPathSegmentName,
  isValidPortName,
  isValidPortNum,
  nameIsDNS1035Label,
  nameIsDNSLabel,
} from '../../../apimachinery/names.ts';
import { pushTexts } from '../check.ts';

/** What is let through because the stored object has it. */
export interface Leave {
  secretNames?: boolean;
  wildcardRules?: boolean;
  /** Names of Services that begin with a digit. */
  serviceNames?: boolean;
}

/** The name and kind of an object, and its group. */
export function checkObjectRef(errors: FieldError[], field: string, ref: any): void {
  if (ref.apiGroup !== undefined && ref.apiGroup !== null)
    pushTexts(errors, `${field}.apiGroup`, ref.apiGroup, isDNS1123Subdomain(ref.apiGroup));
  for (const part of ['kind', 'name']) {
    if (!ref[part]) errors.push(required(`${field}.${part}`));
    else pushTexts(errors, `${field}.${part}`, ref[part], isPathSegmentName(ref[part], false));
  }
}

function checkService(errors: FieldError[], field: string, service: any, leave: Leave): void {
  const { name, port = {} } = service;
  const check = leave.serviceNames ? nameIsDNSLabel : nameIsDNS1035Label;
  if (!name) errors.push(required(`${field}.service.name`));
  else pushTexts(errors, `${field}.service.name`, name, check(name, false));
  const { name: portName, number } = port;
  if (portName && number) errors.push(invalidValue(field, '', 'cannot set both port name & port number'));
  else if (portName) pushTexts(errors, `${field}.service.port.name`, portName, isValidPortName(portName));
  else if (number) pushTexts(errors, `${field}.service.port.number`, number, isValidPortNum(number));
  else errors.push(required(field, 'port name or number is required'));
}

export function checkBackend(errors: FieldError[], field: string, backend: any, leave: Leave): void {
  const { resource, service } = backend ?? {};
  if (resource && service) errors.push(invalidValue(field, '', 'cannot set both resource and service backends'));
  else if (resource) checkObjectRef(errors, `${field}.resource`, resource);
  else if (service) checkService(errors, field, service, leave);
  else errors.push(invalidValue(field, '', 'resource or service backend is required'));
}

/** A name that Services once could not have: it begins with a digit. */
export const isRelaxedName = (name = ''): boolean =>
  nameIsDNSLabel(name, false).length === 0 && nameIsDNS1035Label(name, false).length > 0;
