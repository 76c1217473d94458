/**
 * All snapshots of a repository, by id. A list with one snapshot more shares everything but one
 * column of positions with the list before: a commit costs the same in a history of ten and of
 * 100,000, but for four bytes each.
 */
import { makeError } from "../../base/errors.ts";
import { firstPosition } from "../../base/first-position.ts";
import { decodeBase32 } from "../../codec/base32.ts";
import { OBJECT_ID_BYTES, objectIdToBytes } from "../ids.ts";
import { NO_PARENT, type RepoSnapshot, SnapshotColumns } from "./snapshot-columns.ts";

/** An immutable map of snapshots, sorted by the bytes of their ids. */
export class SnapshotList implements ReadonlyMap<string, RepoSnapshot> {
  readonly #columns: SnapshotColumns;
  readonly #order: Uint32Array;
  /** The snapshot looked up last, and where it is: a commit asks for the same one several times. */
  #lastId: string | undefined;
  #lastPosition: number | undefined;

  /** `order`: all rows, in the order of their ids; takes over the array. */
  constructor(columns: SnapshotColumns, order: Uint32Array) {
    this.#columns = columns;
    this.#order = order;
  }

  /** `snapshots` as a list: itself, if it is one. @throws {serialization} if a parent is missing */
  static of(snapshots: ReadonlyMap<string, RepoSnapshot>): SnapshotList {
    if (snapshots instanceof SnapshotList) return snapshots;
    const rowOf = new Map<string, number>();
    for (const id of snapshots.keys()) rowOf.set(id, rowOf.size);
    const columns = new SnapshotColumns(new Uint8Array(0), new Int32Array(0));
    for (const snapshot of snapshots.values()) {
      const { id, parentId } = snapshot;
      const parent = parentId === undefined ? NO_PARENT : rowOf.get(parentId);
      columns.add(objectIdToBytes(id), parent ?? failWithout(parentId, id), snapshot);
    }
    return new SnapshotList(columns, sortedRows(columns.ids, columns.length));
  }

  get size(): number {
    return this.#order.length;
  }

  get columns(): SnapshotColumns {
    return this.#columns;
  }

  /** The rows, in the order of their ids. */
  get order(): Uint32Array {
    return this.#order;
  }

  get(id: string): RepoSnapshot | undefined {
    const at = this.positionOf(id);
    return at === undefined ? undefined : this.#columns.snapshot(this.#order[at] as number);
  }

  has(id: string): boolean {
    return this.positionOf(id) !== undefined;
  }

  /** Where snapshot `id` is in the order of ids. */
  positionOf(id: string): number | undefined {
    if (id !== this.#lastId) this.#remember(id, this.#find(id));
    return this.#lastPosition;
  }

  #remember(id: string, position: number | undefined): void {
    this.#lastId = id;
    this.#lastPosition = position;
  }

  #find(id: string): number | undefined {
    const bytes = decodeBase32(id, OBJECT_ID_BYTES);
    if (bytes === undefined) return undefined;
    const at = this.#lowerBound(bytes);
    const row = this.#order[at];
    // Only the canonical text of an id is its key.
    return row !== undefined && this.#columns.idOf(row) === id ? at : undefined;
  }

  /** This list and one snapshot more. @throws {serialization} if its parent is not listed */
  with(snapshot: RepoSnapshot): SnapshotList {
    const { id, parentId } = snapshot;
    const at = parentId === undefined ? NO_PARENT : this.positionOf(parentId);
    if (at === undefined) failWithout(parentId, id);
    const parent = at === NO_PARENT ? NO_PARENT : (this.#order[at] as number);
    const { size } = this;
    const bytes = objectIdToBytes(id);
    const position = this.#lowerBound(bytes);
    const next = this.#order[position];
    if (next !== undefined && compareIds(this.#columns.ids, next, bytes, 0) === 0)
      throw makeError("internal", `repo: snapshot ${id} is listed already`);
    const isNewest = this.#columns.length === size;
    const columns = isNewest ? this.#columns : this.#columns.fork(size);
    const order = new Uint32Array(size + 1);
    order.set(this.#order.subarray(0, position));
    order[position] = size;
    order.set(this.#order.subarray(position), position + 1);
    columns.add(bytes, parent, snapshot);
    const list = new SnapshotList(columns, order);
    list.#remember(id, position);
    return list;
  }

  *entries(): MapIterator<[string, RepoSnapshot]> {
    for (const snapshot of this.values()) yield [snapshot.id, snapshot];
  }

  *keys(): MapIterator<string> {
    for (const row of this.#order) yield this.#columns.idOf(row);
  }

  *values(): MapIterator<RepoSnapshot> {
    for (const row of this.#order) yield this.#columns.snapshot(row);
  }

  [Symbol.iterator](): MapIterator<[string, RepoSnapshot]> {
    return this.entries();
  }

  forEach(
    callback: (value: RepoSnapshot, key: string, map: ReadonlyMap<string, RepoSnapshot>) => void,
  ): void {
    for (const [id, snapshot] of this.entries()) callback(snapshot, id, this);
  }

  /** The position of the first id that is not before `id`. */
  #lowerBound(id: Uint8Array): number {
    const { ids } = this.#columns;
    const order = this.#order;
    return firstPosition(0, order.length, (at) => compareIds(ids, order[at] as number, id, 0) >= 0);
  }
}

/** The rows of `count` ids, in the order of the ids. */
export function sortedRows(ids: Uint8Array, count: number): Uint32Array {
  const rows = new Uint32Array(count);
  let isSorted = true;
  for (let row = 0; row < count; row++) {
    rows[row] = row;
    if (row > 0 && compareIds(ids, row - 1, ids, row) > 0) isSorted = false;
  }
  return isSorted ? rows : rows.sort((a, b) => compareIds(ids, a, ids, b));
}

/** Compares the id at position `a` of `inA` with that at position `b` of `inB`, by their bytes. */
export function compareIds(inA: Uint8Array, a: number, inB: Uint8Array, b: number): number {
  const startA = a * OBJECT_ID_BYTES;
  const startB = b * OBJECT_ID_BYTES;
  for (let i = 0; i < OBJECT_ID_BYTES; i++) {
    const difference = (inA[startA + i] as number) - (inB[startB + i] as number);
    if (difference !== 0) return difference;
  }
  return 0;
}

function failWithout(parentId: string | undefined, id: string): never {
  throw makeError(
    "serialization",
    `repo: snapshot ${id} points to snapshot ${parentId}, which is not listed`,
  );
}
