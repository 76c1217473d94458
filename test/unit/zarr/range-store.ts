/** A plain store that gives ranges, and counts what it gave. */
import { PlainStore } from "./plain-store.ts";

type Range =
  | { readonly offset: number; readonly length: number }
  | { readonly suffixLength: number };

/** Keys have a leading slash. */
export class RangeStore extends PlainStore {
  /** Bytes of ranges that were given. */
  rangeBytes = 0;

  async getRange(key: `/${string}`, range: Range): Promise<Uint8Array | undefined> {
    this.calls.push(`getRange ${key}`);
    const bytes = this.entries.get(key);
    const part =
      "suffixLength" in range
        ? bytes?.slice(Math.max(0, bytes.length - range.suffixLength))
        : bytes?.slice(range.offset, range.offset + range.length);
    this.rangeBytes += part?.length ?? 0;
    return part;
  }
  async *list(): AsyncIterable<string> {
    yield* this.entries.keys();
  }
}
