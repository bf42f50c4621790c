/** Where a stack would read a value from the state of another one, which may not be there yet. */
export const crossings = (name: string, json: string): readonly string[] =>
  json.includes('"terraform_remote_state"')
    ? [`${name}: a value of another stack; derive it in stacks/spec/names.ts on both sides`]
    : [];
