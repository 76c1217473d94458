/**
 * An array's part of a node, in a snapshot file: shape, dimension names, manifests.
 * Spec: v2 "Snapshot Files" › ArrayNodeData.
 */
import type { Builder } from "flatbuffers";
import { makeError } from "../base/errors.ts";
import type { FlatBufferReader } from "../codec/flatbuffer.ts";
import {
  addBytesStruct,
  addUint64,
  createOffsets,
  type Offset,
} from "../codec/flatbuffer-write.ts";
import { OBJECT_ID_BYTES, objectIdFromBytes, objectIdToBytes } from "./ids.ts";
import type { ArrayData, DimensionShape, Extent, ManifestRef } from "./snapshot.ts";

/** Slot numbers of the tables. */
const ARRAY = { shape: 0, dimensionNames: 1, manifests: 2, shapeV2: 3 } as const;
const MANIFEST_REF = { id: 0, extents: 1 } as const;
const DIMENSION_SHAPE = { arrayLength: 0, chunkCount: 1 } as const;

/** Bytes of spec 1's struct. */
const DIMENSION_STRUCT_BYTES = 16;
const EXTENT_BYTES = 8;
const UINT32_MAX = 2 ** 32 - 1;

/** The 12-byte id in `slot`, as text; `undefined` if absent. */
export function parseObjectId(
  reader: FlatBufferReader,
  table: number,
  slot: number,
): string | undefined {
  const at = reader.field(table, slot, OBJECT_ID_BYTES);
  return at === 0 ? undefined : objectIdFromBytes(reader.bytes.subarray(at, at + OBJECT_ID_BYTES));
}

/** The array in the table at `table`. */
export function parseArray(reader: FlatBufferReader, table: number): ArrayData {
  const refVector = reader.vector(table, ARRAY.manifests, 4);
  const manifests: ManifestRef[] = [];
  for (let i = 0; i < reader.vectorLength(refVector); i++) {
    manifests.push(parseManifestRef(reader, reader.tableAt(refVector, i)));
  }
  return {
    type: "array",
    shape: parseShape(reader, table),
    dimensionNames: parseDimensionNames(reader, table),
    manifests,
  };
}

function parseShape(reader: FlatBufferReader, table: number): DimensionShape[] {
  const shape: DimensionShape[] = [];
  const vector = reader.vector(table, ARRAY.shapeV2, 4);
  for (let i = 0; i < reader.vectorLength(vector); i++) {
    const dimension = reader.tableAt(vector, i);
    const arrayLength = reader.uint64(dimension, DIMENSION_SHAPE.arrayLength, 0);
    shape.push({
      arrayLength,
      chunkCount: reader.uint32(dimension, DIMENSION_SHAPE.chunkCount, 0),
    });
  }
  if (vector !== 0) return shape;
  const structs = reader.vector(table, ARRAY.shape, DIMENSION_STRUCT_BYTES);
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
  const vector = reader.vector(table, ARRAY.dimensionNames, 4);
  if (vector === 0) return undefined;
  const names: (string | null)[] = [];
  for (let i = 0; i < reader.vectorLength(vector); i++) {
    names.push(reader.string(reader.tableAt(vector, i), 0) ?? null);
  }
  return names;
}

function parseManifestRef(reader: FlatBufferReader, table: number): ManifestRef {
  const id = parseObjectId(reader, table, MANIFEST_REF.id);
  const vector = reader.vector(table, MANIFEST_REF.extents, EXTENT_BYTES);
  const extents: Extent[] = [];
  for (let i = 0; i < reader.vectorLength(vector); i++) {
    const at = vector + 4 + i * EXTENT_BYTES;
    const start = reader.view.getUint32(at, true);
    extents.push({ start, end: reader.view.getUint32(at + 4, true) });
  }
  return { id: id ?? reader.fail(table, "manifest reference without id"), extents };
}

/**
 * The table of `array`, in spec 1's or 2's layout. The slots of the other layout are present and
 * empty (shape) or absent (shape_v2).
 */
export function createArray(builder: Builder, array: ArrayData, isV1: boolean): Offset {
  const manifests = createOffsets(
    builder,
    array.manifests.map((ref) => createManifestRef(builder, ref)),
  );
  const dimensionNames =
    array.dimensionNames === undefined ? 0 : createDimensionNames(builder, array.dimensionNames);
  const shapeV2 = isV1 ? 0 : createShape(builder, array.shape);
  const shape = createShapeStructs(builder, isV1 ? array.shape : []);
  builder.startObject(4);
  builder.addFieldOffset(ARRAY.shape, shape, 0);
  builder.addFieldOffset(ARRAY.dimensionNames, dimensionNames, 0);
  builder.addFieldOffset(ARRAY.manifests, manifests, 0);
  builder.addFieldOffset(ARRAY.shapeV2, shapeV2, 0);
  return builder.endObject();
}

function createShape(builder: Builder, shape: readonly DimensionShape[]): Offset {
  const tables = shape.map(({ arrayLength, chunkCount }) => {
    builder.startObject(2);
    addUint64(builder, DIMENSION_SHAPE.arrayLength, arrayLength);
    builder.addFieldInt32(DIMENSION_SHAPE.chunkCount, checkUint32(chunkCount), 0);
    return builder.endObject();
  });
  return createOffsets(builder, tables);
}

// Spec 1 stores a chunk length; any that gives the right count does, and readers know that.
function createShapeStructs(builder: Builder, shape: readonly DimensionShape[]): Offset {
  builder.startVector(DIMENSION_STRUCT_BYTES, shape.length, 8);
  for (const { arrayLength, chunkCount } of [...shape].reverse()) {
    const chunkLength = chunkCount === 0 ? 0 : Math.ceil(arrayLength / chunkCount);
    builder.writeInt64(BigInt(chunkLength));
    builder.writeInt64(BigInt(arrayLength));
  }
  return builder.endVector();
}

function createDimensionNames(builder: Builder, names: readonly (string | null)[]): Offset {
  const tables = names.map((name) => {
    // The official engine stores an empty name as none.
    const offset = name === null || name === "" ? 0 : builder.createSharedString(name);
    builder.startObject(1);
    builder.addFieldOffset(0, offset, 0);
    return builder.endObject();
  });
  return createOffsets(builder, tables);
}

function createManifestRef(builder: Builder, ref: ManifestRef): Offset {
  builder.startVector(EXTENT_BYTES, ref.extents.length, 4);
  for (const { start, end } of [...ref.extents].reverse()) {
    builder.writeInt32(checkUint32(end));
    builder.writeInt32(checkUint32(start));
  }
  const extents = builder.endVector();
  builder.startObject(2);
  addBytesStruct(builder, MANIFEST_REF.id, objectIdToBytes(ref.id));
  builder.addFieldOffset(MANIFEST_REF.extents, extents, 0);
  return builder.endObject();
}

/** `value`, if it fits the format's 32 bits. @throws {serialization} */
export function checkUint32(value: number): number {
  if (Number.isInteger(value) && value >= 0 && value <= UINT32_MAX) return value;
  throw makeError("serialization", `snapshot: ${value} does not fit 32 bits`);
}
