/**
 * The closed table of error kinds: what went wrong, in which category, and what a caller can do.
 *
 * Kinds are the official engine's strings where it has one, ours in the same style elsewhere.
 * The list is append-only: programs match on it. `docs/errors.md` is checked against it.
 */

/** What a caller does about an error, coarsely. */
export type ErrorCategory =
  | "conflict"
  | "not-found"
  | "already-exists"
  | "read-only"
  | "invalid-input"
  | "session-state"
  | "storage"
  | "unknown-outcome"
  | "format"
  | "unsupported"
  | "internal";

interface KindEntry {
  readonly category: ErrorCategory;
  readonly advice: string;
}

const kind = (category: ErrorCategory, advice: string): KindEntry => ({ category, advice });

export const ERROR_KINDS = {
  // Conflicts: another writer was faster.
  "commit-conflict": kind(
    "conflict",
    "rebase the session and commit again, or rerun the write on a fresh session",
  ),
  "branch-update-conflict": kind(
    "conflict",
    "look the branch up again and repeat with its current tip",
  ),
  "repo-info-updated": kind(
    "conflict",
    "another client created or changed the repository; open it again",
  ),
  "config-updated": kind("conflict", "open the repository again and repeat the change"),
  "update-attempts-exhausted": kind(
    "conflict",
    "too many writers at once: wait and repeat, or raise repoUpdateRetries",
  ),
  "rebase-failed": kind(
    "conflict",
    "resolve the listed conflicts, or choose a solver that accepts them",
  ),
  "base-not-in-ancestry": kind(
    "conflict",
    "the branch was reset or amended past this session's base: start a new session",
  ),
  // Not found.
  "repository-not-found": kind("not-found", "check the location, or create the repository"),
  "node-not-found": kind("not-found", "create the array or group first, or check the path"),
  "chunk-not-found": kind("not-found", "check the coordinates"),
  "snapshot-not-found": kind("not-found", "check the id; the snapshot may have been expired"),
  "no-snapshot-at-time": kind("not-found", "choose a later time: the branch is younger"),
  "ref-not-found": kind("not-found", "check the name"),
  "branch-not-found": kind("not-found", "check the name with listBranches()"),
  "tag-not-found": kind("not-found", "check the name with listTags()"),
  // Already exists.
  "node-already-exists": kind("already-exists", "delete the node first, or choose another path"),
  "branch-already-exists": kind("already-exists", "choose another name, or reset the branch"),
  "tag-already-exists": kind("already-exists", "tags are immutable: choose another name"),
  "tag-previously-deleted": kind(
    "already-exists",
    "a deleted tag's name can never be used again: choose another",
  ),
  // Read-only.
  "read-only-session": kind("read-only", "open a writable session"),
  "read-only-store": kind("read-only", "use the session's own store"),
  "read-only-storage": kind("read-only", "use a storage that can write"),
  "read-only-repository": kind(
    "read-only",
    "the repository's status is read-only: change the status first",
  ),
  // Invalid input.
  "invalid-key": kind("invalid-input", "use `<path>/zarr.json` or `<path>/c/<i>/<j>`"),
  "invalid-chunk-index": kind(
    "invalid-input",
    "one coordinate per dimension, inside the chunk grid",
  ),
  "zero-length-chunk": kind("invalid-input", "delete the chunk instead of writing no bytes"),
  "invalid-path": kind("invalid-input", "use an absolute path such as /group/array"),
  "invalid-ref-name": kind("invalid-input", "use a non-empty name"),
  "invalid-snapshot-id": kind(
    "invalid-input",
    "a snapshot id has 20 characters of Crockford base32",
  ),
  "bad-key-prefix": kind(
    "invalid-input",
    "only the root or an existing group or array can be listed by prefix",
  ),
  "bad-metadata": kind("invalid-input", "write a strict JSON Zarr 3 document"),
  "invalid-array-metadata": kind(
    "invalid-input",
    "correct the named member of the array's zarr.json",
  ),
  "not-an-array": kind("invalid-input", "the path names a group: use an array's path"),
  "not-a-group": kind("invalid-input", "the path names an array: use a group's path"),
  "invalid-byte-range": kind(
    "invalid-input",
    "ranges are integers inside the value; nothing is clamped",
  ),
  "invalid-commit-configuration": kind("invalid-input", "correct the named option"),
  "invalid-virtual-ref": kind("invalid-input", "correct the location, offset or length"),
  "no-container-for-virtual-chunk": kind(
    "invalid-input",
    "configure a virtual chunk container for the location",
  ),
  "unauthorized-virtual-chunk-container": kind(
    "invalid-input",
    "authorize the container when opening the repository",
  ),
  "parent-directory-not-clean": kind(
    "invalid-input",
    "create repositories in an empty place, or open the one there",
  ),
  "bad-snapshot-chain-for-diff": kind("invalid-input", "diff from an ancestor to a descendant"),
  "region-not-aligned": kind(
    "invalid-input",
    "align the region with the chunks, or pass safeChunks: false",
  ),
  "storage-not-shareable": kind("invalid-input", "use a storage other processes can reach"),
  "invalid-option": kind("invalid-input", "correct the named option"),
  "invalid-fork-bytes": kind("invalid-input", "send the bytes of ForkSession.toBytes() unchanged"),
  "invalid-config": kind("invalid-input", "correct the named configuration key"),
  "not-identical": kind("invalid-input", "look at the listed differences"),
  // Session state.
  "commit-not-allowed": kind(
    "session-state",
    "merge forks into their session; start a new session after a commit",
  ),
  "merge-not-allowed": kind("session-state", "merge forks into a writable session or another fork"),
  "cannot-fork-read-only-session": kind("session-state", "fork a writable session"),
  "merge-failed": kind(
    "session-state",
    "both sides changed the named nodes: decide which one to keep",
  ),
  "merge-overlap": kind("session-state", "align the writers' regions, or pass onOverlap"),
  "fork-base-mismatch": kind(
    "session-state",
    "merge a fork into the session (and base) it came from",
  ),
  "no-changes-to-commit": kind(
    "session-state",
    "nothing was written; pass allowEmpty to commit anyway",
  ),
  "no-amend-for-initial-commit": kind("session-state", "make a new commit instead"),
  "cannot-delete-main": kind("session-state", "the main branch always exists"),
  "session-busy": kind("session-state", "wait for the running operation"),
  "not-allowed": kind("session-state", "see the message"),
  "rebase-tx-log-pruned": kind(
    "session-state",
    "history needed for the rebase is gone: start a new session",
  ),
  "feature-flag-disabled": kind(
    "session-state",
    "the repository's owner has switched this operation off",
  ),
  "rearrange-session-only": kind("session-state", "use a rearrange session"),
  "worker-crashed": kind("session-state", "look at the worker's exit and retry the task"),
  "task-failed": kind("session-state", "look at the causes, one per attempt"),
  // Storage.
  "object-not-found": kind("storage", "the repository refers to an object that is gone"),
  "object-store": kind("storage", "look at the cause; retry if it is transient"),
  io: kind("storage", "look at the cause"),
  "storage-config": kind("storage", "correct the storage's options"),
  "cannot-parse-url": kind("storage", "correct the URL"),
  "bad-redirect": kind("storage", "check where the URL redirects to"),
  "storage-other": kind("storage", "look at the cause"),
  "virtual-chunk-fetch": kind("storage", "look at the cause"),
  "virtual-chunk-modified": kind("storage", "the source file changed since the reference was made"),
  "invalid-object-size": kind(
    "storage",
    "the object is shorter than its reference says: it is damaged",
  ),
  "condition-not-supported": kind("storage", "use a storage that honours conditional writes"),
  "unknown-outcome": kind(
    "unknown-outcome",
    "read back before repeating: the write may have landed",
  ),
  // Format.
  "invalid-file-format": kind("format", "the object is damaged or no Icechunk file"),
  deserialization: kind("format", "the object is damaged"),
  serialization: kind("format", "the value cannot be written in this format"),
  "config-deserialization": kind("format", "the persisted configuration is damaged"),
  "unsupported-spec-version": kind("format", "upgrade icefloe"),
  "unsupported-operation-for-version": kind("format", "migrate the repository to spec 2"),
  "snapshot-timestamp": kind("format", "check the machine's clock"),
  "duplicate-snapshot-id": kind("format", "the random source repeats itself"),
  "manifest-info-not-found": kind("format", "the snapshot is damaged"),
  // Rest.
  unimplemented: kind("unsupported", "this is not built yet: see the README's status table"),
  "missing-dependency": kind("unsupported", "install the named package"),
  internal: kind("internal", "this is a bug in icefloe: please report it"),
} as const satisfies Record<string, KindEntry>;

/** A stable, matchable name of what went wrong. */
export type ErrorKind = keyof typeof ERROR_KINDS;
