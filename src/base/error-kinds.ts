/**
 * The closed table of error kinds: what went wrong, in which category, and what a caller can do.
 *
 * Kinds are the official engine's strings where it has one, ours in the same style elsewhere.
 * The list is append-only: programs match on it. `docs/errors.md` is checked against it.
 */

/** What a caller can do, by category and kind. */
const ADVICE = {
  // Another writer was faster.
  conflict: {
    "commit-conflict": "rebase the session and commit again, or rerun the write on a fresh session",
    "branch-update-conflict": "repeat with the branch's current tip",
    "repo-info-updated": "open the repository again and repeat the change",
    "config-updated": "open the repository again and repeat the change",
    "update-attempts-exhausted": "wait and repeat, or raise repoUpdateRetries",
    "rebase-failed": "resolve the listed conflicts, or choose a solver that accepts them",
    "base-not-in-ancestry": "the branch left this session's base behind: start a new session",
  },
  "not-found": {
    "repository-not-found": "check the location, or create the repository",
    "node-not-found": "create the array or group first, or check the path",
    "chunk-not-found": "check the coordinates",
    "snapshot-not-found": "check the id, or whether it has expired",
    "no-snapshot-at-time": "choose a later time: the branch is younger",
    "ref-not-found": "check the name",
    "branch-not-found": "check the name with listBranches()",
    "tag-not-found": "check the name with listTags()",
  },
  "already-exists": {
    "node-already-exists": "pass overwrite, delete the node first, or choose another path",
    "branch-already-exists": "choose another name, or reset the branch",
    "tag-already-exists": "tags are immutable: choose another name",
    "tag-previously-deleted": "a deleted tag's name can never be used again: choose another",
  },
  "read-only": {
    "read-only-session": "open a writable session",
    "read-only-store": "use the session's own store",
    "read-only-storage": "use a storage that can write",
    "read-only-repository": "change the repository's status first",
  },
  "invalid-input": {
    "invalid-key": "use `<path>/zarr.json` or `<path>/c/<i>/<j>`",
    "invalid-chunk-index": "one coordinate per dimension, inside the chunk grid",
    "zero-length-chunk": "delete the chunk instead of writing no bytes",
    "invalid-path": "use an absolute path such as /group/array",
    "invalid-ref-name": "use a non-empty name",
    "invalid-snapshot-id": "a snapshot id has 20 characters of Crockford base32",
    "bad-key-prefix": "list the root, or an existing group or array",
    "bad-metadata": "write a strict JSON Zarr 3 document",
    "invalid-array-metadata": "correct the named member of the array's zarr.json",
    "not-an-array": "the path names a group: use an array's path",
    "not-a-group": "the path names an array: use a group's path",
    "invalid-byte-range": "ranges are integers inside the value; nothing is clamped",
    "invalid-commit-configuration": "correct the named option",
    "invalid-virtual-ref": "correct the location, offset or length",
    "no-container-for-virtual-chunk": "configure a virtual chunk container for the location",
    "unauthorized-virtual-chunk-container": "authorize the container when opening the repository",
    "parent-directory-not-clean": "create repositories in an empty place, or open the one there",
    "bad-snapshot-chain-for-diff": "diff from an ancestor to a descendant",
    "region-not-aligned": "align the region with the chunks, or pass safeChunks: false",
    "storage-not-shareable": "use a storage that others can reach",
    "invalid-option": "correct the named option",
    "invalid-fork-bytes": "send the bytes of ForkSession.toBytes() unchanged",
    "invalid-config": "correct the named configuration key",
    "not-identical": "look at the listed differences",
  },
  "session-state": {
    "commit-not-allowed": "start a new session; merge a fork into its session, which commits",
    "merge-not-allowed": "merge forks into a writable session or another fork",
    "cannot-fork-read-only-session": "fork a writable session",
    "merge-failed": "decide which of the named nodes to keep",
    "merge-overlap": "align the writers' regions, or pass onOverlap",
    "fork-base-mismatch": "merge a fork into the session (and base) it came from",
    "no-changes-to-commit": "nothing was written; pass allowEmpty to commit anyway",
    "no-amend-for-initial-commit": "make a new commit instead",
    "cannot-delete-main": "the main branch always exists",
    "session-busy": "wait for the running operation",
    "not-allowed": "see the message",
    "rebase-tx-log-pruned": "history needed for the rebase is gone: start a new session",
    "feature-flag-disabled": "the repository's owner has switched this operation off",
    "rearrange-session-only": "use a rearrange session",
    "worker-crashed": "look at the worker's exit and retry the task",
    "task-failed": "look at the causes, one per attempt",
    "executor-failed": "correct the executor: one result per job, and an end on abort",
    "writes-in-flight": "await every write before the work ends or the fork leaves",
    "node-changed": "await the operation before you change the node, then repeat it",
  },
  storage: {
    "object-not-found": "the repository refers to an object that is gone",
    "object-store": "look at the cause; retry if it is transient",
    io: "look at the cause",
    "storage-config": "correct the storage's options",
    "cannot-parse-url": "correct the URL",
    "bad-redirect": "check where the URL redirects to",
    "storage-other": "look at the cause",
    "virtual-chunk-fetch": "look at the cause",
    "virtual-chunk-modified": "the source file changed since the reference was made",
    "invalid-object-size": "the object is damaged, or another was sent",
    "condition-not-supported": "use a storage that honours conditional writes",
    "unexpected-response": "check the URL, and that the server answers 404 where no object is",
  },
  "unknown-outcome": {
    "unknown-outcome": "read back before repeating: the write may have landed",
  },
  format: {
    "invalid-file-format": "the file or object is damaged, or of another format",
    deserialization: "the object is damaged",
    serialization: "the value cannot be written in this format",
    "config-deserialization": "the persisted configuration is damaged",
    "unsupported-spec-version": "upgrade icefloe",
    "unsupported-operation-for-version": "migrate the repository to spec 2",
    "snapshot-timestamp": "check the machine's clock",
    "duplicate-snapshot-id": "the random source repeats itself",
    "manifest-info-not-found": "the snapshot is damaged",
  },
  unsupported: {
    unimplemented: "this is not built yet: see the README's status table",
    "missing-dependency": "install the named package",
  },
  internal: {
    internal: "this is a bug in icefloe: please report it",
  },
} as const;

/** What a caller does about an error, coarsely. */
export type ErrorCategory = keyof typeof ADVICE;

/** A stable, matchable name of what went wrong. */
export type ErrorKind = { [C in ErrorCategory]: keyof (typeof ADVICE)[C] }[ErrorCategory];

interface KindEntry {
  readonly category: ErrorCategory;
  readonly advice: string;
}

/** Every kind, in the order of the table. */
export const ERROR_KINDS = Object.fromEntries(
  Object.entries(ADVICE).flatMap(([category, kinds]) =>
    Object.entries(kinds).map(([kind, advice]) => [kind, { category, advice }]),
  ),
) as Readonly<Record<ErrorKind, KindEntry>>;
