/** What a platform team decides about the operator itself. */
export interface PlatformOptions {
  /** Without a tag: the tag is the version. */
  readonly image: string;
  readonly version: string;
  /** One leads, the others wait to take over. @default 1 */
  readonly replicas?: number;
  /** @default info */
  readonly logLevel?: 'debug' | 'info' | 'warn' | 'error';
  /** Secrets for pulling the image. @default none */
  readonly imagePullSecrets?: readonly string[];
}
