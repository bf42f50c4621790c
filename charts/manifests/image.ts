/** A name with a digest is pinned as it stands; any other gets the version as its tag. */
export const buildImageReference = ({
  image,
  version,
}: {
  readonly image: string;
  readonly version: string;
}): string => (image.includes('@') ? image : `${image}:${version}`);
