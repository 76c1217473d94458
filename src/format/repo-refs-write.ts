/** Writes branches, tags and deleted tags. Spec: v2 "Repo Info File" › Ref. */
import type { Builder } from "flatbuffers";
import { compareUtf8 } from "../base/bytes.ts";
import { makeError } from "../base/errors.ts";
import { createOffsets, createSharedText, type Offset } from "../codec/flatbuffer-write.ts";
import { REF_SLOTS } from "./repo-refs.ts";

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
    builder.addFieldOffset(REF_SLOTS.name, text, 0);
    builder.addFieldInt32(REF_SLOTS.snapshotIndex, index, 0);
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
