import { type ChildCommand, PLAIN_LOCALE } from '../child.ts';
import type { GnuTar } from './gnu-tar.ts';

/**
 * tar as it is started for every tree: it archives exactly the names that it reads on its input, relative to `folder`, and writes
 * the stream to its output.
 *
 * - Names come on the input, each with a NUL behind it and taken as they are: one that looks like an option, a pattern or an
 *   escape is a name all the same. No recursion, so nothing is archived that was not asked for.
 * - POSIX format has room for every size, time and name. The time of the last change (ctime) shows whether a file was
 *   written to after tar had opened it; the time of the last access says nothing.
 * - Holes stay holes: a disk image of 1 TiB that holds 3 GiB takes the time and room of 3 GiB.
 * - 64 KiB a write: with the usual 10 KiB, taking the stream costs a quarter more CPU time.
 * - Numbers for owners: names mean something else on the machine that it is restored to. Extended attributes and ACLs are left out.
 * - Lines on stderr are left for errors: what changed is found by looking at the files themselves.
 */
export const tarCommand = ({ program }: GnuTar, folder: string): ChildCommand => ({
  program,
  args: [
    '--create',
    '--file=-',
    '--blocking-factor=128',
    '--format=posix',
    '--pax-option=exthdr.name=%d/PaxHeaders/%f,delete=atime',
    '--sparse',
    '--sparse-version=1.0',
    '--numeric-owner',
    '--no-recursion',
    '--no-xattrs',
    '--no-acls',
    '--no-selinux',
    '--warning=no-file-changed',
    '--warning=no-file-shrank',
    '--warning=no-file-removed',
    `--directory=${folder}`,
    '--null',
    '--no-unquote',
    '--verbatim-files-from',
    '--files-from=-',
  ],
  env: PLAIN_LOCALE,
});
