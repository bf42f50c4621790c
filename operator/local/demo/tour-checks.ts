export function expectStatus<T extends { readonly status: number; readonly body: unknown }>(
  answer: T,
  status: number,
): T {
  if (answer.status === status) return answer;
  throw new Error(`expected ${status}, got ${answer.status}: ${JSON.stringify(answer.body)}`);
}

export function expectThat(holds: boolean, otherwise: string): void {
  if (!holds) throw new Error(otherwise);
}

const DEADLINE_MS = 60_000;

export async function retry<T>(work: () => Promise<T>, good: (value: T) => boolean): Promise<T> {
  const deadline = Date.now() + DEADLINE_MS;
  for (;;) {
    const value = await work();
    if (good(value)) return value;
    if (Date.now() > deadline)
      throw new Error(`not within ${DEADLINE_MS / 1_000} s; last seen ${JSON.stringify(value)}`);
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}
