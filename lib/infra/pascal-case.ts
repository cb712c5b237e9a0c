/** `rgz-media` as part of a construct id or a state's name: `RgzMedia`. */
export const pascalCase = (name: string): string =>
  name
    .split(/[-_]/)
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('');
