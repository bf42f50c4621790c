/** One thing that was looked at in what was synthesised, and what it is evidence for. */
export interface EvidenceFact {
  /** `WORM-LOCK` */
  readonly rule: string;
  readonly title: string;
  /** Framework and clause: `HIPAA:164.312(c)(1)`. */
  readonly controls: readonly string[];
  readonly checkov: readonly string[];
  readonly trivy: readonly string[];
  readonly stack: string;
  /** `aws_s3_bucket.audit` */
  readonly address: string;
  readonly attribute: string;
  readonly value: string;
  readonly wanted: string;
  readonly verdict: 'pass' | 'not yet' | 'waived' | 'fail';
  /** Of a waived one: why, who, until when. */
  readonly waiver?: string;
}

/** What stands before the facts. */
export interface EvidenceHeader {
  readonly format: string;
  /** `aws-prod` */
  readonly environment: string;
  readonly release: string;
  readonly time: string;
  /** The head of the release before; null: the first one. */
  readonly previous: string | null;
  /** The bytes that Terraform applies. */
  readonly stacks: readonly { readonly name: string; readonly sha256: string }[];
}

/** What makes two facts of two releases the same question. */
export const questionOf = ({ stack, rule, address, attribute }: EvidenceFact): string =>
  [stack, rule, address, attribute].join('\n');
