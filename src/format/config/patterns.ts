/**
 * Patterns in what users configure about manifests. One that is not valid would match nothing, and
 * keep official clients from committing. Loaded only where there are any.
 */
import { makeError } from "../../base/errors.ts";
import { describe } from "../../base/options.ts";
import type { ManifestConfig } from "./manifest.ts";
import { compileRustRegex } from "./regex/search.ts";
import { keyPath } from "./value.ts";

/** Keys whose string is a pattern; the configuration has been checked otherwise. */
const PATTERN_KEYS: readonly string[] = ["regex", "DimensionName"];

/**
 * @throws {invalid-config} a pattern that is not in the syntax of Rust's `regex` crate, or takes
 *   more states than are allowed; names it and its key path
 */
export function checkManifestPatterns(manifest: ManifestConfig): void {
  check(manifest, "manifest");
}

/** The depth is bounded: `checkConfig` has read the value. */
function check(value: unknown, at: string): void {
  if (typeof value !== "object" || value === null) return;
  for (const [key, item] of Object.entries(value)) {
    const path = keyPath(at, Array.isArray(value) ? Number(key) : key);
    if (typeof item !== "string" || !PATTERN_KEYS.includes(key)) check(item, path);
    else if (compileRustRegex(item) === undefined) {
      const expected = "a pattern in the syntax of Rust's regex crate";
      const found = describe(item);
      throw makeError(
        "invalid-config",
        `configuration key ${path}: expected ${expected}, got ${found}`,
        { details: { key: path, expected, found } },
      );
    }
  }
}
