/**
 * The version of an object: `<write id>-<lastModified>-<size>`. The write id is random and new with
 * each write; it stands in a small file of its own, so that the object's file holds nothing but its
 * bytes and may be exported. The rest are facts about that file.
 *
 * Two files cannot change in one step, so their order is the protocol. A writer holds the object's
 * lock, and
 *   1. writes the bytes as a draft, whose `lastModified` differs from that of the object's file;
 *   2. stores a new write id;
 *   3. moves the draft over the object's file, in one step: that publishes it.
 * A reader needs no lock: it reads the id first, and then opens the file.
 *
 * - No version comes back (ABA): ids never do. Between 2 and 3 the old bytes have the new id, but
 *   then the file's facts differ from those of 3. Bytes that others put there have other facts.
 * - A reader that is overtaken between its two steps combines an older id with newer bytes. That
 *   is no version of any state under the lock (the id has been replaced), so no condition accepts
 *   it, and the next look finds a change: a wasted turn, never a lost update. The other way round,
 *   older bytes under a newer id, cannot be: it would match a condition that it must not.
 * - Whoever dies before 3 leaves the object as it was, at most with a new id: a condition on the
 *   old version fails once more than it had to. Its draft is no object, and is removed later.
 *
 * Objects that are written once (by their folder or their kind) have no id (`0`) until something
 * replaces them, which saves a file for each chunk. In the folders of such objects none is ever
 * looked for, and `ifMatch` is refused.
 */
import { hexOf } from "../../base/bytes.ts";
import type { Runtime } from "../../base/runtime.ts";
import { escapeSegment } from "../key-escaping.ts";
import { isWriteOncePath, RESERVED_FOLDER } from "../object-path.ts";
import type { ObjectVersion } from "../port.ts";
import type { OriginFiles } from "./origin-files.ts";

/** An object: its path in the storage, and its file's from the origin's root. */
export interface OpfsObject {
  readonly path: string;
  readonly file: string;
}

/** Of objects that have none. */
const NO_ID = "0";
const ID_BYTES = 12;
const ID = /^[0-9a-f]{24}$/;

/** A new write id. */
export function newWriteId(runtime: Runtime): string {
  return hexOf(runtime.randomBytes(ID_BYTES));
}

/**
 * The file of an object's write id, at the origin's root: storages that see one object below
 * different paths share it. `#` is escaped in its folders, so no object's file is another's folder.
 */
export function idFileOf(object: OpfsObject): string {
  const segments = object.file.split("/").map(escapeSegment);
  return `${RESERVED_FOLDER}/writes/${segments.join("/")}#`;
}

/** The write id that the object has now. A file that a power loss emptied has none. */
export async function readWriteId(files: OriginFiles, object: OpfsObject): Promise<string> {
  if (isWriteOncePath(object.path)) return NO_ID;
  const file = await files.open(idFileOf(object));
  const text = file === undefined ? "" : await file.text();
  return ID.test(text) ? text : NO_ID;
}

/** The version of an object with that write id and file. */
export function opfsVersion(id: string, file: File): ObjectVersion {
  return { etag: `${id}-${file.lastModified}-${file.size}` };
}
