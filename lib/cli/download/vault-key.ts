import { artifactKey, parseArtifactKey } from '../../domain/backup/keys.ts';

/** The key of an artifact, written as it is listed, as its manifest's or as an s3:// address; undefined where it is none. */
export function keyIn(text: string): string | undefined {
  const name = parseArtifactKey(text.replace(/^s3:\/\/[^/]+\//, ''));
  return name && artifactKey(name);
}
