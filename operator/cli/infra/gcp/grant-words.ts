/** A pool is granted by the number of its project, which a stack may know by name only. */
export const poolText = (member: string): string =>
  member.replace(
    /projects\/[^/]+\/locations\/global\/workloadIdentityPools/,
    'projects/*/locations/global/workloadIdentityPools',
  );

/** One role of one member, as both sides can say it. */
export const grantText = (role: string, member: string): string => `${role} to ${poolText(member)}`;
