import { AzurermBackend, GcsBackend, LocalBackend, S3Backend, type TerraformStack } from 'cdktf';
import type { Environment, Layer, Providers } from './spec/environment.js';
import { bucketName, containerName, keyId, resourceGroup, stackName } from './spec/names.js';

/** Write-only arguments, which keep secrets out of the state, need 1.11 (OpenTofu 1.11 as well). */
export const TERRAFORM = '>= 1.11.0';

/**
 * One state a stack, in the bucket and under the key that the bootstrap made: whoever can take the plane down holds
 * no lock on the vault. The bootstrap's own is a file beside it until `state.bucket` says that the bucket is there.
 */
export function buildBackend(stack: TerraformStack, environment: Environment, layer: Layer): void {
  const { place } = environment;
  const bucket = bucketName(environment, 'state');
  stack.addOverride('terraform.required_version', TERRAFORM);
  if (layer === 'bootstrap' && !environment.state.bucket) {
    // Beside the code and not in the folder of what is synthesised, which anybody may delete.
    new LocalBackend(stack, { path: `../../../terraform.${stackName(environment, layer)}.tfstate` });
    return;
  }
  switch (place.cloud) {
    case 'aws':
      new S3Backend(stack, {
        bucket,
        key: `${layer}.tfstate`,
        region: place.region,
        encrypt: true,
        kmsKeyId: keyId(environment, 'bootstrap', 'state'),
      });
      // The binding is older than the argument.
      stack.addOverride('terraform.backend.s3.use_lockfile', true);
      return;
    case 'gcp':
      new GcsBackend(stack, { bucket, prefix: layer, kmsEncryptionKey: keyId(environment, 'bootstrap', 'state') });
      return;
    case 'azure':
      new AzurermBackend(stack, {
        resourceGroupName: resourceGroup(environment, 'bootstrap'),
        storageAccountName: bucket,
        containerName: containerName('state'),
        key: `${layer}.tfstate`,
        useAzureadAuth: true,
      });
      return;
  }
}

/** The bindings pin the exact version they were made from, which shuts out every later fix. */
export function requireProvider(stack: TerraformStack, { providers }: Environment, name: keyof Providers): void {
  stack.addOverride(`terraform.required_providers.${name}.version`, providers[name]);
}
