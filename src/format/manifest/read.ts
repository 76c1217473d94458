/**
 * Reads manifests in place: the decompressed bytes are kept, and nothing is made per reference.
 * Spec: v2 "Chunk Manifest Files"; docs/format.md "Manifest files", "Sort orders" and
 * "Tolerance".
 */
import type { Attempt, PartialBytes } from "../../base/partial-bytes.ts";
import { FlatBufferReader } from "../../codec/flatbuffers/read.ts";
import { NODE_ID_BYTES, nodeIdFromBytes, OBJECT_ID_BYTES, objectIdFromBytes } from "../ids.ts";
import type { ManifestBuffer, StoredRefs } from "./buffer.ts";
import type { ChunkRows } from "./chunk-rows.ts";
import { type LocationDecoder, locationDecoder } from "./location-decoder.ts";
import { RefVtables } from "./ref-vtables.ts";
import { RefVectorRows } from "./rows.ts";

/** The chunk references that a manifest holds for one array, in order of coordinates. */
export interface ManifestRows extends ChunkRows {
  /** The row of `coordinates`, or -1. */
  find(coordinates: ArrayLike<number>): number;
}

/** All of them, checked. */
export interface CheckedRows extends ManifestRows {
  /** For reading in bulk: see `bulkRows`. */
  readonly stored: StoredRefs;
}

/** A manifest file. Holds the bytes it was parsed from; nobody may write to them. */
export interface Manifest {
  readonly id: string;
  /** Memory held. */
  readonly sizeBytes: number;
  /** Nodes it has references for. */
  readonly nodeIds: readonly string[];
  /** How to use what follows, and the rows, while parts of the file have yet to be fetched. */
  readonly attempt: Attempt | undefined;
  /**
   * The references of a node; `undefined` if it has none. Those with another number of coordinates
   * than `rank` (than most, if left out) can belong to no chunk and are hidden. The first call for
   * an array checks it: about 20 ms per million references.
   * @throws {deserialization} if its references are damaged
   */
  rows(nodeId: string, rank?: number): CheckedRows | undefined;
  /**
   * The same for looking up few: of a manifest that is decoded in parts, only what is looked at is
   * decoded and checked. Once `rows` has been asked for, no slower than that.
   * @throws {deserialization} also when a row is looked for or read
   */
  lookup(nodeId: string, rank?: number): ManifestRows | undefined;
}

const MANIFEST_ID = 0;
const MANIFEST_ARRAYS = 1;
const MANIFEST_DICTIONARY = 2;
const MANIFEST_ALGORITHM = 3;
const ARRAY_NODE_ID = 0;
const ARRAY_REFS = 1;
const ALGORITHM_ZSTD = 1; // Also when absent.

/**
 * Parses a manifest's payload; `object` names it in messages. Takes the bytes over. Of bytes that
 * are still to be made, only the list of arrays is asked for.
 * @throws {deserialization}
 */
export async function parseManifest(
  source: Uint8Array | PartialBytes,
  object: string,
): Promise<Manifest> {
  const partial = "ensure" in source ? source : undefined;
  const payload = "ensure" in source ? source.bytes : source;
  const reader = new FlatBufferReader(payload, object, partial);
  const root = reader.root();
  const idAt = reader.field(root, MANIFEST_ID, OBJECT_ID_BYTES);
  if (idAt === 0) reader.fail(root, "a manifest has no id");
  const arrays = reader.vector(root, MANIFEST_ARRAYS, 4);
  if (arrays === 0) reader.fail(root, "a manifest has no list of arrays");
  const refVectors = new Map<string, RefVector>();
  for (let i = 0, count = reader.vectorLength(arrays); i < count; i++) {
    const table = reader.tableAt(arrays, i);
    const nodeIdAt = reader.field(table, ARRAY_NODE_ID, NODE_ID_BYTES);
    if (nodeIdAt === 0) reader.fail(table, "an array manifest has no node id");
    const refs = reader.vector(table, ARRAY_REFS, 4);
    if (refs === 0) reader.fail(table, "an array manifest has no list of references");
    const nodeId = nodeIdFromBytes(payload.subarray(nodeIdAt, nodeIdAt + NODE_ID_BYTES));
    if (refVectors.has(nodeId)) reader.fail(table, `node ${nodeId} is listed twice`);
    refVectors.set(nodeId, { slotsAt: refs + 4, count: reader.vectorLength(refs) });
  }
  const buffer: ManifestBuffer = {
    object,
    bytes: payload,
    view: reader.view,
    partial,
    vtables: new RefVtables(reader.view, object, partial),
    decodeLocation: decoderOf(reader, root),
  };
  const id = objectIdFromBytes(payload.subarray(idAt, idAt + OBJECT_ID_BYTES));
  return new ParsedManifest(id, buffer, refVectors);
}

function decoderOf(reader: FlatBufferReader, root: number): LocationDecoder | undefined {
  const dictionary = reader.byteVector(root, MANIFEST_DICTIONARY);
  const algorithm = reader.uint8(root, MANIFEST_ALGORITHM, ALGORITHM_ZSTD);
  if (dictionary === undefined || algorithm !== ALGORITHM_ZSTD) return undefined;
  return locationDecoder(dictionary);
}

interface RefVector {
  readonly slotsAt: number;
  readonly count: number;
}

class ParsedManifest implements Manifest {
  readonly id: string;
  readonly nodeIds: readonly string[];
  readonly #buffer: ManifestBuffer;
  readonly #refVectors: ReadonlyMap<string, RefVector>;
  readonly #rows = new Map<string, RefVectorRows>();

  constructor(id: string, buffer: ManifestBuffer, refVectors: ReadonlyMap<string, RefVector>) {
    this.id = id;
    this.#buffer = buffer;
    this.#refVectors = refVectors;
    this.nodeIds = [...refVectors.keys()];
  }

  get sizeBytes(): number {
    return this.#buffer.partial?.sizeBytes ?? this.#buffer.bytes.byteLength;
  }

  get attempt(): Attempt | undefined {
    return this.#buffer.partial?.attempt;
  }

  rows(nodeId: string, rank?: number): CheckedRows | undefined {
    // All at once: what is to be fetched would come part by part.
    if (this.attempt !== undefined) this.#buffer.partial?.ensureAll();
    return this.lookup(nodeId, rank)?.allInOrder();
  }

  lookup(nodeId: string, rank?: number): RefVectorRows | undefined {
    const known = this.#rows.get(nodeId);
    if (known !== undefined && (rank === undefined || rank === known.rank)) return known;
    const refs = this.#refVectors.get(nodeId);
    if (refs === undefined || refs.count === 0) return undefined;
    const rows = new RefVectorRows(this.#buffer, refs.slotsAt, refs.count, rank);
    this.#rows.set(nodeId, rows);
    return rows;
  }
}
