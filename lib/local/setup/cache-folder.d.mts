export function cacheFolder(env?: NodeJS.ProcessEnv, uid?: number): string;
export function makeReadable(folder: string): string;
