/** Before every id: where a walk in the order of ids begins. No memory has it. */
export const BEFORE_ALL = '00000000-0000-0000-0000-000000000000';
