/** What a process tells its watcher, as one line of JSON. */
export type WatcherLine =
  | { readonly owns: number; readonly stopSignal: NodeJS.Signals }
  | { readonly ended: number }
  | { readonly folder: string }
  | { readonly removed: string };
