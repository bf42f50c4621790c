/** Why a container waits, in the words that `kubectl get pods` shows. */
export type RefusalReason =
  | 'CreateContainerConfigError'
  | 'ErrImagePull'
  | 'ContainerCreating'
  | 'RunContainerError'
  | 'PodInitializing';

/** A container cannot start yet; what is missing may still come, so the start is tried again. */
export class StartRefusal extends Error {
  readonly reason: RefusalReason;
  constructor(reason: RefusalReason, message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'StartRefusal';
    this.reason = reason;
  }
}
