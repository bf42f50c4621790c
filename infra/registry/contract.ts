import type { Key } from '../kms/contract.js';
import { refused } from '../support/errors.js';
import type { Cloud, Site } from '../support/site.js';
import type { Tags } from '../support/tags.js';

/** The images of a plane: nodes have no way to a registry of somebody else. */
export const IMAGES = ['memplane', 'operator'] as const;

export interface RegistryConfig<S extends Site = Site> {
  readonly site: S;
  readonly name: string;
  readonly tags: Tags;
  /** The objects key. */
  readonly key: Key;
  /** How long a layer that no tag names is kept. @default 14 */
  readonly untaggedDays?: number;
  /** Hosts of public registries that this one stands in for: it fetches an image when somebody first asks. @default none */
  readonly mirrors?: readonly string[];
}

/** Public registries by the host that images name, and what their images are kept under here. */
const LABELS: Readonly<Record<string, string>> = {
  'ghcr.io': 'github',
  'mcr.microsoft.com': 'microsoft',
  'public.ecr.aws': 'ecr-public',
  'quay.io': 'quay',
  'registry.k8s.io': 'kubernetes',
};

/** Those that each cloud fetches from without an account of ours there; Docker Hub wants one everywhere. */
export const MIRRORED: Readonly<Record<Cloud, readonly string[]>> = {
  aws: ['public.ecr.aws', 'quay.io', 'registry.k8s.io'],
  gcp: Object.keys(LABELS),
  azure: Object.keys(LABELS),
};

export interface Mirror {
  readonly host: string;
  readonly label: string;
}

export interface RegistryOutput {
  /** What stands before `/memplane:<version>`. */
  readonly prefix: string;
  /** What permissions and links refer to. */
  readonly id: string;
  readonly address: string;
  /** Host of a public registry → what stands for it in the name of an image. */
  readonly mirrors: Readonly<Record<string, string>>;
}

export interface ResolvedRegistry<S extends Site> extends Omit<RegistryConfig<S>, 'mirrors'> {
  readonly untaggedDays: number;
  readonly mirrors: readonly Mirror[];
}

/** Azure counts to a year. */
export const UNTAGGED_DAYS = [1, 365] as const;

export function withRegistryDefaults<S extends Site>(config: RegistryConfig<S>): ResolvedRegistry<S> {
  const { site, name, key, untaggedDays = 14, mirrors = [] } = config;
  const [least, most] = UNTAGGED_DAYS;
  if (key.purpose !== 'objects') {
    throw refused(`registry ${name}.key`, key.purpose, 'images have the key of objects', 'pass the objects key');
  }
  if (!Number.isInteger(untaggedDays) || untaggedDays < least || untaggedDays > most) {
    const why = `needs a whole number from ${least} to ${most}`;
    throw refused(`registry ${name}.untaggedDays`, untaggedDays, why, 'set registry.* in the spec');
  }
  return { ...config, untaggedDays, mirrors: mirrors.map((host) => mirrorOf(name, site.cloud, host)) };
}

function mirrorOf(name: string, cloud: Cloud, host: string): Mirror {
  const label = LABELS[host];
  if (label === undefined || !MIRRORED[cloud].includes(host)) {
    const remedy = `choose of ${MIRRORED[cloud].join(', ')}`;
    throw refused(`registry ${name}.mirrors`, host, 'not fetched from without an account there', remedy);
  }
  return { host, label };
}
