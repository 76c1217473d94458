/** Names of versions: a branch (at a time), a tag, a snapshot id; and what they stand for. */
import { ancestorsOf, mustGetRepoSnapshot } from "../assets/ancestry.ts";
import { makeError } from "../base/errors.ts";
import { describe, isPlainObject, mustBe } from "../base/options.ts";
import { describeMicros } from "../base/plain-value.ts";
import { parseSnapshotId } from "../format/ids.ts";
import type { RepoInfo } from "../format/repo/read.ts";
import { mustGetBranch } from "./branches.ts";
import { mustGetTag } from "./tags.ts";

/** A version: a branch by name, or one of `branch` (optionally at a time), `tag`, `snapshotId`. */
export type VersionRef =
  | string
  | {
      readonly branch: string;
      /** The newest snapshot of the branch written at or before this; a number is microseconds. */
      readonly asOf?: Date | number | undefined;
    }
  | { readonly tag: string }
  | { readonly snapshotId: string };

/** A checked version reference. */
export type ParsedVersionRef =
  | { readonly branch: string; readonly asOfMicros: number | undefined }
  | { readonly tag: string }
  | { readonly snapshotId: string };

const KEYS = ["branch", "tag", "snapshotId"] as const;

/** Checks a version without I/O. @throws {invalid-option} @throws {invalid-snapshot-id} */
export function parseVersionRef(operation: string, version: VersionRef): ParsedVersionRef {
  if (typeof version === "string") return { branch: version, asOfMicros: undefined };
  if (!isPlainObject(version)) {
    throw invalid(operation, `expected a branch name or an object, got ${describe(version)}`);
  }
  const record: Readonly<Record<string, unknown>> = version;
  for (const key of Object.keys(record)) {
    if (key === "asOf" || (KEYS as readonly string[]).includes(key)) continue;
    throw invalid(operation, `unknown key "${key}"; known: ${KEYS.join(", ")}, asOf`);
  }
  const given = KEYS.filter((key) => record[key] !== undefined);
  const key = given[0];
  if (key === undefined) throw invalid(operation, `needs one of ${KEYS.join(", ")}`);
  if (given.length > 1) throw invalid(operation, `takes only one of ${given.join(", ")}`);
  const name = record[key];
  if (typeof name !== "string") throw invalid(operation, `${key} ${mustBe("a string", name)}`);
  const asOfMicros = parseAsOf(operation, record["asOf"]);
  if (key === "branch") return { branch: name, asOfMicros };
  if (asOfMicros !== undefined) throw invalid(operation, "asOf goes only with branch");
  return key === "tag" ? { tag: name } : { snapshotId: parseSnapshotId(name) };
}

function parseAsOf(operation: string, asOf: unknown): number | undefined {
  if (asOf === undefined) return undefined;
  // A Date says milliseconds: the whole of its millisecond is meant, so that `writtenAt` finds its own.
  const micros = asOf instanceof Date ? asOf.getTime() * 1000 + 999 : asOf;
  if (typeof micros === "number" && Number.isFinite(micros)) return micros;
  throw invalid(operation, `asOf ${mustBe("a valid Date or microseconds", asOf)}`);
}

function invalid(operation: string, fault: string): Error {
  return makeError("invalid-option", `${operation}: version: ${fault}`, { details: { operation } });
}

/**
 * The id of the snapshot that `version` stands for.
 * @throws {branch-not-found} @throws {tag-not-found} @throws {snapshot-not-found}
 * @throws {no-snapshot-at-time} the branch's history begins later
 */
export function resolveVersion(repo: RepoInfo, version: ParsedVersionRef): string {
  if ("tag" in version) return mustGetTag(repo, version.tag);
  if ("snapshotId" in version) return mustGetRepoSnapshot(repo, version.snapshotId).id;
  const { branch, asOfMicros } = version;
  const tip = mustGetBranch(repo, branch);
  if (asOfMicros === undefined) return tip;
  for (const { id, flushedAtMicros } of ancestorsOf(repo, tip)) {
    if (flushedAtMicros <= asOfMicros) return id;
  }
  throw makeError(
    "no-snapshot-at-time",
    `branch "${branch}" has no snapshot written at or before ${describeMicros(asOfMicros)}`,
    { details: { branch, asOf: describeMicros(asOfMicros) } },
  );
}
