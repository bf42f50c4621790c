/** `metav1.Condition`, without the time that only a change of status moves. */
export interface ConditionInput {
  readonly type: string;
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: string;
  readonly message: string;
  readonly observedGeneration?: number | undefined;
}

export interface Condition extends ConditionInput {
  readonly lastTransitionTime: string;
}

/** `metav1.Time` has whole seconds. */
export const kubeTime = (date: Date): string => `${date.toISOString().slice(0, 19)}Z`;

/**
 * `next`, in its order, with the times of `previous` wherever the status is the same. Types that `next` lacks are gone:
 * it is the whole truth.
 */
export const mergeConditions = (
  previous: readonly Condition[],
  next: readonly ConditionInput[],
  now: Date,
): readonly Condition[] => {
  const before = new Map(previous.map((condition) => [condition.type, condition]));
  return next.map((condition) => {
    const known = before.get(condition.type);
    const lastTransitionTime = known?.status === condition.status ? known.lastTransitionTime : kubeTime(now);
    return { ...condition, lastTransitionTime };
  });
};
