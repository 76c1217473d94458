/**
 * Branches, tags and deleted tags inside the `repo` object, where snapshots are positions in a
 * sorted list. Spec: v2 "Repo Info File" › Ref.
 */
import type { Builder } from "flatbuffers";
import { compareUtf8 } from "../base/bytes.ts";
import { makeError } from "../base/errors.ts";
import type { FlatBufferReader } from "../codec/flatbuffer.ts";
import { createOffsets, createSharedText, type Offset } from "../codec/flatbuffer-write.ts";
import { noteUnknownSlots } from "./repo-update.ts";

const REF = { name: 0, snapshotIndex: 1 } as const;

/** The refs in `slot`, by name; `ids` are the snapshots in stored order. */
export function parseRefs(
  reader: FlatBufferReader,
  root: number,
  slot: number,
  ids: readonly string[],
  unknownFields: Set<string>,
): Map<string, string> {
  const vector = reader.vector(root, slot, 4);
  const refs = new Map<string, string>();
  for (let i = 0; i < reader.vectorLength(vector); i++) {
    const table = reader.tableAt(vector, i);
    noteUnknownSlots(reader, table, "Ref", 2, unknownFields);
    const name = reader.string(table, REF.name) ?? reader.fail(table, "reference without name");
    if (refs.has(name)) reader.fail(table, `reference "${name}" is listed twice`);
    const index = reader.uint32(table, REF.snapshotIndex, 0);
    const id = ids[index];
    refs.set(name, id ?? reader.fail(table, `snapshot ${index} is none of ${ids.length}`));
  }
  return refs;
}

/** The strings in `slot`. */
export function parseNames(reader: FlatBufferReader, root: number, slot: number): Set<string> {
  const vector = reader.vector(root, slot, 4);
  const names = new Set<string>();
  for (let i = 0; i < reader.vectorLength(vector); i++) names.add(reader.stringAt(vector, i));
  return names;
}

/** The position of snapshot `id`. @throws {serialization} if it is not listed */
export function mustIndex(indexOf: ReadonlyMap<string, number>, id: string, from: string): number {
  const index = indexOf.get(id);
  if (index !== undefined) return index;
  throw makeError("serialization", `repo: ${from} points to snapshot ${id}, which is not listed`);
}

/** The vector of `refs`, sorted by name. */
export function createRefs(
  builder: Builder,
  refs: ReadonlyMap<string, string>,
  indexOf: ReadonlyMap<string, number>,
): Offset {
  const names = [...refs.keys()].sort(compareUtf8);
  const tables = names.map((name) => {
    const index = mustIndex(indexOf, refs.get(name) as string, `"${name}"`);
    const text = createSharedText(builder, name);
    builder.startObject(2);
    builder.addFieldOffset(REF.name, text, 0);
    builder.addFieldInt32(REF.snapshotIndex, index, 0);
    return builder.endObject();
  });
  return createOffsets(builder, tables);
}

/** The vector of `names`, sorted. */
export function createNames(builder: Builder, names: ReadonlySet<string>): Offset {
  const sorted = [...names].sort(compareUtf8);
  return createOffsets(
    builder,
    sorted.map((name) => createSharedText(builder, name)),
  );
}
