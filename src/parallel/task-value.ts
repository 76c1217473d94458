/** Tasks cross to workers as JSON: refuses what JSON would change or drop, by index. */
import { makeError } from "../base/errors.ts";
import { describe, isPlainObject } from "../base/options.ts";

const DEPTH_MAX = 64;

/** @throws {invalid-option} unless `task` survives JSON unchanged */
export function checkTask(task: unknown, index: number): void {
  const fault = faultOf(task, "task", 0);
  if (fault === undefined) return;
  throw makeError("invalid-option", `task ${index} can't be sent to a worker: ${fault}`, {
    details: { option: "tasks", index },
  });
}

function faultOf(value: unknown, at: string, depth: number): string | undefined {
  if (depth > DEPTH_MAX) return `${at} is nested more than ${DEPTH_MAX} deep`;
  if (value === null || typeof value === "string" || typeof value === "boolean") return undefined;
  if (typeof value === "number") {
    return Number.isFinite(value) && !Object.is(value, -0)
      ? undefined
      : `${at} is ${describe(value)}`;
  }
  const entries = Array.isArray(value)
    ? Array.from(value, (item, index): [string, unknown] => [`${at}[${index}]`, item])
    : isPlainObject(value)
      ? Object.entries(value).map(([key, item]): [string, unknown] => [`${at}.${key}`, item])
      : undefined;
  if (entries === undefined) return `${at} is ${describe(value)}, which is no JSON value`;
  for (const [path, item] of entries) {
    const fault = faultOf(item, path, depth + 1);
    if (fault !== undefined) return fault;
  }
  return undefined;
}
