/**
 * A strict reading of manifests by the rules of the FlatBuffers verifiers: alignment, ranges,
 * forward offsets, even vtables, NUL behind strings, UTF-8. Shares no code with the reader.
 */

/** A reference as stored, with nothing interpreted. */
export interface StoredRef {
  readonly index: number[];
  readonly inline?: Uint8Array;
  readonly offset: bigint;
  readonly length: bigint;
  readonly chunkId?: Uint8Array;
  readonly location?: string;
  readonly etag?: string;
  readonly lastModified: number;
}

/** What a valid manifest holds. */
export interface StoredManifest {
  readonly id: Uint8Array;
  readonly algorithm: number | undefined;
  readonly arrays: { nodeId: Uint8Array; refs: StoredRef[] }[];
  readonly vtableCount: number;
  readonly stringCount: number;
}

function check(condition: boolean, what: string, at: number): asserts condition {
  if (!condition) throw new Error(`${what} at ${at}`);
}

/** Reads a manifest, or throws at the first broken rule. */
export function verifyManifest(bytes: Uint8Array): StoredManifest {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const vtables = new Set<number>();
  const strings = new Set<number>();
  const inside = (at: number, byteCount: number, alignment: number): void => {
    check(at % alignment === 0, `not aligned to ${alignment}`, at);
    check(at >= 0 && at + byteCount <= bytes.length, "out of range", at);
  };
  const follow = (at: number): number => {
    inside(at, 4, 4);
    const offset = view.getUint32(at, true);
    check(offset > 0, "offset does not point forward", at);
    return at + offset;
  };
  const table = (at: number): ((id: number, byteCount: number, alignment: number) => number) => {
    inside(at, 4, 4);
    const vtable = at - view.getInt32(at, true);
    inside(vtable, 4, 2);
    const vtableBytes = view.getUint16(vtable, true);
    const tableBytes = view.getUint16(vtable + 2, true);
    check(vtableBytes >= 4 && vtableBytes % 2 === 0, "odd vtable", vtable);
    inside(vtable, vtableBytes, 2);
    inside(at, tableBytes, 4);
    vtables.add(vtable);
    return (id, byteCount, alignment) => {
      if (4 + 2 * id >= vtableBytes) return 0;
      const field = view.getUint16(vtable + 4 + 2 * id, true);
      if (field === 0) return 0;
      check(field >= 4 && field + byteCount <= tableBytes, "field outside its table", at);
      inside(at + field, byteCount, alignment);
      return at + field;
    };
  };
  const vector = (field: number, elementBytes: number): { start: number; count: number } => {
    const at = follow(field);
    inside(at, 4, 4);
    const count = view.getUint32(at, true);
    inside(at + 4, count * elementBytes, Math.min(elementBytes, 4));
    return { start: at + 4, count };
  };
  const byteVector = (field: number): Uint8Array => {
    const { start, count } = vector(field, 1);
    return bytes.slice(start, start + count);
  };
  const string = (field: number): string => {
    const { start, count } = vector(field, 1);
    check(bytes[start + count] === 0, "string without NUL", start);
    strings.add(start);
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(start, start + count));
  };
  const ref = (at: number): StoredRef => {
    const field = table(at);
    const index = vector(field(0, 4, 4), 4);
    const [inline, offset, length] = [field(1, 4, 4), field(2, 8, 8), field(3, 8, 8)];
    const [chunkId, location, etag] = [field(4, 12, 1), field(5, 4, 4), field(6, 4, 4)];
    const lastModified = field(7, 4, 4);
    return {
      index: Array.from({ length: index.count }, (_, d) =>
        view.getUint32(index.start + 4 * d, true),
      ),
      ...(inline === 0 ? {} : { inline: byteVector(inline) }),
      offset: offset === 0 ? 0n : view.getBigUint64(offset, true),
      length: length === 0 ? 0n : view.getBigUint64(length, true),
      ...(chunkId === 0 ? {} : { chunkId: bytes.slice(chunkId, chunkId + 12) }),
      ...(location === 0 ? {} : { location: string(location) }),
      ...(etag === 0 ? {} : { etag: string(etag) }),
      lastModified: lastModified === 0 ? 0 : view.getUint32(lastModified, true),
    };
  };
  const root = table(follow(0));
  check(new TextDecoder().decode(bytes.subarray(4, 8)) === "Ichk", "no file identifier", 4);
  const idAt = root(0, 12, 1);
  check(idAt !== 0, "no id", 0);
  const algorithmAt = root(3, 1, 1);
  const arrayVector = vector(root(1, 4, 4), 4);
  const arrays = Array.from({ length: arrayVector.count }, (_, i) => {
    const field = table(follow(arrayVector.start + 4 * i));
    const nodeIdAt = field(0, 8, 1);
    check(nodeIdAt !== 0, "no node id", i);
    const refs = vector(field(1, 4, 4), 4);
    return {
      nodeId: bytes.slice(nodeIdAt, nodeIdAt + 8),
      refs: Array.from({ length: refs.count }, (_, n) => ref(follow(refs.start + 4 * n))),
    };
  });
  return {
    id: bytes.slice(idAt, idAt + 12),
    algorithm: algorithmAt === 0 ? undefined : bytes[algorithmAt],
    arrays,
    vtableCount: vtables.size,
    stringCount: strings.size,
  };
}
