/**
 * The snapshot file: every node of the hierarchy at one commit. Reads and writes both layouts:
 * spec 2's and spec 1's. Byte fields of parsed values are views of the payload.
 * Spec: v2 "Snapshot Files".
 */
import { Builder } from "flatbuffers";
import { compareUtf8 } from "../base/bytes.ts";
import { FlatBufferReader } from "../codec/flatbuffer.ts";
import {
  addBytesStruct,
  addUint64,
  createOffsets,
  createOptionalBytes,
  type Offset,
} from "../codec/flatbuffer-write.ts";
import { checkUint32, createArray, parseArray, parseObjectId } from "./array-data.ts";
import {
  NODE_ID_BYTES,
  nodeIdFromBytes,
  nodeIdToBytes,
  OBJECT_ID_BYTES,
  objectIdFromBytes,
  objectIdToBytes,
} from "./ids.ts";
import { createMetadataItems, type MetadataItem, parseMetadataItems } from "./metadata.ts";

/** Slot numbers of the tables. */
const SNAPSHOT = {
  id: 0,
  parentId: 1,
  nodes: 2,
  flushedAt: 3,
  message: 4,
  metadata: 5,
  manifestFiles: 6,
  manifestFilesV2: 7,
} as const;
const MANIFEST_FILE = { id: 0, sizeBytes: 1, chunkRefCount: 2, extra: 3 } as const;
const NODE = { id: 0, path: 1, userData: 2, dataType: 3, data: 4, extra: 5 } as const;

const NODE_TYPE_ARRAY = 1;
const NODE_TYPE_GROUP = 2;
/** Bytes of spec 1's struct. */
const MANIFEST_FILE_STRUCT_BYTES = 32;
const FILE_IDENTIFIER = "Ichk";

/** Extent of one dimension: `arrayLength` elements in `chunkCount` chunks. */
export interface DimensionShape {
  readonly arrayLength: number;
  readonly chunkCount: number;
}

/** Chunk coordinates [start, end) of one dimension. */
export interface Extent {
  readonly start: number;
  readonly end: number;
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

/** A group's part of a node. */
export interface GroupData {
  readonly type: "group";
}

/** One array or group. `userData` is its zarr.json, byte for byte. */
export interface NodeSnapshot {
  readonly id: string;
  readonly path: string;
  readonly userData: Uint8Array;
  readonly data: ArrayData | GroupData;
  /** Reserved by the format; carried along as it is. */
  readonly extra?: Uint8Array | undefined;
}

/** A manifest object: `sizeBytes` counts the whole stored object. */
export interface ManifestFileInfo {
  readonly id: string;
  readonly sizeBytes: number;
  readonly chunkRefCount: number;
  /** Reserved by the format; carried along as it is. */
  readonly extra?: Uint8Array | undefined;
}

/** A decoded snapshot file. `nodes` is sorted by the UTF-8 bytes of the path. */
export interface Snapshot {
  readonly id: string;
  /** Spec 1 only: in spec 2 the repo file knows the parent. */
  readonly parentId?: string | undefined;
  readonly flushedAtMicros: number;
  readonly message: string;
  readonly metadata: readonly MetadataItem[];
  readonly manifestFiles: readonly ManifestFileInfo[];
  readonly nodes: readonly NodeSnapshot[];
  /** Which codec the metadata values use: that of the file's header. */
  readonly specVersion: 1 | 2;
}

/**
 * The snapshot in a file's payload. Nodes of old writers, sorted segment by segment, are sorted
 * anew; fields of newer minor versions are ignored, since the file is never rewritten.
 * @throws {deserialization}
 */
export function parseSnapshot(payload: Uint8Array, specVersion: 1 | 2, object: string): Snapshot {
  const reader = new FlatBufferReader(payload, object);
  const root = reader.root();
  const id = parseObjectId(reader, root, SNAPSHOT.id) ?? reader.fail(root, "snapshot without id");
  const nodeVector = reader.vector(root, SNAPSHOT.nodes, 4);
  const nodes: NodeSnapshot[] = [];
  let isSorted = true;
  for (let i = 0; i < reader.vectorLength(nodeVector); i++) {
    const node = parseNode(reader, reader.tableAt(nodeVector, i));
    isSorted &&= i === 0 || compareUtf8((nodes[i - 1] as NodeSnapshot).path, node.path) < 0;
    nodes.push(node);
  }
  if (!isSorted) nodes.sort((a, b) => compareUtf8(a.path, b.path));
  const message = reader.string(root, SNAPSHOT.message);
  return {
    id,
    parentId: specVersion === 1 ? parseObjectId(reader, root, SNAPSHOT.parentId) : undefined,
    flushedAtMicros: reader.uint64(root, SNAPSHOT.flushedAt, 0),
    message: message ?? reader.fail(root, "snapshot without message"),
    metadata: parseMetadataItems(reader, root, SNAPSHOT.metadata),
    manifestFiles: parseManifestFiles(reader, root),
    nodes,
    specVersion,
  };
}

// Presence, not length, decides between the two lists.
function parseManifestFiles(reader: FlatBufferReader, root: number): ManifestFileInfo[] {
  const files: ManifestFileInfo[] = [];
  const vector = reader.vector(root, SNAPSHOT.manifestFilesV2, 4);
  for (let i = 0; i < reader.vectorLength(vector); i++) {
    const table = reader.tableAt(vector, i);
    files.push({
      id:
        parseObjectId(reader, table, MANIFEST_FILE.id) ?? reader.fail(table, "manifest without id"),
      sizeBytes: reader.uint64(table, MANIFEST_FILE.sizeBytes, 0),
      chunkRefCount: reader.uint32(table, MANIFEST_FILE.chunkRefCount, 0),
      extra: reader.byteVector(table, MANIFEST_FILE.extra),
    });
  }
  if (vector !== 0) return files;
  const structs = reader.vector(root, SNAPSHOT.manifestFiles, MANIFEST_FILE_STRUCT_BYTES);
  for (let i = 0; i < reader.vectorLength(structs); i++) {
    const at = structs + 4 + i * MANIFEST_FILE_STRUCT_BYTES;
    files.push({
      id: objectIdFromBytes(reader.bytes.subarray(at, at + OBJECT_ID_BYTES)),
      sizeBytes: reader.uint64At(at + 16),
      chunkRefCount: reader.view.getUint32(at + 24, true),
    });
  }
  return files;
}

function parseNode(reader: FlatBufferReader, table: number): NodeSnapshot {
  const idAt = reader.field(table, NODE.id, NODE_ID_BYTES);
  if (idAt === 0) reader.fail(table, "node without id");
  const path = reader.string(table, NODE.path);
  const userData = reader.byteVector(table, NODE.userData);
  const dataType = reader.uint8(table, NODE.dataType, 0);
  const data = reader.table(table, NODE.data);
  if (data === 0) reader.fail(table, "node without data");
  if (dataType !== NODE_TYPE_ARRAY && dataType !== NODE_TYPE_GROUP) {
    reader.fail(table, `node type ${dataType} does not exist`);
  }
  return {
    id: nodeIdFromBytes(reader.bytes.subarray(idAt, idAt + NODE_ID_BYTES)),
    path: path ?? reader.fail(table, "node without path"),
    userData: userData ?? reader.fail(table, "node without user data"),
    data: dataType === NODE_TYPE_GROUP ? { type: "group" } : parseArray(reader, data),
    extra: reader.byteVector(table, NODE.extra),
  };
}

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
  addBytesStruct(builder, SNAPSHOT.id, objectIdToBytes(snapshot.id));
  if (isV1 && snapshot.parentId !== undefined) {
    addBytesStruct(builder, SNAPSHOT.parentId, objectIdToBytes(snapshot.parentId));
  }
  builder.addFieldOffset(SNAPSHOT.nodes, nodeVector, 0);
  addUint64(builder, SNAPSHOT.flushedAt, snapshot.flushedAtMicros);
  builder.addFieldOffset(SNAPSHOT.message, message, 0);
  builder.addFieldOffset(SNAPSHOT.metadata, metadata, 0);
  builder.addFieldOffset(SNAPSHOT.manifestFiles, filesV1, 0);
  builder.addFieldOffset(SNAPSHOT.manifestFilesV2, filesV2, 0);
  builder.finish(builder.endObject(), FILE_IDENTIFIER);
  return builder.asUint8Array();
}

function createManifestFiles(builder: Builder, files: readonly ManifestFileInfo[]): Offset {
  const tables = files.map((file) => {
    const extra = createOptionalBytes(builder, file.extra);
    builder.startObject(4);
    addBytesStruct(builder, MANIFEST_FILE.id, objectIdToBytes(file.id));
    addUint64(builder, MANIFEST_FILE.sizeBytes, file.sizeBytes);
    builder.addFieldInt32(MANIFEST_FILE.chunkRefCount, checkUint32(file.chunkRefCount), 0);
    builder.addFieldOffset(MANIFEST_FILE.extra, extra, 0);
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
  addBytesStruct(builder, NODE.id, nodeIdToBytes(node.id));
  builder.addFieldOffset(NODE.path, path, 0);
  builder.addFieldOffset(NODE.userData, userData, 0);
  builder.addFieldInt8(NODE.dataType, isArray ? NODE_TYPE_ARRAY : NODE_TYPE_GROUP, 0);
  builder.addFieldOffset(NODE.data, dataOffset, 0);
  builder.addFieldOffset(NODE.extra, extra, 0);
  return builder.endObject();
}

function createEmptyTable(builder: Builder): Offset {
  builder.startObject(0);
  return builder.endObject();
}
