/**
 * Reads FlatBuffers by the rules of the strictest verifiers, after a schema: alignment, ranges,
 * forward offsets, even vtables, fields inside their tables that do not overlap, required fields,
 * NUL behind strings, UTF-8, depth. Shares no code with the reader.
 */

/** What stands in a slot. */
export type FieldSchema =
  /** A scalar or struct inside the table. */
  | { readonly inline: number; readonly alignment: number; readonly required?: boolean }
  | { readonly text: true; readonly required?: boolean }
  /** A vector of scalars or structs. */
  | { readonly each: number; readonly alignment: number; readonly required?: boolean }
  | { readonly texts: true; readonly required?: boolean }
  | { readonly table: TableSchema; readonly required?: boolean }
  | { readonly tables: TableSchema; readonly required?: boolean }
  /** A table whose type the byte in slot `tag` says. */
  | { readonly union: Readonly<Record<number, TableSchema>>; readonly tag: number };

/** Fields by slot. */
export type TableSchema = readonly FieldSchema[];

const DEPTH_MAX = 10;

function check(condition: boolean, what: string, at: number): asserts condition {
  if (!condition) throw new Error(`${what} at ${at}`);
}

/** Throws at the first broken rule. */
export function verifyFlatBuffer(bytes: Uint8Array, root: TableSchema): void {
  check(new TextDecoder().decode(bytes.subarray(4, 8)) === "Ichk", "no file identifier", 4);
  const verifier = new Verifier(bytes);
  verifier.table(verifier.follow(0), root, 1);
}

class Verifier {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  follow(at: number): number {
    this.#inside(at, 4, 4);
    const offset = this.#view.getUint32(at, true);
    check(offset > 0 && offset < 2 ** 31, "offset does not point forward", at);
    return at + offset;
  }

  table(at: number, schema: TableSchema, depth: number): void {
    check(depth <= DEPTH_MAX, "nested too deeply", at);
    this.#inside(at, 4, 4);
    const vtable = at - this.#view.getInt32(at, true);
    this.#inside(vtable, 4, 2);
    const vtableBytes = this.#view.getUint16(vtable, true);
    const tableBytes = this.#view.getUint16(vtable + 2, true);
    check(vtableBytes >= 4 && vtableBytes % 2 === 0, "odd vtable", vtable);
    check(vtableBytes <= 4 + 2 * schema.length, "vtable with unknown slots", vtable);
    this.#inside(vtable, vtableBytes, 2);
    this.#inside(at, tableBytes, 4);
    const taken = new Set([0, 1, 2, 3]);
    const positions = schema.map((field, slot) => {
      const entry = 4 + 2 * slot;
      const offset = entry < vtableBytes ? this.#view.getUint16(vtable + entry, true) : 0;
      if (offset === 0) return 0;
      const [size, alignment] = "inline" in field ? [field.inline, field.alignment] : [4, 4];
      check(offset + size <= tableBytes, `field ${slot} outside its table`, at);
      this.#inside(at + offset, size, alignment);
      for (let byte = offset; byte < offset + size; byte++) {
        check(!taken.has(byte), `field ${slot} over another`, at);
        taken.add(byte);
      }
      return at + offset;
    });
    for (const [slot, field] of schema.entries()) {
      const position = positions[slot] as number;
      const isRequired = "union" in field || field.required === true;
      check(position !== 0 || !isRequired, `no field ${slot}`, at);
      if (position === 0 || "inline" in field) continue;
      if ("union" in field) this.#union(position, positions[field.tag] as number, field, depth);
      else this.#field(position, field, depth);
    }
  }

  #union(
    at: number,
    tagAt: number,
    { union }: { readonly union: Readonly<Record<number, TableSchema>> },
    depth: number,
  ): void {
    check(tagAt !== 0, "union without tag", at);
    const schema = union[this.#bytes[tagAt] as number];
    check(schema !== undefined, "union of an unknown type", at);
    this.table(this.follow(at), schema, depth + 1);
  }

  #field(at: number, field: FieldSchema, depth: number): void {
    if ("table" in field) this.table(this.follow(at), field.table, depth + 1);
    else if ("text" in field) this.#text(this.follow(at));
    else if ("each" in field) this.#vector(this.follow(at), field.each, field.alignment);
    else {
      const target = this.follow(at);
      const count = this.#vector(target, 4, 4);
      for (let i = 0; i < count; i++) {
        const element = this.follow(target + 4 + 4 * i);
        if ("tables" in field) this.table(element, field.tables, depth + 1);
        else this.#text(element);
      }
    }
  }

  #vector(at: number, elementBytes: number, alignment: number): number {
    this.#inside(at, 4, 4);
    const count = this.#view.getUint32(at, true);
    this.#inside(at + 4, count * elementBytes, alignment);
    return count;
  }

  #text(at: number): void {
    const count = this.#vector(at, 1, 1);
    this.#inside(at + 4, count + 1, 1);
    check(this.#bytes[at + 4 + count] === 0, "string without NUL", at);
    new TextDecoder("utf-8", { fatal: true }).decode(this.#bytes.subarray(at + 4, at + 4 + count));
  }

  #inside(at: number, byteCount: number, alignment: number): void {
    check(at % alignment === 0, `not aligned to ${alignment}`, at);
    check(at >= 0 && at + byteCount <= this.#bytes.length, "out of range", at);
  }
}
