/** What was sent to a merge: bytes of forks, and nothing else. */
import type { SnapshotIndex } from "../../assets/snapshot-index.ts";
import { asBytes } from "../../base/bytes.ts";
import { makeError } from "../../base/errors.ts";
import { describe } from "../../base/options.ts";
import type { ForkContent } from "../fork/bytes.ts";
import { assertFitsBase } from "../fork/check.ts";
import { decodeForkBytes } from "../fork/read-bytes.ts";

/** A fork's content from what was sent, checked against the receiver's base; refuses anything else. */
export function contentOfBytes(input: unknown, base: SnapshotIndex): ForkContent {
  const bytes = asBytes(input);
  if (bytes !== undefined) {
    const fork = decodeForkBytes(bytes);
    if (fork.baseId === base.snapshot.id) assertFitsBase(fork, base); // Else the merge refuses it.
    return fork;
  }
  if (typeof input === "object" && input !== null && "saved" in input) {
    throw makeError("unimplemented", "merge: saved forks are not built yet; send their bytes");
  }
  throw makeError(
    "invalid-option",
    `merge: expected a ForkSession or its bytes, got ${describe(input)}`,
    { details: { found: describe(input) } },
  );
}
