// A container that could not be started: its `reason` and message become the container's waiting state.
// Mirrors: pkg/kubelet/container/sync_result.go and pkg/kubelet/images/types.go. Next: startContainer.ts, imageManager.ts.

export type StartFailure =
  | 'CrashLoopBackOff'
  | 'CreateContainerConfigError'
  | 'CreateContainerError'
  | 'RunContainerError'
  | 'PostStartHookError'
  | 'ErrImagePull'
  | 'ImagePullBackOff'
  | 'ErrImageNeverPull'
  | 'InvalidImageName'
  | 'ImageInspectError'
  | 'RegistryUnavailable';

export class StartError extends Error {
  readonly reason: StartFailure;
  /** Milliseconds after which another try makes sense. */
  readonly after?: number;
  constructor(reason: StartFailure, message: string, after?: number) {
    super(message);
    this.name = 'StartError';
    this.reason = reason;
    this.after = after;
  }
}
