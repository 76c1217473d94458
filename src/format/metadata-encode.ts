/** User metadata as items. Loaded with the first that is written: most commits carry none. */
import { compareUtf8 } from "../base/bytes.ts";
import { encodeFlexbuffers } from "../codec/flexbuffers/encode.ts";
import type { MetadataItem } from "./metadata.ts";

/** `record` as items of spec 2, sorted by name, without `undefined`. @throws {serialization} */
export function encodeMetadata(record: Readonly<Record<string, unknown>>): MetadataItem[] {
  const items: MetadataItem[] = [];
  for (const [name, value] of Object.entries(record)) {
    if (value !== undefined) items.push({ name, value: encodeFlexbuffers(value) });
  }
  return items.sort((a, b) => compareUtf8(a.name, b.name));
}
