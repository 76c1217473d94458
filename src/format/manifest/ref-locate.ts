/** Looks at one reference of a manifest of which not all have been checked. */
import type { ManifestBuffer, RefPosition } from "./buffer.ts";

/** The reference at `slot`, checked as by `scanRefs`; its table and index are asked for. */
export function locateRef(buffer: ManifestBuffer, slot: number): RefPosition {
  const { view, vtables, partial } = buffer;
  const fail = (offset: number, what: string): never => vtables.fail(offset, what);
  const end = view.byteLength;
  partial?.ensure(slot, slot + 4);
  const table = slot + view.getUint32(slot, true);
  if (table + 4 > end) fail(slot, "offset points behind the end");
  partial?.ensure(table, table + 4);
  const vtable = vtables.get(table - view.getInt32(table, true));
  if (table + vtable.tableBytes > end) fail(table, "table reaches behind the end");
  partial?.ensure(table, table + vtable.tableBytes);
  const field = table + vtable.indexAt;
  const index = field + view.getUint32(field, true);
  if (index + 4 > end) fail(field, "index starts behind the end");
  partial?.ensure(index, index + 4);
  const rank = view.getUint32(index, true);
  const indexEnd = index + 4 + 4 * rank;
  if (indexEnd > end) fail(index, "index reaches behind the end");
  partial?.ensure(index, indexEnd);
  return { table, vtable, index, rank };
}
