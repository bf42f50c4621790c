import { type StackJson, stringsOf } from './proofs/terraform-json.js';

const REMEDY = 'a value of another stack; derive it in stacks/spec/names.ts on both sides';

/** `${aws_kms_key.data_1A2B.arn}`, alone or inside of something larger; `depends_on` names it without the braces. */
const REFERENCE = /(?<![\w.-])(data\.)?((?:aws|google|azurerm)_[a-z0-9_]+)\.([A-Za-z_][\w-]*)/g;

/** Where a stack names what it does not have: a value of another one, whose state may not be there yet. */
export function crossings(name: string, stack: StackJson): readonly string[] {
  const remote = stack.data?.terraform_remote_state === undefined ? [] : [`${name}: ${REMEDY}`];
  const { resource, data = {}, output, locals = {}, provider } = stack;
  const strings = [resource, data, output, locals, provider].flatMap((part) => stringsOf(part));
  const missing = strings.flatMap(([path, text]) =>
    isExpression(path, text) ? [...text.matchAll(REFERENCE)].filter((found) => !isHere(stack, found)) : [],
  );
  const addresses = new Set(missing.map(([address]) => address));
  return [...remote, ...[...addresses].sort().map((address) => `${name}: ${address} is not in this stack: ${REMEDY}`)];
}

const isExpression = (path: readonly (string | number)[], text: string): boolean =>
  text.includes('${') || path.at(-2) === 'depends_on';

const isHere = (stack: StackJson, [, data, type = '', id = '']: readonly string[]): boolean =>
  (data === undefined ? stack.resource : stack.data)?.[type]?.[id] !== undefined;
