import { makeError } from "./errors.ts";

/**
 * The error of kind `missing-dependency` for a package that `import()` did not find. The import stands
 * in a `try` of its own: bundlers then leave a package that is not installed to be looked for when the
 * program runs, and bundle one that is.
 */
export function missingPackage(name: string, needs: string, cause: unknown): Error {
  const message = `${needs} the package "${name}", which could not be loaded`;
  return makeError("missing-dependency", message, { details: { package: name }, cause });
}
