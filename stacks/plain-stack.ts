import {
  DefaultTokenResolver,
  type IResolvable,
  StringConcat,
  TerraformElement,
  TerraformStack,
  Tokenization,
} from 'cdktf';

/**
 * cdktf resolves every token three times: once to find values that cross stacks, which it would turn into remote states, once
 * to write, and once all that is to be written together. The first pass finds the same here; the others take what came out
 * of it. A third of a synthesis.
 */
export class PlainStack extends TerraformStack {
  override prepareStack(): void {
    const resolver = new DefaultTokenResolver(new StringConcat());
    for (const element of this.node.findAll()) {
      if (!TerraformElement.isTerraformElement(element) || element.cdktfStack !== this) continue;
      const settle = (value: unknown): unknown =>
        Tokenization.resolve(value, { scope: this, resolver, preparing: true });
      const blocks = asBlocks(settleTree(element.toTerraform(), settle) as Tree);
      element.toTerraform = () => asResolved(blocks);
    }
  }
}

type Tree = Readonly<Record<string, unknown>>;

/** Marks of encoded tokens: of texts, lists and maps, of numbers within a text, and what stands for a whole map. */
const MAYBE_TOKEN = /TfToken|Map Token Value|[-+|.\d]e[-+|.\deE]/;
/** Tokens among numbers are larger than anything that is meant. */
const TOKEN_NUMBER = 1e200;

const isPlain = (value: unknown): boolean =>
  typeof value === 'string'
    ? !MAYBE_TOKEN.test(value)
    : typeof value === 'number'
      ? Math.abs(value) < TOKEN_NUMBER
      : value === null || typeof value === 'boolean';

/** cdktf looks at every value as at a token that it may be. Here it is asked only of what may be one; the rest is copied. */
const settleTree = (value: unknown, settle: (value: unknown) => unknown): unknown => {
  if (value === undefined || isPlain(value)) return value;
  if (Array.isArray(value)) {
    if (value.some((item) => typeof item !== 'object' && !isPlain(item))) return settle(value);
    return value.map((item) => settleTree(item, settle)).filter((item) => item !== undefined);
  }
  if (typeof value !== 'object' || value === null || !isTree(value)) return settle(value);
  const settled: Record<string, unknown> = {};
  for (const [key, item] of Object.entries(value)) {
    const own = settleTree(item, settle);
    if (own !== undefined) settled[key] = own;
  }
  return settled;
};

/** Neither a token, nor a construct or a date, nor a map with a token among its names. */
const isTree = (value: object): value is Tree =>
  !('resolve' in value || '_children' in value || value instanceof Date) && Object.keys(value).every(isPlain);

/** Of resources and data each block by itself is final as well, wherever cdktf puts it. */
const asBlocks = (resolved: Tree): Tree =>
  mapValues(resolved, (of, kind) =>
    kind === 'resource' || kind === 'data'
      ? mapValues(of as Tree, (byId) => mapValues(byId as Tree, (block) => asResolved(block)))
      : of,
  );

const mapValues = (tree: Tree, map: (value: unknown, key: string) => unknown): Tree =>
  Object.fromEntries(Object.entries(tree).map(([key, value]) => [key, map(value, key)]));

/** A token whose value is final: cdktf takes it as it is instead of walking through all of it again. */
const asResolved = (value: unknown): IResolvable => ({
  creationStack: [],
  resolve: (context) => {
    context.registerPostProcessor({ postProcess: () => value });
    return null;
  },
});
