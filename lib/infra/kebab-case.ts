/** `PlanRestore` as the name of a folder: `plan-restore`. */
export const kebabCase = (name: string): string => name.replace(/(?<=[a-z])(?=[A-Z])/g, '-').toLowerCase();
