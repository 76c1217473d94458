/** Writes an array's part of a node. Spec: v2 "Snapshot Files" › ArrayNodeData. */
import type { Builder } from "flatbuffers";
import { makeError } from "../../base/errors.ts";
import {
  addBytesStruct,
  addUint64,
  createOffsets,
  type Offset,
} from "../../codec/flatbuffers/builder.ts";
import { objectIdToBytes } from "../ids.ts";
import type { ArrayData, DimensionShape, ManifestRef } from "./array-data.ts";
import {
  ARRAY_SLOTS,
  DIMENSION_SHAPE_SLOTS,
  DIMENSION_STRUCT_BYTES,
  EXTENT_BYTES,
  MANIFEST_REF_SLOTS,
  UINT32_MAX,
} from "./array-data.ts";

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
  builder.addFieldOffset(ARRAY_SLOTS.shape, shape, 0);
  builder.addFieldOffset(ARRAY_SLOTS.dimensionNames, dimensionNames, 0);
  builder.addFieldOffset(ARRAY_SLOTS.manifests, manifests, 0);
  builder.addFieldOffset(ARRAY_SLOTS.shapeV2, shapeV2, 0);
  return builder.endObject();
}

function createShape(builder: Builder, shape: readonly DimensionShape[]): Offset {
  const tables = shape.map(({ arrayLength, chunkCount }) => {
    builder.startObject(2);
    addUint64(builder, DIMENSION_SHAPE_SLOTS.arrayLength, arrayLength);
    builder.addFieldInt32(DIMENSION_SHAPE_SLOTS.chunkCount, checkUint32(chunkCount), 0);
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
  addBytesStruct(builder, MANIFEST_REF_SLOTS.id, objectIdToBytes(ref.id));
  builder.addFieldOffset(MANIFEST_REF_SLOTS.extents, extents, 0);
  return builder.endObject();
}

/** `value`, if it fits the format's 32 bits. @throws {serialization} */
export function checkUint32(value: number): number {
  if (Number.isInteger(value) && value >= 0 && value <= UINT32_MAX) return value;
  throw makeError("serialization", `snapshot: ${value} does not fit 32 bits`);
}
