/** What a conformance case is, and the checks that cases are written with. */
import { equalBytes } from "../../base/bytes.ts";
import { ERROR_KINDS, type ErrorKind } from "../../base/error-kinds.ts";
import { isIcefloeError, makeError } from "../../base/errors.ts";
import type {
  ObjectVersion,
  PutCondition,
  PutOutcome,
  Storage,
  StorageCapabilities,
  StoredObject,
} from "../../storage/port.ts";

/** A fresh, empty storage under test. */
export interface ConformanceSubject {
  readonly storage: Storage;
  /** Writes the objects that `storage` then reads; for storages that cannot write. Default: `storage`. */
  readonly writer?: Storage | undefined;
  /** Removes what the subject left behind. */
  dispose?(): Promise<void>;
}

/** One rule of the port, stated and tried. */
export interface CaseDefinition {
  readonly name: string;
  /** Capabilities without which the case is skipped. */
  readonly needs: readonly (keyof StorageCapabilities)[];
  /** Capabilities with which the case is skipped: it tries how they are refused. */
  readonly unless: readonly (keyof StorageCapabilities)[];
  /** Throws if the storage breaks the rule. `writer` is `storage`, or writes for one that cannot. */
  run(storage: Storage, writer: Storage): Promise<void>;
}

/** Cases by what they show, for storages with those capabilities. */
export function cases(
  needs: readonly (keyof StorageCapabilities)[],
  runs: Readonly<Record<string, CaseDefinition["run"]>>,
): CaseDefinition[] {
  return Object.entries(runs).map(([name, run]) => ({ name, needs, unless: [], run }));
}

/** Cases for storages that lack the first capabilities: they try how these are refused. */
export function casesWithout(
  unless: readonly (keyof StorageCapabilities)[],
  needs: readonly (keyof StorageCapabilities)[],
  runs: Readonly<Record<string, CaseDefinition["run"]>>,
): CaseDefinition[] {
  return cases(needs, runs).map((definition) => ({ ...definition, unless }));
}

/** Fails the case unless `condition` holds. */
export function check(condition: unknown, message: string): asserts condition {
  if (!condition) throw makeError("storage-other", message);
}

/** `length` bytes that depend on `seed`. */
export function pattern(length: number, seed: number = 1): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let i = 0; i < length; i++) bytes[i] = (i * 31 + seed * 7 + (i >> 8)) & 0xff;
  return bytes;
}

/** Fails unless `found` holds exactly `expected`. */
export function checkBytes(
  found: StoredObject | "unchanged" | undefined,
  expected: Uint8Array,
  what: string,
): asserts found is StoredObject {
  check(found !== undefined, `${what}: found no object`);
  check(found !== "unchanged", `${what}: found "unchanged"`);
  check(found.bytes instanceof Uint8Array, `${what}: bytes are no Uint8Array`);
  check(
    equalBytes(found.bytes, expected),
    `${what}: found ${found.bytes.length} bytes that differ from the ${expected.length} expected`,
  );
  const { etag, generation } = found.version;
  check(etag !== undefined || generation !== undefined, `${what}: the version is empty`);
}

/** Fails unless `promise` rejects with an error of one of `kinds`. */
export async function checkRejects(
  promise: Promise<unknown>,
  kinds: readonly ErrorKind[],
  what: string,
): Promise<void> {
  let outcome = "resolved";
  try {
    await promise;
  } catch (error) {
    if (isIcefloeError(error, ...kinds)) return;
    outcome = isIcefloeError(error) ? `rejected with ${error.kind}` : `rejected with ${error}`;
  }
  const advice = kinds.map((kind) => `${kind} (${ERROR_KINDS[kind].category})`).join(" or ");
  check(false, `${what}: ${outcome}, expected a rejection with ${advice}`);
}

/** Puts an object of kind `other`. */
export function put(
  storage: Storage,
  path: string,
  body: Uint8Array,
  condition?: PutCondition,
): Promise<PutOutcome> {
  return storage.put(path, body, { objectKind: "other", condition });
}

/** Puts an object that must be written; its version. */
export async function mustPut(
  storage: Storage,
  path: string,
  body: Uint8Array,
  condition?: PutCondition,
): Promise<ObjectVersion> {
  const done = await put(storage, path, body, condition);
  check(done.outcome === "written", `put of ${path}: ${done.outcome}, expected "written"`);
  return done.version;
}

/** The first bytes of `body`, in parts that end there. The buffer of a part is used again. */
export async function* bodyInParts(
  body: Uint8Array,
  ends: readonly number[],
): AsyncGenerator<Uint8Array> {
  const buffer = new Uint8Array(body.length);
  let start = 0;
  for (const end of ends) {
    buffer.set(body.subarray(start, end));
    yield buffer.subarray(0, end - start);
    start = end;
  }
}

/** A body that comes to nothing after `part`. */
export async function* failingAfter(part: Uint8Array, failure: Error): AsyncGenerator<Uint8Array> {
  yield part;
  throw failure;
}
