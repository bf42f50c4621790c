/** With these an owner waits, for the garbage collector to delete its dependents or to cut them loose. */
export const PENDING_OWNER_FINALIZERS = { foreground: 'foregroundDeletion', orphan: 'orphan' } as const;
