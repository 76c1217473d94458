/** Groups of tests that need servers: skipped with the reason where they are missing, but for CI. */
import { describe, test } from "vitest";
import { missingServers, type ServerName } from "./programs.ts";

/**
 * `describe` for tests that start these servers. Where one is not installed the group is skipped,
 * and its name says why; in CI, where none may be missing, it fails.
 */
export function describeWith(servers: readonly ServerName[], name: string, body: () => void): void {
  const missing = missingServers(...servers);
  if (missing === undefined) describe(name, body);
  else if ((process.env["CI"] ?? "") === "") describe.skip(`${name} (${missing})`, body);
  else {
    describe(name, () => {
      test("finds its servers", () => {
        throw new Error(missing);
      });
    });
  }
}
