/**
 * Conditional updates of one file that hold between processes, without locks or owners.
 *
 * Each swapped object has a folder with one token, an empty file named `current.<version>`. A
 * writer puts the new bytes beside it as `next.<version>`, renames the token from the version it
 * replaces to its own (one rename of a name succeeds: that decides), then renames `next.…` over
 * the object (that publishes). Both names are used once, so a late helper or writer finds nothing
 * to rename. Invariant: a version is published once, after its predecessor and before anyone
 * succeeds it; so the object never goes back, and what was acknowledged has been published.
 *
 * Model: test/model/local-cas-model.test.ts. Reasons: docs/decisions/0003-local-compare-and-swap.md.
 */
import { makeError } from "../../base/errors.ts";
import type { Abortable } from "../../base/options.ts";
import { backoff } from "../../base/retry.ts";
import type { Runtime } from "../../base/runtime.ts";
import type { PutOutcome } from "../port.ts";
import { type Drafts, LEFTOVER_AGE_MICROS } from "./drafts.ts";
import { codeOf, type FileFacts, type FileSystem, unlessAbsent } from "./file-system.ts";
import { etagOf, modifiedNsOf, versionOf } from "./file-version.ts";
import { type Folders, readNames } from "./folders.ts";
import { unknownOutcome } from "./io-errors.ts";

/** What a swap stands on. */
export interface SwapParts {
  readonly fileSystem: FileSystem;
  readonly folders: Folders;
  readonly drafts: Drafts;
  readonly runtime: Runtime;
  /** The tokens' folders that this process has settled before. */
  readonly settled: Set<string>;
}

/** An object on disk: its path (for messages), its file, that file's folder, its token's folder. */
export interface ObjectFiles extends SwapParts {
  readonly path: string;
  readonly file: string;
  readonly parent: string;
  readonly tokens: string;
}

const CURRENT = "current.";
const NEXT = "next.";
const TURNS_MAX = 1000; // Each turn means that another process made progress meanwhile.
const LISTINGS_MAX = 50; // Each turn means that the folder changed while it was read.
const PAUSES = { attemptsMax: TURNS_MAX, initialBackoffMs: 1, maxBackoffMs: 50 };
const PUBLISH_TURNS_MAX = 3;
const PATIENT_TURNS = 5; // Turns before it pauses between them.
export const CONDITION_FAILED: PutOutcome = Object.freeze({ outcome: "condition-failed" });
// Refused before anything changed. Any other failure of a rename leaves its outcome open.
const REFUSED: ReadonlySet<string> = new Set(["EACCES", "EPERM", "EROFS", "ENOSPC", "EDQUOT"]);

export const exists = async (parts: SwapParts, file: string): Promise<boolean> =>
  (await unlessAbsent(parts.fileSystem.facts(file))) !== undefined;

const tokenFile = (files: ObjectFiles, etag: string): string =>
  files.fileSystem.join(files.tokens, CURRENT + etag);
const nextFile = (files: ObjectFiles, etag: string): string =>
  files.fileSystem.join(files.tokens, NEXT + etag);

const pause = (parts: SwapParts, turn: number): Promise<void> =>
  backoff(parts.runtime, PAUSES, turn - PATIENT_TURNS);

function tooManyTurns(files: ObjectFiles): Error {
  return makeError("io", `${files.path} kept changing for ${TURNS_MAX} turns`, {
    details: { path: files.path, folder: files.tokens },
  });
}

/**
 * The version that the token names, or `undefined` where the object was never swapped. While the
 * folder changes a reading may show two tokens or none; two also after a power loss on a file
 * system that keeps renames out of order. Versions rise, so all but the latest are stale, and
 * removed. A folder that keeps showing none is damaged, and refused: guessing could lose a commit.
 */
async function readToken(files: ObjectFiles): Promise<string | undefined> {
  for (let turn = 1; turn <= LISTINGS_MAX; turn++) {
    const names = await readNames(files.fileSystem, files.tokens);
    if (names === undefined || names.length === 0) return undefined;
    const tokens = names
      .filter((name) => name.startsWith(CURRENT))
      .map((name) => name.slice(CURRENT.length))
      .sort((a, b) => Number((modifiedNsOf(a) ?? 0n) - (modifiedNsOf(b) ?? 0n)));
    const latest = tokens.pop();
    for (const stale of tokens) await files.drafts.discard(tokenFile(files, stale));
    if (latest !== undefined) return latest;
    await pause(files, turn);
  }
  throw makeError("io", `no token of ${files.path} in ${files.tokens}`, {
    details: { path: files.path, folder: files.tokens },
  });
}

/** Renames the bytes of the decided version `etag` over the object, unless somebody did already. */
async function publish(files: ObjectFiles, etag: string): Promise<void> {
  const next = nextFile(files, etag);
  for (let turn = 1; ; turn++) {
    try {
      return await files.fileSystem.rename(next, files.file);
    } catch (error) {
      if (codeOf(error) !== "ENOENT") throw error;
      if (!(await exists(files, next))) return; // The name is used once: somebody helped.
      if (turn === PUBLISH_TURNS_MAX) throw error;
      await files.folders.ensure(files.parent); // Removed by hand, since the object was there.
    }
  }
}

/** Publishes what is decided; the published version, or `undefined` where the object was never swapped. */
export async function settle(files: ObjectFiles): Promise<string | undefined> {
  const token = await readToken(files);
  if (token !== undefined && (await exists(files, nextFile(files, token))))
    await publish(files, token);
  return token;
}

/**
 * What `read` finds at the object's file, after publishing what a dead writer left decided; this
 * process may lack the right to: then what it finds at the decided bytes. `undefined` if the
 * object is absent. Costs one look at the token, and a second read if the token has moved on.
 */
export async function readDecided<T>(
  files: ObjectFiles,
  read: (file: string) => Promise<T>,
  factsOf: (result: T) => FileFacts,
): Promise<T | undefined> {
  const found = await unlessAbsent(read(files.file));
  const etag = found === undefined ? undefined : etagOf(factsOf(found));
  if (etag !== undefined && (await exists(files, tokenFile(files, etag)))) return found;
  const token = await readToken(files);
  if (token === undefined || token === etag) return found;
  const next = nextFile(files, token);
  if (await exists(files, next)) {
    try {
      await publish(files, token);
    } catch (error) {
      if (!REFUSED.has(codeOf(error) ?? "")) throw error;
      const decided = await unlessAbsent(read(next));
      if (decided !== undefined) return decided;
    }
  }
  return unlessAbsent(read(files.file)); // Whatever is there now was published during this call.
}

/** Makes the folder with its first token in one step; leaves it alone if another process was faster. */
async function initialise(files: ObjectFiles, etag: string, sync: boolean): Promise<void> {
  const { fileSystem, folders, drafts } = files;
  await folders.ensure(fileSystem.join(files.tokens, ".."));
  await drafts.named(async (staged) => {
    await fileSystem.makeFolder(staged);
    const token = fileSystem.join(staged, CURRENT + etag);
    await fileSystem.create(token, new Uint8Array(0), { sync });
    if (sync) await fileSystem.syncFolder(staged);
    try {
      await fileSystem.rename(staged, files.tokens);
    } catch (error) {
      await drafts.discard(token);
      await fileSystem.removeFolder(staged);
      if ((await readNames(fileSystem, files.tokens)) === undefined) throw error;
    }
  });
}

/** Writes `body` beside the token, under a version later than `laterThanNs`. */
async function prepare(
  files: ObjectFiles,
  expected: string,
  body: Uint8Array,
  options: { readonly laterThanNs: bigint; readonly sync: boolean },
): Promise<FileFacts> {
  const draft = await files.drafts.write(body, options);
  const next = nextFile(files, etagOf(draft.facts));
  try {
    await files.fileSystem.rename(draft.file, next).catch(async (error) => {
      if (codeOf(error) !== "ENOENT") throw error;
      await initialise(files, expected, options.sync);
      await files.fileSystem.rename(draft.file, next);
    });
    return draft.facts;
  } catch (error) {
    await files.drafts.discard(draft.file);
    throw error;
  }
}

/** `laterThanNs`: the token is from a version that late; prepare again. */
type Decision = "won" | "lost" | { readonly laterThanNs: bigint };

/**
 * Renames the token from `expected` to `next`: the commit point. An object replaced by a writer
 * without tokens has the token of an older version: then that one is taken instead, once it is
 * certain that nothing decided waits to be published and the file still is the expected one.
 */
async function decide(files: ObjectFiles, expected: string, next: FileFacts): Promise<Decision> {
  const mine = tokenFile(files, etagOf(next));
  let token = expected;
  for (let turn = 1; turn <= TURNS_MAX; turn++) {
    try {
      await files.fileSystem.rename(tokenFile(files, token), mine);
      return "won";
    } catch (error) {
      // A network file system may repeat a rename whose reply was lost, and then report ENOENT.
      if (await exists(files, mine)) return "won";
      const code = codeOf(error) ?? "";
      if (REFUSED.has(code)) throw error;
      if (code !== "ENOENT")
        throw unknownOutcome(files.path, "the file system did not say whether it happened", error);
    }
    if (!(await exists(files, nextFile(files, etagOf(next)))))
      throw unknownOutcome(files.path, "the prepared bytes are gone: published, or removed by age");
    const settled = await settle(files);
    const found = await unlessAbsent(files.fileSystem.facts(files.file));
    if (found === undefined || etagOf(found) !== expected) return "lost";
    if (settled === undefined)
      throw unknownOutcome(files.path, `its tokens in ${files.tokens} were removed meanwhile`);
    const laterThanNs = modifiedNsOf(settled) ?? 0n;
    if (laterThanNs >= next.modifiedNs) return { laterThanNs };
    token = settled;
    await pause(files, turn);
  }
  throw tooManyTurns(files);
}

async function isPublished(files: ObjectFiles, etag: string): Promise<boolean> {
  const isThere = async (): Promise<boolean> => {
    const found = await unlessAbsent(files.fileSystem.facts(files.file));
    return found !== undefined && etagOf(found) === etag;
  };
  if (await isThere()) return true;
  return (await settle(files)) === etag && (await isThere());
}

/** Replaces the object if its published version is `expected`. */
export async function swap(
  files: ObjectFiles,
  expected: string,
  body: Uint8Array,
  options: Abortable & { readonly sync: boolean },
): Promise<PutOutcome> {
  let laterThanNs = modifiedNsOf(expected);
  if (laterThanNs === undefined) return CONDITION_FAILED; // No version that this storage gives out.
  // Once per process: what a power loss left must not be taken for a token of today.
  if (!files.settled.has(files.tokens)) await settle(files);
  files.settled.add(files.tokens);
  for (let turn = 1; turn <= TURNS_MAX; turn++) {
    if (!(await isPublished(files, expected))) return CONDITION_FAILED;
    options.signal?.throwIfAborted();
    const next = await prepare(files, expected, body, { laterThanNs, sync: options.sync });
    const decision = await attemptDecision(files, expected, next);
    if (decision === "lost") return CONDITION_FAILED;
    if (decision === "won") {
      await finish(files, next, options.sync);
      return { outcome: "written", version: versionOf(next) };
    }
    laterThanNs = decision.laterThanNs;
  }
  throw tooManyTurns(files);
}

/** Decides, and removes the prepared bytes where it is certain that they are not wanted. */
async function attemptDecision(
  files: ObjectFiles,
  expected: string,
  next: FileFacts,
): Promise<Decision> {
  const discard = (): Promise<void> => files.drafts.discard(nextFile(files, etagOf(next)));
  try {
    const decision = await decide(files, expected, next);
    if (decision !== "won") await discard();
    return decision;
  } catch (error) {
    if (REFUSED.has(codeOf(error) ?? "")) await discard();
    throw error;
  }
}

/** Publishes a version that was decided here, and syncs its name. */
async function finish(files: ObjectFiles, next: FileFacts, sync: boolean): Promise<void> {
  try {
    await publish(files, etagOf(next));
    if (sync) await files.folders.syncNames(files.parent);
  } catch (error) {
    throw unknownOutcome(files.path, "it is decided, but was not published or synced", error);
  }
}

/**
 * Removes prepared bytes that no writer can decide any more: not later than the token, although
 * every writer that starts from the token makes its own later, and untouched for an hour.
 */
export async function sweepPrepared(files: ObjectFiles): Promise<void> {
  const names = (await readNames(files.fileSystem, files.tokens)) ?? [];
  const tokens = names.filter((name) => name.startsWith(CURRENT));
  if (tokens.length !== 1) return;
  const token = (tokens[0] as string).slice(CURRENT.length);
  const tokenNs = modifiedNsOf(token) ?? 0n;
  const oldestNs = BigInt(Math.floor(files.runtime.nowMicros() - LEFTOVER_AGE_MICROS)) * 1000n;
  for (const name of names) {
    if (!name.startsWith(NEXT) || name === NEXT + token) continue;
    const modifiedNs = modifiedNsOf(name.slice(NEXT.length));
    if (modifiedNs === undefined || modifiedNs > tokenNs || modifiedNs > oldestNs) continue;
    await files.drafts.discard(files.fileSystem.join(files.tokens, name));
  }
}
