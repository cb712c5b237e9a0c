export interface Packages {
  readonly tree: string;
  readonly cache: string;
  readonly report: (line: string) => void;
}
export function ensurePackages(packages: Packages): Promise<void>;
export function nodeOf(tree: string): string;
