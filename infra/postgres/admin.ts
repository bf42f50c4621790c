import { Fn, TerraformLocal } from 'cdktf';
import type { Construct } from 'constructs';
import { ADMIN } from './contract.js';

export interface Administrator {
  /** For write-only arguments and nothing else: whatever is not write-only ends up in the state. */
  readonly password: string;
  /** What the cloud's secret store keeps, write-only as well. */
  readonly json: string;
}

/**
 * A password that nobody has seen: made by Terraform during an apply, handed to the database and to the secret store
 * at once, and forgotten. A local is evaluated once an apply, so both get the same one; both take it only when
 * `adminPasswordVersion` changes. The prefix has the kinds of characters that Azure asks for.
 */
export function buildAdministrator(unit: Construct): Administrator {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: Terraform's own template
  const local = new TerraformLocal(unit, 'admin', '${format("Mp-%s", sha256("${uuid()}${uuid()}"))}');
  return { password: local.asString, json: Fn.jsonencode({ username: ADMIN, password: local.asString }) };
}
