import { z } from 'zod';

const count = z.number().int().nonnegative();
// receipt.ts, which has these too, is built from this file
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

const named = {
  /** Relative to the source's folder, without a slash at the end; the folder itself is `.`. See path-text.ts for bytes that are no UTF-8. */
  path: z.string(),
  /** Four octal digits, as `0644`. */
  mode: z.string().regex(/^[0-7]{4}$/),
  /** Seconds since 1970, as exact as the file system keeps it: `1776564000.25`. */
  mtime: z.string().regex(/^-?\d+(\.\d+)?$/),
};

/** One member of an archived tree. */
export const TreeMember = z.discriminatedUnion('type', [
  z.strictObject({ ...named, type: z.literal('file'), bytes: count, sha256 }),
  z.strictObject({ ...named, type: z.literal('directory') }),
  z.strictObject({ ...named, type: z.literal('symlink'), linkTarget: z.string() }),
  /** A further name of a file that is in the archive already: `linkTarget` is its path. */
  z.strictObject({ ...named, type: z.literal('hardlink'), linkTarget: z.string() }),
  /** A named pipe or a device: only its name and rights are kept. */
  z.strictObject({ ...named, type: z.literal('other') }),
]);
export type TreeMember = z.infer<typeof TreeMember>;

const scanned = {
  files: count,
  directories: count,
  /** Symbolic and hard ones. */
  links: count,
  others: count,
  /** Of all files together, as a restore gives them. */
  bytes: count,
  /** The tar stream before compression. */
  tar: z.strictObject({ bytes: count, sha256 }),
};

/** What reading a tar stream found: the same wherever that stream is read. */
export const ScannedTree = z.strictObject({ ...scanned, members: z.strictObject({ count, sha256 }) });
export type ScannedTree = z.infer<typeof ScannedTree>;

/** What a tree's archive holds. Its list of members lies beside it under `members.key`; `members.sha256` is of the list, unpacked. */
export const TreeContents = z.strictObject({ ...scanned, members: z.strictObject({ key: z.string(), count, sha256 }) });
export type TreeContents = z.infer<typeof TreeContents>;

/** A member's line in the list: JSON with its keys in one order, so that equal members make equal lists, and the SHA-256 of a list stands for it. */
export function memberLine(member: TreeMember): string {
  const { path, type, mode, mtime } = member;
  return `${JSON.stringify({ path, type, ...ownFields(member), mode, mtime })}\n`;
}

/** Reads a line of a list, with or without its newline. */
export const parseMemberLine = (line: string): TreeMember => TreeMember.parse(JSON.parse(line));

/** Where a stored tree is another than the one that was sent, in words; undefined where they are the same. */
export function treeDifference(stored: ScannedTree, sent: ScannedTree | TreeContents): string | undefined {
  const facts = (tree: ScannedTree | TreeContents): readonly (readonly [string, string | number])[] => [
    ['members', tree.members.count],
    ['files', tree.files],
    ['directories', tree.directories],
    ['links', tree.links],
    ['other members', tree.others],
    ['bytes in files', tree.bytes],
    ['list of members, SHA-256', tree.members.sha256],
    ['bytes of tar', tree.tar.bytes],
    ['tar, SHA-256', tree.tar.sha256],
  ];
  const expected = facts(sent);
  const [what, found] = facts(stored).find(([, value], n) => value !== expected[n]?.[1]) ?? [];
  if (what === undefined) return undefined;
  return `${what}: ${found} stored, ${expected.find(([name]) => name === what)?.[1]} sent`;
}

function ownFields(member: TreeMember): object {
  if (member.type === 'file') return { bytes: member.bytes, sha256: member.sha256 };
  return 'linkTarget' in member ? { linkTarget: member.linkTarget } : {};
}
