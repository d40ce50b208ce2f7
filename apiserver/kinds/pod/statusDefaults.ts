// What Go writes into the status of a pod although nobody set it: times that are null, texts that are empty, no and 0.
// Typed clients refuse a container's status without them. Mirrors: the JSON of PodStatus in staging/src/k8s.io/api/core/v1/types.go.
// Called by: defaults.ts.

/** `null` for each of these times that is not there. */
export function nullTimes(list: any[] | undefined, ...names: string[]): void {
  for (const item of list ?? []) if (item) for (const name of names) item[name] ??= null;
}

function fillState(state: any): void {
  if (state.running) state.running.startedAt ??= null;
  if (!state.terminated) return;
  state.terminated.exitCode ??= 0;
  state.terminated.startedAt ??= null;
  state.terminated.finishedAt ??= null;
}

function fillContainer(status: any): void {
  status.state ??= {};
  status.lastState ??= {};
  status.ready ??= false;
  status.restartCount ??= 0;
  status.image ??= '';
  status.imageID ??= '';
  fillState(status.state);
  fillState(status.lastState);
}

export function defaultPodStatus(status: any): void {
  nullTimes(status.conditions, 'lastProbeTime', 'lastTransitionTime');
  for (const list of ['containerStatuses', 'initContainerStatuses', 'ephemeralContainerStatuses'])
    for (const container of status[list] ?? []) if (container) fillContainer(container);
}
