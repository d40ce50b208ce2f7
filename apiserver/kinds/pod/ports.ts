// Rules of container ports and of the ports that handlers name.
// Mirrors: validateContainerPorts, AccumulateUniqueHostPorts and ValidatePortNumOrName in pkg/apis/core/validation/validation.go.
// Called by: containers.ts and probes.ts.
import { duplicate, type FieldError, invalidValue } from '../../../apimachinery/fieldErrors.ts';
import { isValidPortName, isValidPortNum } from '../../../apimachinery/names.ts';
import { checkRequired, checkRequiredOneOf, pushTexts } from '../check.ts';

export const protocols: readonly string[] = ['SCTP', 'TCP', 'UDP'];

export function checkPortNumber(errors: FieldError[], field: string, port: number): void {
  if (!(port >= 1 && port <= 65535)) pushTexts(errors, field, port, isValidPortNum(port));
}

/** A number, or the name of a container port. */
export function checkPortNumOrName(errors: FieldError[], field: string, port: number | string | undefined): void {
  if (typeof port === 'string') pushTexts(errors, field, port, isValidPortName(port));
  else checkPortNumber(errors, field, port ?? 0);
}

export function checkContainerPorts(errors: FieldError[], field: string, ports: any[]): void {
  const names = new Set<string>();
  for (let i = 0; i < ports.length; i++) {
    const port = ports[i];
    const at = `${field}[${i}]`;
    if (port.name) {
      const texts = isValidPortName(port.name);
      if (texts.length) pushTexts(errors, `${at}.name`, port.name, texts);
      else if (names.has(port.name)) errors.push(duplicate(`${at}.name`, port.name));
      else names.add(port.name);
    }
    if (!port.containerPort) checkRequired(errors, `${at}.containerPort`, undefined);
    else checkPortNumber(errors, `${at}.containerPort`, port.containerPort);
    if (port.hostPort) checkPortNumber(errors, `${at}.hostPort`, port.hostPort);
    checkRequiredOneOf(errors, `${at}.protocol`, port.protocol, protocols);
  }
}

/** No two containers may claim the same port of the node. `field` is that of the list. */
export function checkHostPortConflicts(errors: FieldError[], field: string, containers: any[]): void {
  let taken: Set<string> | undefined;
  for (let c = 0; c < containers.length; c++) {
    const ports = containers[c].ports;
    if (!ports) continue;
    for (let p = 0; p < ports.length; p++) {
      const port = ports[p];
      if (!port.hostPort) continue;
      const key = `${port.protocol}/${port.hostIP ?? ''}/${port.hostPort}`;
      taken ??= new Set();
      if (taken.has(key)) errors.push(duplicate(`${field}[${c}].ports[${p}].hostPort`, key));
      taken.add(key);
    }
  }
}

/** On the node's network a container's port is the node's; templates may leave that to the pods made from them. */
export function checkHostNetworkPorts(errors: FieldError[], field: string, containers: any[], isPod: boolean): void {
  containers.forEach((container, c) => {
    (container.ports ?? []).forEach((port: any, p: number) => {
      const host = port.hostPort ?? 0;
      if ((isPod || host !== 0) && host !== port.containerPort)
        errors.push(
          invalidValue(
            `${field}[${c}].ports[${p}].hostPort`,
            host,
            'must match `containerPort` when `hostNetwork` is true',
          ),
        );
    });
  });
}
