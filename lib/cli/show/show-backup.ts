import { parseArtifactKey } from '../../domain/backup/keys.ts';
import type { Manifest } from '../../domain/backup/manifest.ts';
import type { StoredObject } from '../../runtime/vault.ts';
import { recordedDamage } from '../list/inventory.ts';
import { type Kept, keepRulesOf, keptBy } from '../list/keep-rules.ts';
import type { Backend } from '../place/backend.ts';
import type { CliContext } from '../place/context.ts';
import type { Finding } from '../place/vault-document.ts';
import { EXIT, type ExitCode } from '../terminal/exit-codes.ts';
import { fields, hanging } from '../terminal/fields.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { backupFacts } from './backup-facts.ts';
import { BackupOutput } from './backup-output.ts';
import { contentLines } from './content-lines.ts';
import { globalsLines, membersBeside, treeLines } from './contents-of-kind.ts';
import { type DrillHistory, drillHistory, drillHistoryLines } from './drills-of-backup.ts';
import { findingLines } from './finding-lines.ts';
import { readManifest } from './read-manifest.ts';
import { restoreByHand } from './restore-by-hand.ts';
import { restoreHints } from './restore-hints.ts';

/** A backup, and what was found out about it. */
interface Shown {
  readonly manifest: Manifest;
  readonly stored: StoredObject | undefined;
  readonly findings: readonly Finding[];
  readonly kept: Kept;
  readonly history: DrillHistory;
}

/** Shows a backup's manifest beside what the vault holds now, and how to restore it with plain tools. */
export async function showBackup(
  { terminal, now }: CliContext,
  backend: Backend,
  key: string,
  { all, json }: { readonly all?: boolean; readonly json?: boolean },
): Promise<ExitCode> {
  const manifest = await readManifest(backend, key);
  const stored = await backend.vault.head(key);
  const damage = await recordedDamage(backend.vault, key);
  const findings = [...(damage ? [damage] : []), ...compare(manifest, stored)];
  const history = await drillHistory(backend, manifest, now());
  const shown = { manifest, stored, findings, kept: await keptOf(backend, manifest), history };
  if (json) terminal.json(BackupOutput.parse(output(backend, shown)));
  else
    terminal.result([
      ...describe(shown, terminal, all ?? false),
      '',
      ...drillHistoryLines(history, key, backend, terminal),
      '',
      ...restoreHints(manifest, backend, findings.length > 0),
      '',
      ...restoreByHand(manifest, backend),
    ]);
  return findings.length > 0 ? EXIT.unverified : EXIT.done;
}

/** By the rules of the run that made it: of an older backup the rules may have changed since. `list` goes by the newest. */
async function keptOf({ vault }: Backend, manifest: Manifest): Promise<Kept> {
  const name = parseArtifactKey(manifest.key);
  const rules = name && name.tier !== 'archive' ? await keepRulesOf(vault, [name]) : undefined;
  return keptBy(rules?.get(manifest.sourceId), manifest);
}

/** Where the object is not, or is not any more, what the manifest says. */
function compare({ key, receipt }: Manifest, stored: StoredObject | undefined): readonly Finding[] {
  if (!stored) return [{ key, problem: 'is gone, though its manifest is there: nothing can be restored from it' }];
  const { bytes, crc32 } = stored;
  return [
    ...(bytes === receipt.bytes ? [] : [{ key, problem: `has ${bytes} bytes, but its manifest says ${receipt.bytes}` }]),
    ...(crc32 === undefined || crc32 === receipt.crc32
      ? []
      : [{ key, problem: `has the CRC32 ${crc32}, but its manifest says ${receipt.crc32}: its content has changed` }]),
  ];
}

function describe({ manifest, findings, kept }: Shown, terminal: Terminal, all: boolean): readonly string[] {
  const { receipt } = manifest;
  return [
    terminal.paint('strong', manifest.key),
    ...(findings.length > 0 ? ['', ...findingLines(findings, terminal)] : []),
    '',
    ...fields(backupFacts(manifest, kept)),
    '',
    ...contentsOf(manifest, terminal, all),
    ...(receipt.warnings.length > 0 ? ['', 'WARNINGS', ...receipt.warnings.flatMap((warning) => hanging('  ', warning))] : []),
  ];
}

function contentsOf(manifest: Manifest, terminal: Terminal, all: boolean): readonly string[] {
  const { receipt } = manifest;
  if (receipt.kind === 'database') return contentLines(receipt.contents, terminal, all);
  return receipt.kind === 'globals' ? globalsLines(receipt.contents) : treeLines(manifest, receipt.contents);
}

const output = ({ vault }: Backend, { manifest, stored, findings, kept, history }: Shown): BackupOutput => ({
  version: 1,
  kind: 'backup',
  vault: vault.bucket,
  key: manifest.key,
  manifest,
  stored: stored ? { bytes: stored.bytes, crc32: stored.crc32 ?? null, versionId: stored.versionId ?? null } : null,
  membersKey: 'members' in manifest.receipt.contents ? membersBeside(manifest, manifest.receipt.contents.members.key) : null,
  keepRule: kept.rule,
  retentionUntil: kept.until?.toISOString() ?? null,
  drills: history.drills.map(({ evidence }) => evidence),
  nextDrillAt: history.next?.toISOString() ?? null,
  findings: [...findings],
});
