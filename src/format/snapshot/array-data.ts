/** An array's part of a node in a snapshot file. Spec: v2 "Snapshot Files" › ArrayNodeData. */
import type { Extent } from "../../base/extent.ts";
import type { FlatBufferReader } from "../../codec/flatbuffers/read.ts";
import { parseObjectId, UINT32_MAX } from "../table-fields.ts";

/** Size of one dimension: `arrayLength` elements in `chunkCount` chunks. */
export interface DimensionShape {
  readonly arrayLength: number;
  readonly chunkCount: number;
}

/** A manifest that holds chunks of an array, and the box of coordinates it covers; [] for scalars. */
export interface ManifestRef {
  readonly id: string;
  readonly extents: readonly Extent[];
}

/** An array's part of a node. */
export interface ArrayData {
  readonly type: "array";
  readonly shape: readonly DimensionShape[];
  /** `undefined`: not declared; `null` entries: unnamed dimensions. */
  readonly dimensionNames?: readonly (string | null)[] | undefined;
  readonly manifests: readonly ManifestRef[];
}

/** Slots of an array's table. */
const ARRAY_SLOTS = { shape: 0, dimensionNames: 1, manifests: 2, shapeV2: 3 } as const;
/** Slots of a manifest reference's table. */
const MANIFEST_REF_SLOTS = { id: 0, extents: 1 } as const;
/** Slots of a dimension's table. */
const DIMENSION_SHAPE_SLOTS = { arrayLength: 0, chunkCount: 1 } as const;

/** Bytes of spec 1's struct of a dimension. */
const DIMENSION_STRUCT_BYTES = 16;
/** Bytes of an extent's struct. */
const EXTENT_BYTES = 8;

/** The array in the table at `table`. */
export function parseArray(reader: FlatBufferReader, table: number): ArrayData {
  const refVector = reader.vector(table, ARRAY_SLOTS.manifests, 4);
  const manifests = reader.mapTables(refVector, (ref) => parseManifestRef(reader, ref));
  return {
    type: "array",
    shape: parseShape(reader, table),
    dimensionNames: parseDimensionNames(reader, table),
    manifests,
  };
}

function parseShape(reader: FlatBufferReader, table: number): DimensionShape[] {
  const vector = reader.vector(table, ARRAY_SLOTS.shapeV2, 4);
  const shape = reader.mapTables(vector, (dimension) => ({
    arrayLength: reader.uint64(dimension, DIMENSION_SHAPE_SLOTS.arrayLength, 0),
    chunkCount: reader.uint32(dimension, DIMENSION_SHAPE_SLOTS.chunkCount, 0),
  }));
  if (vector !== 0) return shape;
  const structs = reader.vector(table, ARRAY_SLOTS.shape, DIMENSION_STRUCT_BYTES);
  for (let i = 0; i < reader.vectorLength(structs); i++) {
    const at = structs + 4 + i * DIMENSION_STRUCT_BYTES;
    const arrayLength = reader.uint64At(at);
    const chunkLength = reader.uint64At(at + 8);
    const chunkCount = arrayLength === 0 ? 0 : Math.ceil(arrayLength / chunkLength);
    if (chunkCount > UINT32_MAX) reader.fail(at, `chunk length ${chunkLength} is too small`);
    shape.push({ arrayLength, chunkCount });
  }
  return shape;
}

function parseDimensionNames(
  reader: FlatBufferReader,
  table: number,
): (string | null)[] | undefined {
  const vector = reader.vector(table, ARRAY_SLOTS.dimensionNames, 4);
  if (vector === 0) return undefined;
  return reader.mapTables(vector, (name) => reader.string(name, 0) ?? null);
}

function parseManifestRef(reader: FlatBufferReader, table: number): ManifestRef {
  const id = parseObjectId(reader, table, MANIFEST_REF_SLOTS.id);
  const vector = reader.vector(table, MANIFEST_REF_SLOTS.extents, EXTENT_BYTES);
  const extents: Extent[] = [];
  for (let i = 0; i < reader.vectorLength(vector); i++) {
    const at = vector + 4 + i * EXTENT_BYTES;
    const start = reader.view.getUint32(at, true);
    extents.push({ start, end: reader.view.getUint32(at + 4, true) });
  }
  return { id: id ?? reader.fail(table, "manifest reference without id"), extents };
}
