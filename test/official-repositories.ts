/**
 * Repositories that official engines wrote: those of `test/data/official`, or those in the folder
 * that ICEFLOE_FIXTURES names (the lane `shared` reads the official project's own).
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { resolve } from "node:path";

/** Where they are. */
export const OFFICIAL_FOLDER: string =
  process.env["ICEFLOE_FIXTURES"] ?? resolve(import.meta.dirname, "data/official");

/** Names of all repositories there. */
export const OFFICIAL_NAMES: readonly string[] = readdirSync(OFFICIAL_FOLDER)
  .filter((name) => existsSync(resolve(OFFICIAL_FOLDER, name, "snapshots")))
  .sort();

/** Names of those of spec 2; the others are of spec 1, which has no `repo`. */
export const SPEC_2_NAMES: readonly string[] = OFFICIAL_NAMES.filter((name) =>
  existsSync(officialPath(name, "repo")),
);

/** The path of one file or folder of repository `name`. */
export function officialPath(name: string, path = ""): string {
  return resolve(OFFICIAL_FOLDER, name, path);
}

/** The files of `folder` (such as "snapshots") in repository `name`; empty if it has no such folder. */
export function officialFiles(name: string, folder: string): string[] {
  const path = officialPath(name, folder);
  return existsSync(path)
    ? readdirSync(path)
        .sort()
        .map((file) => `${folder}/${file}`)
    : [];
}

/** The bytes of one file of repository `name`. */
export function readOfficial(name: string, path: string): Uint8Array {
  return new Uint8Array(readFileSync(officialPath(name, path)));
}
