import { StartRefusal } from './refusal.js';

/** What stands for an image on a machine without containers: the command its entrypoint would be. */
export interface LocalImage {
  readonly argv: readonly string[];
  /** @default the container's own directory */
  readonly workingDir?: string;
  /** What the image's ENV lines would set; the pod's own environment wins. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Image repository (no tag) to local command. */
export type ImageTable = Readonly<Record<string, readonly string[] | LocalImage>>;

/** `registry:5000/team/name:tag@sha256:…` → `registry:5000/team/name`; Docker Hub's implied parts are dropped. */
export function imageRepository(image: string): string {
  const withoutDigest = image.split('@')[0] ?? image;
  const slash = withoutDigest.lastIndexOf('/');
  const colon = withoutDigest.indexOf(':', slash + 1);
  const repository = colon === -1 ? withoutDigest : withoutDigest.slice(0, colon);
  return repository.replace(/^docker\.io\//, '').replace(/^library\//, '');
}

export function resolveImage(table: ImageTable, image: string): LocalImage {
  const entry = table[imageRepository(image)];
  if (entry === undefined) {
    const known = Object.keys(table).sort().join(', ') || 'none';
    throw new StartRefusal(
      'ErrImagePull',
      `image "${image}" has no local command on this node: use one of ${known}, or add it to the node agent's image table`,
    );
  }
  return 'argv' in entry ? entry : { argv: entry };
}
