/**
 * Metadata of commits as callers give it: checked whole and copied, before anything is written.
 * What the stored form (FlexBuffers of JSON values) cannot hold is refused by name instead of
 * being bent. NaN and infinities become null, as in JSON; `undefined` members are left out.
 */
import { isWellFormed } from "../../base/bytes.ts";
import { makeError } from "../../base/errors.ts";
import { checkOption, describe, isPlainObject, mustBe, plainObject } from "../../base/options.ts";
import { setMember } from "../../codec/members.ts";

const DEPTH_MAX = 64; // Of the stored form; members of the metadata itself have depth 0.
const VALUES_MAX = 100_000;
const INT64_START = -(1n << 63n);
const UINT64_END = 1n << 64n;

/** The kind of a commit's message: text that can be stored. */
export function wellFormedText(value: unknown): string | undefined {
  return typeof value === "string" && isWellFormed(value)
    ? undefined
    : mustBe("a string of well-formed Unicode", value);
}

interface Copying {
  readonly operation: string;
  readonly option: string;
  /** Names of the members that are being copied, outermost first. */
  readonly path: (string | number)[];
  /** Objects around the present value. */
  readonly above: Set<object>;
  valueCount: number;
}

/** A copy that shares nothing with it. `option` names it in errors. @throws {invalid-option} */
export function copyCommitMetadata(
  operation: string,
  option: string,
  metadata: unknown,
): Record<string, unknown> {
  if (metadata === undefined) return {};
  checkOption(operation, option, metadata, plainObject);
  const copying: Copying = { operation, option, path: [], above: new Set(), valueCount: 0 };
  return copyMembers(copying, metadata as Record<string, unknown>);
}

function copyMembers(copying: Copying, object: Record<string, unknown>): Record<string, unknown> {
  const copy: Record<string, unknown> = {};
  nested(copying, object, () => {
    for (const name of Object.keys(object)) {
      copying.path.push(name);
      if (!isWellFormed(name)) refuse(copying, "is no well-formed Unicode");
      if (copying.path.length > 1 && name.includes("\0")) refuse(copying, "has a NUL in its name");
      const value = object[name];
      if (value !== undefined) setMember(copy, name, copyValue(copying, value));
      copying.path.pop();
    }
  });
  return copy;
}

function copyList(copying: Copying, list: readonly unknown[]): unknown[] {
  const copy: unknown[] = [];
  nested(copying, list, () => {
    for (let index = 0; index < list.length; index++) {
      copying.path.push(index);
      copy.push(copyValue(copying, list[index]));
      copying.path.pop();
    }
  });
  return copy;
}

function nested(copying: Copying, object: object, copy: () => void): void {
  if (copying.above.has(object)) refuse(copying, "holds itself");
  if (copying.path.length > DEPTH_MAX + 1) refuse(copying, `is nested deeper than ${DEPTH_MAX}`);
  copying.above.add(object);
  copy();
  copying.above.delete(object);
}

function copyValue(copying: Copying, value: unknown): unknown {
  if (++copying.valueCount > VALUES_MAX)
    refuse(copying, `is one of more than ${VALUES_MAX} values`);
  if (value === null || typeof value === "boolean" || typeof value === "number") return value;
  if (typeof value === "string") {
    return isWellFormed(value) ? value : refuse(copying, "is no well-formed Unicode");
  }
  if (typeof value === "bigint") {
    if (value >= INT64_START && value < UINT64_END) return value;
    return refuse(copying, "is an integer beyond 64 bits");
  }
  if (Array.isArray(value)) return copyList(copying, value);
  if (isPlainObject(value)) return copyMembers(copying, value);
  return refuse(copying, `is ${describe(value)}, which JSON has no place for`);
}

function refuse({ operation, option, path }: Copying, fault: string): never {
  const member = path
    .map((step, at) => (typeof step === "number" ? `[${step}]` : at === 0 ? step : `.${step}`))
    .join("");
  throw makeError("invalid-option", `${operation}: ${option}: ${describe(member)} ${fault}`, {
    details: { operation, option, member },
  });
}
