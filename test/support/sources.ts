import type {
  ConfigSource,
  DatedFolderSource,
  DatedFoldersGroup,
  FilesSource,
  GlobalsSource,
  ServerGroup,
} from '../../lib/domain/source/source.ts';
import { sourceOf } from './night.ts';

/** The recipient that age's own documentation uses. */
export const RECIPIENT = 'age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p';

const common = (id: string) => {
  const { enabled, limits } = sourceOf(id);
  return { id, enabled, limits };
};

const kept = { keep: { daily: '7d', weekly: '4w', monthly: '12mo' } };
const tree = { volume: 'media', folder: '.', exclude: [] as string[], compression: 'gzip:6' } as const;
const dumped = { connection: sourceOf('any').connection, compression: 'auto' } as const;

export const globalsOf = (id: string, facts: Partial<GlobalsSource> = {}): GlobalsSource => ({
  ...common(id),
  ...kept,
  kind: 'globals',
  connection: dumped.connection,
  ...facts,
});

export const filesOf = (id: string, facts: Partial<FilesSource> = {}): FilesSource => ({
  ...common(id),
  ...kept,
  ...tree,
  kind: 'files',
  roots: ['.'],
  ...facts,
});

export const configFilesOf = (id: string, facts: Partial<ConfigSource> = {}): ConfigSource => ({
  ...common(id),
  ...kept,
  ...tree,
  kind: 'config',
  roots: ['.env'],
  recipients: [RECIPIENT],
  ...facts,
});

/** A dated folder as its group finds it: its id is the group's with the date. */
export const datedFolderOf = (groupId: string, date: string, facts: Partial<DatedFolderSource> = {}): DatedFolderSource => ({
  ...common(`${groupId}_${date}`),
  ...tree,
  kind: 'datedFolder',
  folder: date,
  date,
  foundBy: groupId,
  ...facts,
});

export const datedFoldersOf = (id: string, facts: Partial<DatedFoldersGroup> = {}): DatedFoldersGroup => ({
  ...common(id),
  ...tree,
  kind: 'datedFolders',
  minAgeSeconds: 86_400,
  settledSeconds: 3600,
  ...facts,
});

export const serverOf = (id: string, facts: Partial<ServerGroup> = {}): ServerGroup => ({
  ...common(id),
  ...kept,
  ...dumped,
  kind: 'server',
  include: ['*'],
  excludeDatabases: [],
  ...facts,
});
