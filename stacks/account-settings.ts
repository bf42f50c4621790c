import type { AccountConfig } from '../infra/account/index.js';
import type { BucketConfig } from '../infra/bucket/index.js';
import type { Key } from '../infra/kms/index.js';
import type { Site } from '../infra/support/site.js';
import type { Environment, Place } from './spec/environment.js';
import { bucketName, bucketScope, containerName, keyScope, prefixOf, resourceGroup } from './spec/names.js';

export function accountSettings(environment: Environment, site: Site): AccountConfig {
  const { access, tags } = environment;
  return {
    site,
    tags,
    name: prefixOf(environment),
    ...(access === undefined ? {} : { pipeline: access.pipeline }),
    people: { compliance: access?.compliance ?? [], breakGlass: access?.breakGlass ?? [] },
    groups: {
      bootstrap: resourceGroup(environment, 'bootstrap'),
      vault: resourceGroup(environment, 'vault'),
      plane: resourceGroup(environment, 'plane'),
    },
    audit: bucketScope(environment, 'audit'),
    state: bucketScope(environment, 'state'),
    stateKey: keyScope(environment, 'bootstrap', 'state'),
    auditKey: keyScope(environment, 'vault', 'audit'),
  };
}

/** A quarter of a year to notice that a state went wrong. */
const STATE_DAYS = 90;

export const stateSettings = (environment: Environment, site: Site, key: Key): BucketConfig => ({
  site,
  key,
  purpose: 'state',
  name: bucketName(environment, 'state'),
  container: containerName('state'),
  tags: environment.tags,
  lifecycle: { noncurrentDays: STATE_DAYS },
});

/** The three duties, by what each cloud calls who has them. */
export function dutiesOf(place: Place): { readonly compliance: string; readonly breakGlass: string } {
  switch (place.cloud) {
    case 'aws':
      return { compliance: place.complianceRoleArn, breakGlass: place.breakGlassRoleArn };
    case 'gcp':
      return { compliance: place.complianceGroup, breakGlass: place.breakGlassGroup };
    case 'azure':
      return { compliance: place.complianceGroupId, breakGlass: place.breakGlassGroupId };
  }
}
