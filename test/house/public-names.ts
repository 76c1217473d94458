/**
 * Every name that a user can import, per entry, values and types apart. A change here is a change
 * of the public surface: removing or renaming one breaks somebody.
 */
export const PUBLIC_NAMES: Readonly<
  Record<string, { readonly values: readonly string[]; readonly types: readonly string[] }>
> = {
  ".": { values: [], types: [] },
};
