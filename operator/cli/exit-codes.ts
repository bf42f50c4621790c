/** What a script may rely on. A number never changes its meaning. */
export const EXIT = {
  ok: 0,
  /** The question was answered, and the answer is no: drift, not ready, not found. */
  no: 1,
  /** The answer is yes, but not for what is newest: it is longer than was allowed. */
  behind: 2,
  /** What the command needs is missing or unusable: a file, a cluster, a cloud. Nothing was decided. */
  unusable: 3,
  /** The command line itself is wrong (EX_USAGE). */
  usage: 64,
  /** A mistake of memoryctl (EX_SOFTWARE). */
  broken: 70,
  /** Ctrl-C: 128 + SIGINT. */
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

export const EXIT_MEANINGS: readonly (readonly [ExitCode, string])[] = [
  [EXIT.ok, 'done; the answer is yes'],
  [EXIT.no, 'answered, and the answer is no (drift, not ready, no such object)'],
  [EXIT.behind, 'yes, but not yet for what is newest'],
  [EXIT.unusable, 'a file, cluster or cloud that is needed is missing or unusable; nothing was decided'],
  [EXIT.usage, 'the command line is wrong'],
  [EXIT.broken, 'a mistake of memoryctl itself'],
  [EXIT.interrupted, 'interrupted'],
];
