/** Milliseconds of processor time that this process takes for it: unlike the clock's, other processes do not stretch them. */
export const processorMs = async (work: () => unknown): Promise<number> => {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
};
