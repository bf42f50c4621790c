import type { Place } from './environment.js';

/**
 * Regions with three zones in which every service of a stack exists. A region that is missing here is refused, so
 * that a typing error does not become a global name.
 */
export const REGIONS: Readonly<Record<Place['cloud'], readonly string[]>> = {
  aws: [
    'us-east-1',
    'us-east-2',
    'us-west-2',
    'ca-central-1',
    'sa-east-1',
    'eu-central-1',
    'eu-central-2',
    'eu-west-1',
    'eu-west-2',
    'eu-west-3',
    'eu-north-1',
    'eu-south-1',
    'eu-south-2',
    'ap-northeast-1',
    'ap-northeast-2',
    'ap-northeast-3',
    'ap-south-1',
    'ap-south-2',
    'ap-southeast-1',
    'ap-southeast-2',
    'ap-southeast-3',
    'me-central-1',
    'af-south-1',
    'us-gov-west-1',
    'us-gov-east-1',
  ],
  gcp: [
    'us-central1',
    'us-east1',
    'us-east4',
    'us-east5',
    'us-west1',
    'us-west2',
    'us-west3',
    'us-west4',
    'northamerica-northeast1',
    'northamerica-northeast2',
    'southamerica-east1',
    'europe-west1',
    'europe-west2',
    'europe-west3',
    'europe-west4',
    'europe-west6',
    'europe-west8',
    'europe-west9',
    'europe-north1',
    'europe-central2',
    'europe-southwest1',
    'asia-east1',
    'asia-northeast1',
    'asia-northeast2',
    'asia-northeast3',
    'asia-south1',
    'asia-southeast1',
    'asia-southeast2',
    'australia-southeast1',
    'australia-southeast2',
  ],
  azure: [
    'eastus',
    'eastus2',
    'centralus',
    'southcentralus',
    'westus2',
    'westus3',
    'canadacentral',
    'brazilsouth',
    'northeurope',
    'westeurope',
    'uksouth',
    'francecentral',
    'germanywestcentral',
    'norwayeast',
    'swedencentral',
    'switzerlandnorth',
    'polandcentral',
    'italynorth',
    'spaincentral',
    'uaenorth',
    'southafricanorth',
    'centralindia',
    'eastasia',
    'southeastasia',
    'japaneast',
    'koreacentral',
    'australiaeast',
  ],
};

/** Of AWS: accounts, permissions and copies end where it ends. */
export const partitionOf = (region: string): 'aws' | 'aws-us-gov' =>
  region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws';

/** What the three zones of a region look like. */
export function zonePattern(place: Place): RegExp {
  switch (place.cloud) {
    case 'aws':
      return new RegExp(`^${place.region}[a-f]$`);
    case 'gcp':
      return new RegExp(`^${place.region}-[a-f]$`);
    case 'azure':
      return /^[123]$/;
  }
}

/** The same in words, for whoever named others. */
export function zonesSaid(place: Place): string {
  const separator = place.cloud === 'gcp' ? '-' : '';
  return place.cloud === 'azure' ? '1, 2, 3' : `three of ${place.region}${separator}a to ${place.region}${separator}f`;
}

/** Where Azure puts geo-redundant backups, for the regions above whose pair is above as well. There is no choice. */
export const AZURE_PAIRS: Readonly<Record<string, string>> = {
  eastus2: 'centralus',
  centralus: 'eastus2',
  westus3: 'eastus',
  northeurope: 'westeurope',
  westeurope: 'northeurope',
  eastasia: 'southeastasia',
  southeastasia: 'eastasia',
};
