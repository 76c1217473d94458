/** Checks the condition of a put before a backend acts on it. */
import { makeError } from "../base/errors.ts";
import type { PutCondition } from "./port.ts";

/** @throws {condition-not-supported} for an `ifMatch` without a version: it could match anything */
export function checkCondition(condition: PutCondition | undefined, path: string): void {
  if (condition === undefined || "ifAbsent" in condition) return;
  if (condition.ifMatch.etag !== undefined || condition.ifMatch.generation !== undefined) return;
  throw makeError("condition-not-supported", `put of ${path}: ifMatch names no version`, {
    details: { path },
  });
}
