/** Writes branches, tags and deleted tags. Spec: v2 "Repo Info File" › Ref. */
import { compareUtf8 } from "../../base/bytes.ts";
import { makeError } from "../../base/errors.ts";
import type { FlatBufferWords } from "../../codec/flatbuffers/words.ts";

/** Name and position of the snapshot: slots 0 and 1. */
const REF_LAYOUT = [12, 4, 8] as const;

/** The position of snapshot `id`. @throws {serialization} if it is not listed */
export function mustIndex(indexOf: ReadonlyMap<string, number>, id: string, from: string): number {
  const index = indexOf.get(id);
  if (index !== undefined) return index;
  throw makeError("serialization", `repo: ${from} points to snapshot ${id}, which is not listed`);
}

/** The vector of `refs`, sorted by name. */
export function putRefs(
  words: FlatBufferWords,
  refs: ReadonlyMap<string, string>,
  indexOf: ReadonlyMap<string, number>,
): void {
  const names = [...refs.keys()].sort(compareUtf8);
  words.put(names.length);
  const offsets = words.reserve(names.length);
  for (const [i, name] of names.entries()) {
    const index = mustIndex(indexOf, refs.get(name) as string, `"${name}"`);
    const table = words.startTable(words.vtableOf(REF_LAYOUT));
    words.setOffset(offsets + i, table);
    words.put(8); // The name follows the two fields.
    words.put(index);
    words.putString(name);
  }
}

/** The vector of `names`, sorted. */
export function putNames(words: FlatBufferWords, names: ReadonlySet<string>): void {
  const sorted = [...names].sort(compareUtf8);
  words.put(sorted.length);
  const offsets = words.reserve(sorted.length);
  for (const [i, name] of sorted.entries()) {
    words.setOffset(offsets + i, words.length);
    words.putString(name);
  }
}
