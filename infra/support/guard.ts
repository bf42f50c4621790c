/** On everything whose loss loses data: a destroy, or a change that replaces it, stops at plan. */
export const GUARDED = { preventDestroy: true } as const;
