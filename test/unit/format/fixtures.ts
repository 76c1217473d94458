/**
 * Repositories written by the official engine: folders beside the project, or where
 * ICEFLOE_FIXTURES says. CI has them; elsewhere tests that need them are skipped, aloud.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { resolve } from "node:path";

/** Where the fixtures are, if they are. */
export const FIXTURES_FOLDER: string =
  process.env["ICEFLOE_FIXTURES"] ?? resolve(import.meta.dirname, "../../../../shared/fixtures");

/** Whether the fixtures are there. Throws in CI if they are not. */
export function hasFixtures(): boolean {
  if (existsSync(FIXTURES_FOLDER)) return true;
  const message = "fixture repositories are missing: set ICEFLOE_FIXTURES to their folder";
  if (process.env["CI"] === "true") throw new Error(message);
  console.warn(`skipped: ${message}`);
  return false;
}

/** The files of `folder` (such as "snapshots") in fixture `name`; empty if it has no such folder. */
export function fixtureFiles(name: string, folder: string): string[] {
  const path = resolve(FIXTURES_FOLDER, name, folder);
  return existsSync(path) ? readdirSync(path).map((file) => `${folder}/${file}`) : [];
}

/** The bytes of one file of fixture `name`. */
export function readFixture(name: string, path: string): Uint8Array {
  return new Uint8Array(readFileSync(resolve(FIXTURES_FOLDER, name, path)));
}

/** Fixtures of spec 2, one of them migrated from spec 1. */
export const SPEC_2_FIXTURES = ["test-repo-v2", "test-repo-v2-migrated", "split-repo-v2"] as const;
/** All fixtures; those of spec 1 have no `repo`. */
export const ALL_FIXTURES = [...SPEC_2_FIXTURES, "test-repo-v1", "split-repo-v1"] as const;
