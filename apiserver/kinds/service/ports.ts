// The rules of a Service's ports: each by itself, then no number taken twice.
// Mirrors: validateServicePort and the duplicate checks of ValidateService. Used by: validation.ts.
import { duplicate, type FieldError, forbiddenField, required } from '../../../apimachinery/fieldErrors.ts';
import { isValidPortName, isValidPortNum } from '../../../apimachinery/names.ts';
import { pushTexts } from '../check.ts';
import { checkPort } from '../endpointAddress.ts';

export function checkPorts(errors: FieldError[], service: any): void {
  const ports: any[] = service.spec.ports ?? [];
  const names = new Set<string>();
  for (const [i, port] of ports.entries()) checkOne(errors, `spec.ports[${i}]`, port, ports.length > 1, names);
  if (service.spec.type === 'ClusterIP') forbidNodePorts(errors, ports);
  checkTwice(errors, ports);
}

function checkOne(errors: FieldError[], field: string, port: any, needsName: boolean, names: Set<string>): void {
  if (!port.name && needsName) errors.push(required(`${field}.name`));
  if (port.name && names.has(port.name)) errors.push(duplicate(`${field}.name`, port.name));
  if (port.name) names.add(port.name);
  checkPort(errors, field, port);
  const target = port.targetPort ?? 0;
  const texts = typeof target === 'number' ? isValidPortNum(target) : isValidPortName(target);
  pushTexts(errors, `${field}.targetPort`, target, texts);
}

function forbidNodePorts(errors: FieldError[], ports: any[]): void {
  for (const [i, port] of ports.entries()) {
    if (port.nodePort) {
      errors.push(forbiddenField(`spec.ports[${i}].nodePort`, "may not be used when `type` is 'ClusterIP'"));
    }
  }
}

function checkTwice(errors: FieldError[], ports: any[]): void {
  const seen = new Set<string>();
  const again = (key: string) => seen.has(key) || !seen.add(key);
  for (const [i, { protocol, nodePort }] of ports.entries()) {
    if (nodePort && again(`node ${protocol} ${nodePort}`)) {
      errors.push(duplicate(`spec.ports[${i}].nodePort`, nodePort));
    }
  }
  for (const [i, { protocol, port }] of ports.entries()) {
    if (again(`${protocol} ${port}`)) errors.push(duplicate(`spec.ports[${i}]`, goPort(protocol, port)));
  }
}

/** Upstream prints the key that it compares: a Go struct with these two fields set. */
const goPort = (protocol: string, port: number) => ({
  Name: '',
  Protocol: protocol,
  AppProtocol: null,
  Port: port,
  TargetPort: 0,
  NodePort: 0,
});
