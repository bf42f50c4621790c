import type { Cloud } from './bucket-facts.js';
import { at, guarded, keyOf } from './references.js';
import type { Attributes, StackJson } from './terraform-json.js';

/** What the three clouds promise of where images lie, read from the Terraform JSON and nothing else. */
export interface RegistryFacts {
  /** Purpose of the key under all images, if it is rotated, guarded and of this stack. */
  readonly key: string | undefined;
  /** What was tested under a tag is what runs under it; undefined = the cloud has no such setting. */
  readonly immutable: boolean | undefined;
  /** Nobody without an identity of ours pulls, and nobody pushes with a password. */
  readonly closed: boolean;
  readonly untaggedDays: number;
  readonly guarded: boolean;
}

export function registryFacts(cloud: Cloud, plane: StackJson): RegistryFacts {
  switch (cloud) {
    case 'aws':
      return awsFacts(plane);
    case 'gcp':
      return gcpFacts(plane);
    case 'azure':
      return azureFacts(plane);
  }
}

const all = (stack: StackJson, type: string): readonly Attributes[] => Object.values(stack.resource[type] ?? {});
const same = <T>(values: readonly T[]): T | undefined => (new Set(values).size === 1 ? values[0] : undefined);

function awsFacts(stack: StackJson): RegistryFacts {
  const repositories = all(stack, 'aws_ecr_repository');
  const days = all(stack, 'aws_ecr_lifecycle_policy').map(({ policy }) => {
    const { rules } = JSON.parse(String(policy)) as {
      readonly rules: readonly { readonly selection: { countNumber: number } }[];
    };
    return rules[0]?.selection.countNumber;
  });
  return {
    key: same(
      repositories.map((one) =>
        keyOf(stack, at(one, 'encryption_configuration', 0, 'kms_key'), (key) => key.enable_key_rotation === true),
      ),
    ),
    immutable: repositories.every((one) => one.image_tag_mutability === 'IMMUTABLE'),
    // A repository is private to its account unless a policy says otherwise.
    closed: repositories.length === 2 && stack.resource.aws_ecr_repository_policy === undefined,
    untaggedDays: days.length === 2 ? Number(same(days)) : 0,
    guarded: repositories.every((one) => guarded(one) && one.force_delete === false),
  };
}

function gcpFacts(stack: StackJson): RegistryFacts {
  const [repository] = all(stack, 'google_artifact_registry_repository');
  const condition = at(repository, 'cleanup_policies', 0, 'condition');
  const members = all(stack, 'google_artifact_registry_repository_iam_member').map(({ member }) => String(member));
  return {
    key: keyOf(stack, at(repository, 'kms_key_name'), (key) => key.rotation_period !== undefined),
    immutable: at(repository, 'docker_config', 'immutable_tags') === true,
    closed: repository !== undefined && members.every((one) => one.startsWith('serviceAccount:')),
    untaggedDays:
      at(condition, 'tag_state') === 'UNTAGGED' && at(repository, 'cleanup_policy_dry_run') === false
        ? Number(String(at(condition, 'older_than')).replace('s', '')) / 86_400
        : 0,
    guarded: guarded(repository),
  };
}

function azureFacts(stack: StackJson): RegistryFacts {
  const [registry] = all(stack, 'azurerm_container_registry');
  const rotates = (key: Attributes) => at(key, 'rotation_policy', 'automatic', 'time_after_creation') !== undefined;
  const off = ['admin_enabled', 'anonymous_pull_enabled', 'public_network_access_enabled', 'export_policy_enabled'];
  return {
    key: keyOf(stack, at(registry, 'encryption', 0, 'key_vault_key_id'), rotates),
    immutable: undefined,
    closed: off.every((name) => at(registry, name) === false),
    untaggedDays: Number(at(registry, 'retention_policy_in_days')),
    guarded: guarded(registry),
  };
}
