/**
 * The version of a file: inode, modification time and size, computable by any process from the
 * file itself. A rename keeps all three, a new file differs: a replaced file and its replacement
 * exist at the same time, so their inodes differ. An inode freed earlier may come back within one
 * tick of the clock; where that matters (objects that are swapped) `compare-and-swap.ts` makes
 * modification times rise strictly.
 */
import type { ObjectVersion } from "../port.ts";
import type { FileFacts } from "./file-system.ts";

/** The etag of a file with these facts. */
export function etagOf(facts: FileFacts): string {
  return `${facts.inode.toString(16)}-${facts.modifiedNs.toString(16)}-${facts.sizeBytes.toString(16)}`;
}

/** The version of a file with these facts. */
export function versionOf(facts: FileFacts): ObjectVersion {
  return { etag: etagOf(facts) };
}

const ETAG = /^[0-9a-f]+-([0-9a-f]+)-[0-9a-f]+$/;

/** The modification time, in nanoseconds, of the version `etag`; `undefined` if it is not one of ours. */
export function modifiedNsOf(etag: string): bigint | undefined {
  const match = ETAG.exec(etag);
  return match === null ? undefined : BigInt(`0x${match[1]}`);
}
