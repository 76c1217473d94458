/** Names of branches and tags: any text but the empty one. */
import { makeError } from "../base/errors.ts";
import { describe } from "../base/options.ts";

/** Matches halves of surrogate pairs, which UTF-8 cannot hold: they would be stored as U+FFFD. */
const LONE_SURROGATE = /[\ud800-\udfff]/u;

/** Refuses what cannot name a new branch or tag. @throws {invalid-ref-name} */
export function checkRefName(operation: string, name: string): void {
  if (typeof name === "string" && name !== "" && !LONE_SURROGATE.test(name)) return;
  const found = describe(name);
  throw makeError("invalid-ref-name", `${operation}: expected a non-empty name, got ${found}`, {
    details: { operation, found },
  });
}
