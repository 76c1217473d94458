import { makeError } from "./errors.ts";

/** What `load` imports of `name`. @throws {missing-dependency} saying what needs it */
export async function loadPackage<Library>(
  name: string,
  needs: string,
  load: () => Promise<unknown>,
): Promise<Library> {
  try {
    return (await load()) as Library;
  } catch (cause) {
    const message = `${needs} the package "${name}", which could not be loaded`;
    throw makeError("missing-dependency", message, { details: { package: name }, cause });
  }
}
