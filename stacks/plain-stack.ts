import {
  DefaultTokenResolver,
  type IResolvable,
  StringConcat,
  TerraformElement,
  TerraformStack,
  Tokenization,
} from 'cdktf';

/**
 * cdktf resolves every token twice: once to find values that cross stacks, which it would turn into remote states, and
 * once to write. The first pass finds the same here; the second takes what came out of it. A quarter of a synthesis.
 */
export class PlainStack extends TerraformStack {
  override prepareStack(): void {
    const resolver = new DefaultTokenResolver(new StringConcat());
    for (const element of this.node.findAll()) {
      if (!TerraformElement.isTerraformElement(element) || element.cdktfStack !== this) continue;
      const resolved: unknown = Tokenization.resolve(element.toTerraform(), { scope: this, resolver, preparing: true });
      element.toTerraform = () => asResolved(resolved);
    }
  }
}

/** A token whose value is final: cdktf takes it as it is instead of walking through all of it again. */
const asResolved = (value: unknown): IResolvable => ({
  creationStack: [],
  resolve: (context) => {
    context.registerPostProcessor({ postProcess: () => value });
    return null;
  },
});
