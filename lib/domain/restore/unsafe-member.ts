import { pathBytes, showPath } from '../backup/path-text.ts';
import { NO_PATHS, type PathList, withPath } from '../backup/tree-changes.ts';
import type { TreeMember } from '../backup/tree-contents.ts';
import { WHOLE_FOLDER } from '../backup/tree-roots.ts';
import { Failure } from '../outcomes.ts';
import { leadsOutside } from './outside-link.ts';

/** Bytes of one name, and of a path or what a link leads to: no file system in use takes more. */
const LONGEST_NAME = 255;
const LONGEST_PATH = 4095;

/** Rights for owner, group and others. The other three (set-user-ID, set-group-ID, sticky) lend rights to whoever runs a file. */
const PLAIN_RIGHTS = 0o777;

/** A member as its headers tell it. */
export interface MemberHead {
  readonly path: string;
  readonly type: TreeMember['type'];
  /** Octal digits. */
  readonly mode: string;
  /** Of a link. */
  readonly linkTarget: string;
}

/**
 * What a restore may make of a member. Paths are relative, of plain names only; the folder itself is `.`. `strippedRights`: it had
 * rights that are not restored.
 */
export type SafeMember =
  | { readonly make: 'file' | 'directory'; readonly path: string; readonly mode: number; readonly strippedRights: boolean }
  /** `sameAs`: a further name of that link, which may be made of it, or anew. */
  | { readonly make: 'symlink'; readonly path: string; readonly target: string; readonly sameAs?: string }
  /** `target` is the path of a file, which is in the archive or the link cannot be made. */
  | { readonly make: 'hardlink'; readonly path: string; readonly target: string }
  /** A pipe or a device. */
  | { readonly make: 'nothing'; readonly path: string };

/** What is known of a path; `implied` is a folder that no member stands for yet. Files are not kept: there may be millions. */
type Known = 'directory' | 'implied' | 'symlink' | 'other';

/**
 * Judges the members of an archive one after the other, before anything is made of them: each must name a place of its own inside
 * the folder, reached through plain folders. The archive as a whole is refused (`unsafe-archive`) for one that does not; no tar of
 * ours writes such a thing. Members that are well formed but must not exist (pipes, devices) are passed over.
 *
 * Two files of one name are not noticed here but where they are made, by a file system that refuses the second.
 */
export class MemberJudge {
  readonly #known = new Map<string, Known>([[WHOLE_FOLDER, 'implied']]);
  readonly #symlinks = new Map<string, string>();

  judge(member: MemberHead): SafeMember {
    const path = plainPath(member.path, member.path);
    this.#occupy(path, member);
    switch (member.type) {
      case 'file':
      case 'directory': {
        const mode = Number.parseInt(member.mode, 8);
        return { make: member.type, path, mode: mode & PLAIN_RIGHTS, strippedRights: (mode & ~PLAIN_RIGHTS) !== 0 };
      }
      case 'symlink':
        return this.#symlink(path, member);
      case 'hardlink':
        return this.#hardlink(path, member);
      case 'other':
        return { make: 'nothing', path };
    }
  }

  /** The symbolic links so far that lead outside of the folder, of those that `selects` names. Only at the end are all of them known. */
  outsideLinks(selects: (path: string) => boolean): PathList {
    let found = NO_PATHS;
    for (const [path, target] of this.#symlinks)
      if (selects(path) && leadsOutside(path, target, this.#symlinks)) found = withPath(found, path);
    return found;
  }

  /** Whether this one leads outside, by all that is known so far. */
  leadsOutside(path: string): boolean {
    const target = this.#symlinks.get(path);
    return target !== undefined && leadsOutside(path, target, this.#symlinks);
  }

  #occupy(path: string, { type }: MemberHead): void {
    if (path === WHOLE_FOLDER && type !== 'directory') throw unsafe(path, `is a ${type} in place of the folder itself`);
    for (const folder of foldersOf(path)) {
      const known = this.#known.get(folder);
      if (known === undefined) this.#known.set(folder, 'implied');
      else if (known === 'symlink' || known === 'other')
        throw unsafe(path, known === 'symlink' ? 'goes through a symbolic link' : 'goes through a pipe or device');
    }
    const before = this.#known.get(path);
    if (before !== undefined && !(before === 'implied' && type === 'directory'))
      throw unsafe(path, 'has a name that was there before');
    if (type === 'directory' || type === 'symlink' || type === 'other') this.#known.set(path, type);
  }

  #symlink(path: string, { linkTarget }: MemberHead): SafeMember {
    if (linkTarget === '') throw unsafe(path, 'is a link to nothing');
    if (linkTarget.includes('\0')) throw unsafe(path, 'is a link to a name with a NUL');
    if (bytesIn(linkTarget, LONGEST_PATH) > LONGEST_PATH) throw unsafe(path, 'is a link to a name that is too long');
    this.#symlinks.set(path, linkTarget);
    return { make: 'symlink', path, target: linkTarget };
  }

  #hardlink(path: string, { linkTarget }: MemberHead): SafeMember {
    const target = plainPath(linkTarget, path);
    if (target === path) throw unsafe(path, 'is a link to itself');
    for (const folder of foldersOf(target))
      if (this.#known.get(folder) === 'symlink') throw unsafe(path, 'is a hard link through a symbolic link');
    const known = this.#known.get(target);
    if (known === undefined) return { make: 'hardlink', path, target };
    if (known !== 'symlink' && known !== 'other') throw unsafe(path, 'is a hard link to a folder');
    this.#known.set(path, known);
    if (known === 'other') return { make: 'nothing', path };
    // where it lies, the same words can lead elsewhere
    const text = this.#symlinks.get(target) as string;
    this.#symlinks.set(path, text);
    return { make: 'symlink', path, target: text, sameAs: target };
  }
}

/** A path without what means nothing (`./`, `//`); throws where it means another place than it names. */
function plainPath(path: string, shown: string): string {
  if (path.startsWith('/')) throw unsafe(shown, 'names an absolute path');
  if (path.includes('\0')) throw unsafe(shown, 'has a NUL in a name');
  const names = path.split('/').filter((name) => name !== '' && name !== '.');
  if (names.includes('..')) throw unsafe(shown, 'goes up ("..")');
  if (path === '') throw unsafe(shown, 'has no name');
  if (names.some((name) => bytesIn(name, LONGEST_NAME) > LONGEST_NAME)) throw unsafe(shown, 'has a name that is too long');
  const plain = names.join('/') || WHOLE_FOLDER;
  if (bytesIn(plain, LONGEST_PATH) > LONGEST_PATH) throw unsafe(shown, 'is too long');
  return plain;
}

/** Every folder above a path, the outermost first, without the folder itself that all lie in. */
export function foldersOf(path: string): readonly string[] {
  const folders: string[] = [];
  for (let end = path.indexOf('/'); end >= 0; end = path.indexOf('/', end + 1)) folders.push(path.slice(0, end));
  return folders;
}

/** Bytes of a text; counted exactly only where it could be over the limit. */
const bytesIn = (text: string, limit: number): number => (text.length * 3 <= limit ? text.length : pathBytes(text).length);

const unsafe = (path: string, what: string): Failure =>
  new Failure('unsafe-archive', `member "${showPath(path)}" ${what}: nothing of this archive was put in place`);
