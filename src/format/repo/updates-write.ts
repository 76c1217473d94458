/**
 * Writes the ops log: entries that an earlier file held are copied, and only what came since is
 * encoded. Spec: v2 "Repo Info File" › Update.
 */
import { FlatBufferWords } from "../../codec/flatbuffers/words.ts";
import type { RepoUpdate } from "./update.ts";
import { putUpdate } from "./update-write.ts";

const ENTRY_WORDS = 32; // About what an entry takes.
/** Entries that may have come since the image was made; above, it is made anew. */
const NEW_ENTRIES_MAX = 256;

/** By the newest entry that they hold. */
const images = new WeakMap<RepoUpdate, UpdateImage>();

/** Encoded entries, the oldest first; those in front may have left the log. */
interface UpdateImage {
  readonly entries: RepoUpdate[];
  /** Where each entry, and where its table starts, in words. */
  readonly starts: number[];
  readonly tables: number[];
  readonly words: FlatBufferWords;
}

/** Puts the vector of updates, the newest first, and all that belongs to it; returns where it starts. */
export function putUpdates(words: FlatBufferWords, updates: readonly RepoUpdate[]): number {
  const newest = updates[0] as RepoUpdate;
  const settled = updates.slice(1);
  const { tables, starts, words: held } = imageOf(settled);
  const vector = words.reserve(1 + updates.length);
  words.set(vector, updates.length);
  words.setOffset(vector + 1, putUpdate(words, newest));
  words.alignTo8Bytes();
  const from = tables.length - settled.length;
  const start = starts[from] ?? held.length;
  const base = words.putWords(held.view(start, held.length - start)) - start;
  const offsets = words.view(vector + 2, settled.length);
  const distance = base - (vector + 2);
  for (let i = 0, last = tables.length - 1; i < offsets.length; i++) {
    offsets[i] = (distance - i + (tables[last - i] as number)) * 4;
  }
  return vector;
}

/** The image of `updates`, which it holds at its end. The newest of a log gets its backup's name later. */
function imageOf(updates: readonly RepoUpdate[]): UpdateImage {
  for (let added = 0; added < Math.min(NEW_ENTRIES_MAX, updates.length); added++) {
    const key = updates[added] as RepoUpdate;
    const image = images.get(key);
    if (image === undefined) continue;
    if (!holds(image, updates, added)) break;
    images.delete(key);
    return extend(image, updates, added);
  }
  const words = new FlatBufferWords(ENTRY_WORDS * updates.length);
  return extend({ entries: [], starts: [], tables: [], words }, updates, updates.length);
}

/** Whether `image` ends with all of `updates` but the first `added`, and holds few others. */
function holds({ entries }: UpdateImage, updates: readonly RepoUpdate[], added: number): boolean {
  const kept = updates.length - added;
  if (entries.length < kept || entries.length > 2 * updates.length) return false;
  const last = entries.length - 1 + added;
  for (let at = added; at < updates.length; at++) {
    if (entries[last - at] !== updates[at]) return false;
  }
  return true;
}

function extend(image: UpdateImage, updates: readonly RepoUpdate[], added: number): UpdateImage {
  const { entries, starts, tables, words } = image;
  for (let at = added - 1; at >= 0; at--) {
    const update = updates[at] as RepoUpdate;
    const entry = new FlatBufferWords(ENTRY_WORDS); // With vtables of its own: others may leave.
    const table = putUpdate(entry, update);
    words.alignTo8Bytes();
    const start = words.putWords(entry.view(0, entry.length));
    entries.push(update);
    starts.push(start);
    tables.push(start + table);
  }
  const newest = updates[0];
  if (newest !== undefined) images.set(newest, image);
  return image;
}
