/**
 * A check of a public scanner that a resource fails on purpose. Stands in the folder of what it is about; one that is
 * about nothing, or about what the scanner does not find, fails the scan as well.
 */
export interface Accepted {
  readonly check: string;
  /** Of construct ids, without the hash that cdktf adds. */
  readonly on: RegExp;
  readonly because: string;
  /** Found only where the scanner reads policies: in a plan, not in what was synthesised. */
  readonly inPlan?: true;
  /** Found only in development, which promises less: in production it stays a failure. */
  readonly inDev?: true;
}
