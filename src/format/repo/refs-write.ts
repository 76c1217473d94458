/** Writes branches, tags and deleted tags. Spec: v2 "Repo Info File" › Ref. */
import { compareUtf8 } from "../../base/bytes.ts";
import { makeError } from "../../base/errors.ts";
import type { FlatBufferWords } from "../../codec/flatbuffers/words.ts";
import type { SnapshotList } from "./snapshot-list.ts";

/** Name and position of the snapshot: slots 0 and 1. */
const REF_LAYOUT = [12, 4, 8] as const;

/**
 * The vector of `refs`, sorted by name; returns where it starts.
 * @throws {serialization} if one points to a snapshot that is not listed
 */
export function putRefs(
  words: FlatBufferWords,
  refs: ReadonlyMap<string, string>,
  snapshots: SnapshotList,
): number {
  const names = [...refs.keys()].sort(compareUtf8);
  const vector = words.reserve(1 + names.length);
  words.set(vector, names.length);
  for (const [i, name] of names.entries()) {
    const id = refs.get(name) as string;
    const index = snapshots.positionOf(id) ?? failWithout(name, id);
    const table = words.startTable(words.vtableOf(REF_LAYOUT));
    words.setOffset(vector + 1 + i, table);
    words.put(8); // The name follows the two fields.
    words.put(index);
    words.putString(name);
  }
  return vector;
}

/** The vector of `names`, sorted; returns where it starts. */
export function putNames(words: FlatBufferWords, names: ReadonlySet<string>): number {
  return words.putOffsets([...names].sort(compareUtf8), (name) => words.putString(name));
}

function failWithout(name: string, id: string): never {
  throw makeError("serialization", `repo: "${name}" points to snapshot ${id}, which is not listed`);
}
