import type { StackJson } from './terraform-json.js';

const CERTIFICATE = '-----BEGIN CERTIFICATE-----\nMIIBexample\n-----END CERTIFICATE-----\n';

/** By the field that holds it: what an apply would have put in the place of an expression. */
const FILLED: Readonly<Record<string, string | readonly string[]>> = {
  ca: CERTIFICATE,
  host: 'store.example.internal',
  readHosts: 'replica.example.internal',
  endpoint: 'https://account.blob.core.windows.net/',
  registry: 'registry.example.com/images',
  objectsKeyID: 'https://mp-prod-p-ex4mp2.vault.azure.net/keys/objects',
  issuer: 'https://issuer.example.com/cluster',
  nameServers: ['ns-1.example.net', 'ns-2.example.net'],
  url: 'https://queue.example.com/writes',
};

const fill = (value: unknown, field: string): unknown => {
  if (typeof value === 'string') return value.includes('${') ? (FILLED[field] ?? `the-${field}`) : value;
  if (Array.isArray(value)) return value.map((one) => fill(one, field));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, fill(child, key)]));
};

/** What `terraform output -json` would print after an apply of this stack. */
export function terraformOutputs({
  output = {},
}: Partial<Pick<StackJson, 'output'>>): Record<string, { value: unknown }> {
  return Object.fromEntries(
    Object.entries(output).map(([name, { value }]) => [
      name,
      { sensitive: false, type: ['object', {}], value: fill(value, name) },
    ]),
  );
}
