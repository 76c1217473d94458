/** Node changes in fork bytes. What a zarr.json says is read out of it again, not sent beside it. */
import type { ByteWriter } from "../../codec/byte-stream.ts";
import type { NodeChange } from "../changes/change-set.ts";
import type { DotNumbers } from "./table-bytes.ts";

/** Flags of a change. */
export const HAS_BASE = 1;
export const BASE_IS_ARRAY = 2;
export const HAS_NODE = 4;

/** Writes one change. */
export function writeNodeChange(writer: ByteWriter, change: NodeChange, dots: DotNumbers): void {
  const { path, base, node, dot } = change;
  let flags = 0;
  if (base !== undefined) flags |= HAS_BASE | (base.type === "array" ? BASE_IS_ARRAY : 0);
  if (node !== undefined) flags |= HAS_NODE;
  writer.byte(flags);
  writer.text(path);
  writer.varint(dots.numberOf(dot));
  if (base !== undefined) writer.text(base.id);
  if (node === undefined) return;
  writer.text(node.id);
  writer.bytes(node.userData);
}
