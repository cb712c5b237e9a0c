import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

interface Package {
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

it('the lock file names the optional packages of every platform: npm ci refuses one that lacks those it does not install here', () => {
  const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8')) as { packages: Record<string, Package> };
  const lacking = Object.entries(packages).flatMap(([place, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies).filter(
      (name) => !foldersAbove(place).some((folder) => `${folder}node_modules/${name}` in packages),
    ),
  );
  expect(lacking).toEqual([]);
});

/** Where node looks for what a package needs: beside it, and in every folder above. */
function foldersAbove(place: string): string[] {
  const folders = [place === '' ? '' : `${place}/`];
  for (let at = place.lastIndexOf('node_modules/'); at >= 0; at = at === 0 ? -1 : place.lastIndexOf('node_modules/', at - 1))
    folders.push(place.slice(0, at));
  return folders;
}
