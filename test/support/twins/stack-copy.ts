import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A stack on a twin keeps its state in a local file: the bucket of `backend` is as far away as the cloud. */
export function withLocalState<T extends { readonly terraform: object }>(stack: T, path: string): T {
  return { ...stack, terraform: { ...stack.terraform, backend: { local: { path } } } };
}

export function useLocalStates(stacks: string, states: string): readonly string[] {
  return readdirSync(stacks).map((name) => {
    const file = join(stacks, name, 'cdk.tf.json');
    const stack = JSON.parse(readFileSync(file, 'utf8')) as { readonly terraform: object };
    writeFileSync(file, `${JSON.stringify(withLocalState(stack, join(states, `${name}.tfstate`)), null, 2)}\n`);
    return name;
  });
}
