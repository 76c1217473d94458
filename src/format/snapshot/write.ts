/** Writes the snapshot file, in spec 2's layout or in spec 1's. Spec: v2 "Snapshot Files". */
import { Builder } from "flatbuffers";
import { compareUtf8 } from "../../base/bytes.ts";
import {
  addBytesStruct,
  addUint64,
  createOffsets,
  createOptionalBytes,
  type Offset,
} from "../../codec/flatbuffers/builder.ts";
import { nodeIdToBytes, objectIdToBytes } from "../ids.ts";
import { createMetadataItems } from "../metadata-write.ts";
import { checkUint32, createArray } from "./array-data-write.ts";
import {
  MANIFEST_FILE_SLOTS,
  MANIFEST_FILE_STRUCT_BYTES,
  type ManifestFileInfo,
  NODE_SLOTS,
  NODE_TYPE_ARRAY,
  NODE_TYPE_GROUP,
  type NodeSnapshot,
  SNAPSHOT_SLOTS,
  type Snapshot,
} from "./read.ts";

const FILE_IDENTIFIER = "Ichk";

/**
 * The payload of a snapshot file. Nodes, manifests and metadata may come in any order.
 * @throws {serialization} on numbers that the format has no room for
 */
export function encodeSnapshot(snapshot: Snapshot): Uint8Array {
  const isV1 = snapshot.specVersion === 1;
  const builder = new Builder(1024 + 256 * snapshot.nodes.length);
  const files = [...snapshot.manifestFiles].sort((a, b) => (a.id < b.id ? -1 : 1));
  const filesV2 = isV1 ? 0 : createManifestFiles(builder, files);
  const filesV1 = createManifestFileStructs(builder, isV1 ? files : []);
  const sorted = [...snapshot.nodes].sort((a, b) => compareUtf8(a.path, b.path));
  const nodes = sorted.map((node) => createNode(builder, node, isV1));
  const nodeVector = createOffsets(builder, nodes);
  const metadata = createMetadataItems(builder, snapshot.metadata);
  const message = builder.createString(snapshot.message);
  builder.startObject(8);
  addBytesStruct(builder, SNAPSHOT_SLOTS.id, objectIdToBytes(snapshot.id));
  if (isV1 && snapshot.parentId !== undefined) {
    addBytesStruct(builder, SNAPSHOT_SLOTS.parentId, objectIdToBytes(snapshot.parentId));
  }
  builder.addFieldOffset(SNAPSHOT_SLOTS.nodes, nodeVector, 0);
  addUint64(builder, SNAPSHOT_SLOTS.flushedAt, snapshot.flushedAtMicros);
  builder.addFieldOffset(SNAPSHOT_SLOTS.message, message, 0);
  builder.addFieldOffset(SNAPSHOT_SLOTS.metadata, metadata, 0);
  builder.addFieldOffset(SNAPSHOT_SLOTS.manifestFiles, filesV1, 0);
  builder.addFieldOffset(SNAPSHOT_SLOTS.manifestFilesV2, filesV2, 0);
  builder.finish(builder.endObject(), FILE_IDENTIFIER);
  return builder.asUint8Array();
}

function createManifestFiles(builder: Builder, files: readonly ManifestFileInfo[]): Offset {
  const tables = files.map((file) => {
    const extra = createOptionalBytes(builder, file.extra);
    builder.startObject(4);
    addBytesStruct(builder, MANIFEST_FILE_SLOTS.id, objectIdToBytes(file.id));
    addUint64(builder, MANIFEST_FILE_SLOTS.sizeBytes, file.sizeBytes);
    builder.addFieldInt32(MANIFEST_FILE_SLOTS.chunkRefCount, checkUint32(file.chunkRefCount), 0);
    builder.addFieldOffset(MANIFEST_FILE_SLOTS.extra, extra, 0);
    return builder.endObject();
  });
  return createOffsets(builder, tables);
}

function createManifestFileStructs(builder: Builder, files: readonly ManifestFileInfo[]): Offset {
  builder.startVector(MANIFEST_FILE_STRUCT_BYTES, files.length, 8);
  for (const file of [...files].reverse()) {
    builder.pad(4);
    builder.writeInt32(checkUint32(file.chunkRefCount));
    builder.writeInt64(BigInt(file.sizeBytes));
    builder.pad(4);
    for (const byte of objectIdToBytes(file.id).reverse()) builder.writeInt8(byte);
  }
  return builder.endVector();
}

function createNode(builder: Builder, node: NodeSnapshot, isV1: boolean): Offset {
  const { data } = node;
  const isArray = data.type === "array";
  const dataOffset = isArray ? createArray(builder, data, isV1) : createEmptyTable(builder);
  const path = builder.createString(node.path);
  const userData = builder.createByteVector(node.userData);
  const extra = createOptionalBytes(builder, node.extra);
  builder.startObject(6);
  addBytesStruct(builder, NODE_SLOTS.id, nodeIdToBytes(node.id));
  builder.addFieldOffset(NODE_SLOTS.path, path, 0);
  builder.addFieldOffset(NODE_SLOTS.userData, userData, 0);
  builder.addFieldInt8(NODE_SLOTS.dataType, isArray ? NODE_TYPE_ARRAY : NODE_TYPE_GROUP, 0);
  builder.addFieldOffset(NODE_SLOTS.data, dataOffset, 0);
  builder.addFieldOffset(NODE_SLOTS.extra, extra, 0);
  return builder.endObject();
}

function createEmptyTable(builder: Builder): Offset {
  builder.startObject(0);
  return builder.endObject();
}
