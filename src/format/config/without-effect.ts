/**
 * Keys of the configuration that nothing here reads yet. Where they are persisted they stay, for the
 * clients that read them; where a user passes them, nothing would come of it, so they are refused.
 */
import { makeError } from "../../base/errors.ts";
import { describe, isPlainObject } from "../../base/options.ts";
import type { ResolvedConfig } from "./config.ts";
import { keyPath } from "./value.ts";

/** The parts of a configuration that have no effect, on a storage that heeds settings `honoured`. */
function withoutEffect(
  { storage, caching, manifest }: ResolvedConfig,
  honoured: readonly string[],
): unknown {
  const { splitting: _, ...ofManifest } = manifest;
  const { numBytesAttributes } = caching;
  const ofStorage = Object.fromEntries(
    Object.entries(storage).filter(([name]) => !honoured.includes(name)),
  );
  return { storage: ofStorage, caching: { numBytesAttributes }, manifest: ofManifest };
}

/**
 * What applies anyway may be passed: a configuration that was read can be given back. `honoured`:
 * settings of the storage that have an effect on the one in use.
 * @throws {unimplemented} for a key without effect that `after`, with what a user passes, says
 *   otherwise than `before`
 */
export function refuseWithoutEffect(
  before: ResolvedConfig,
  after: ResolvedConfig,
  honoured: readonly string[],
): void {
  const found = firstDifference(
    withoutEffect(before, honoured),
    withoutEffect(after, honoured),
    "",
  );
  if (found === undefined) return;
  throw makeError(
    "unimplemented",
    `configuration: ${found.at} has no effect here, got ${describe(found.value)}`,
    { details: { option: "config", key: found.at } },
  );
}

/** The key path of the first value that differs, as deep as objects go. */
function firstDifference(
  before: unknown,
  after: unknown,
  at: string,
): { readonly at: string; readonly value: unknown } | undefined {
  if (isPlainObject(before) && isPlainObject(after)) {
    for (const key of Object.keys({ ...before, ...after })) {
      const found = firstDifference(before[key], after[key], keyPath(at, key));
      if (found !== undefined) return found;
    }
    return undefined;
  }
  return isSame(before, after) ? undefined : { at, value: after };
}

function isSame(a: unknown, b: unknown): boolean {
  if (!Array.isArray(a) || !Array.isArray(b)) return a === b;
  return (
    a.length === b.length && a.every((item, i) => firstDifference(item, b[i], "") === undefined)
  );
}
