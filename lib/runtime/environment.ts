/** Reads a variable that the template sets. Composition roots call this; nothing else looks at the environment. */
export function requireEnv(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`The environment variable ${name} is not set. The stack's template sets it: deploy again.`);
  return value;
}
