/** No engine at all: the same bytes in the same number of files, by Node alone. */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** Files in a folder. */
export async function openEngine({ folder }) {
  const pathOf = (name) => join(folder, name);
  return {
    create: () => mkdir(folder, { recursive: true }),
    write: (name, bytes) => writeFile(pathOf(name), bytes),
    read: (name) => readFile(pathOf(name)),
    counts: () => undefined,
  };
}
