/**
 * Finds out what stands in a storage: a repository, one of spec 1, something else, or nothing.
 * Spec: docs/format.md "Repository layout"; docs/semantics.md "Open".
 */
import { isIcefloeError, makeError } from "../base/errors.ts";
import { abortable } from "../base/on-abort.ts";
import { INITIAL_SNAPSHOT_ID } from "../format/ids.ts";
import { REPO_PATH, snapshotPath, transactionLogPath } from "../format/object-paths.ts";
import type { Storage } from "../storage/port.ts";
import { decodeRepo, type VersionedRepo } from "./repo-object.ts";
import { repositoryNotFound } from "./repo-reader.ts";

/** The branch file that every repository of spec 1 has. */
const SPEC_1_MAIN_PATH = "refs/branch.main/ref.json";

/** What a create that was interrupted before its `repo` leaves behind. */
const INITIAL_PATHS: readonly string[] = [
  snapshotPath(INITIAL_SNAPSHOT_ID),
  transactionLogPath(INITIAL_SNAPSHOT_ID),
];

/** What a storage holds. */
export type Located =
  | { readonly specVersion: 2; readonly state: VersionedRepo }
  | { readonly specVersion: 1 }
  | undefined;

/**
 * The repository in `storage`, `undefined` if there is none. One GET, one more if `repo` is absent.
 * @throws {invalid-file-format} `repo` is damaged or not an Icechunk file
 * @throws {unsupported-spec-version}
 */
export async function locateRepo(
  storage: Storage,
  metadataBytesMax: number,
  signal?: AbortSignal,
): Promise<Located> {
  const stored = await abortable(storage.get(REPO_PATH, { signal }), signal);
  if (stored !== undefined) {
    const repo = await decodeRepo(stored.bytes, REPO_PATH, metadataBytesMax);
    return { specVersion: 2, state: { repo, version: stored.version } };
  }
  const main = await abortable(storage.head(SPEC_1_MAIN_PATH, { signal }), signal);
  return main === undefined ? undefined : { specVersion: 1 };
}

/**
 * The state of the repository that must stand in `storage`.
 * @throws {repository-not-found} @throws {invalid-file-format} @throws {unimplemented}
 */
export async function mustLocateRepo(
  storage: Storage,
  metadataBytesMax: number,
  signal?: AbortSignal,
): Promise<VersionedRepo> {
  const located = await locateRepo(storage, metadataBytesMax, signal);
  if (located?.specVersion === 2) return located.state;
  if (located?.specVersion === 1) throw specOneUnimplemented(storage);
  throw await absenceError(storage, signal);
}

/** Repositories of spec 1 come later. */
export function specOneUnimplemented(storage: Storage): Error {
  return makeError(
    "unimplemented",
    `storage ${storage.id} holds a repository of spec 1, which is not built yet`,
    { details: { storage: storage.id, specVersion: 1 } },
  );
}

/** The first object in `storage` that is not left of an interrupted create. One LIST at most. */
export async function findForeignObject(
  storage: Storage,
  signal?: AbortSignal,
): Promise<string | undefined> {
  for await (const { path } of storage.list("", { signal })) {
    if (!INITIAL_PATHS.includes(path)) return path;
  }
  return undefined;
}

/** Tells a place that holds other things from one that holds nothing, where it can be listed. */
async function absenceError(storage: Storage, signal: AbortSignal | undefined): Promise<Error> {
  if (!storage.capabilities.list) return repositoryNotFound(storage);
  let found: string | undefined;
  try {
    found = await findForeignObject(storage, signal);
  } catch (error) {
    signal?.throwIfAborted();
    // That there is no repository is certain; what else is there could not be learnt.
    if (isIcefloeError(error)) return repositoryNotFound(storage, error);
    throw error;
  }
  if (found === undefined) return repositoryNotFound(storage);
  return makeError(
    "invalid-file-format",
    `storage ${storage.id} holds no Icechunk repository, but other objects, such as "${found}"`,
    { details: { object: REPO_PATH, storage: storage.id, found } },
  );
}
