/**
 * The snapshot file: every node of the hierarchy at one commit. Reads both layouts, spec 2's and
 * spec 1's; `write.ts` writes spec 2's. Byte fields of parsed values are views of the payload.
 * Spec: v2 "Snapshot Files"; docs/format.md "Snapshot files".
 */
import { compareUtf8 } from "../../base/bytes.ts";
import { FlatBufferReader } from "../../codec/flatbuffers/read.ts";
import { NODE_ID_BYTES, nodeIdFromBytes, OBJECT_ID_BYTES, objectIdFromBytes } from "../ids.ts";
import { type MetadataItem, parseMetadataItems } from "../metadata.ts";
import { parseObjectId } from "../table-fields.ts";
import { type ArrayData, parseArray } from "./array-data.ts";

/** Slots of a snapshot's table. */
const SNAPSHOT_SLOTS = {
  id: 0,
  parentId: 1,
  nodes: 2,
  flushedAt: 3,
  message: 4,
  metadata: 5,
  manifestFiles: 6,
  manifestFilesV2: 7,
} as const;
/** Slots of a manifest's table. */
const MANIFEST_FILE_SLOTS = { id: 0, sizeBytes: 1, chunkRefCount: 2, extra: 3 } as const;
/** Slots of a node's table. */
const NODE_SLOTS = { id: 0, path: 1, userData: 2, dataType: 3, data: 4, extra: 5 } as const;

/** Tags of a node's data. */
export const NODE_TYPE_ARRAY = 1;
export const NODE_TYPE_GROUP = 2;
/** Bytes of spec 1's struct of a manifest. */
const MANIFEST_FILE_STRUCT_BYTES = 32;

/** A group's part of a node. */
interface GroupData {
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
  const id =
    parseObjectId(reader, root, SNAPSHOT_SLOTS.id) ?? reader.fail(root, "snapshot without id");
  const nodeVector = reader.vector(root, SNAPSHOT_SLOTS.nodes, 4);
  const nodes: NodeSnapshot[] = [];
  let isSorted = true;
  for (let i = 0; i < reader.vectorLength(nodeVector); i++) {
    const node = parseNode(reader, reader.tableAt(nodeVector, i));
    isSorted &&= i === 0 || compareUtf8((nodes[i - 1] as NodeSnapshot).path, node.path) < 0;
    nodes.push(node);
  }
  if (!isSorted) nodes.sort((a, b) => compareUtf8(a.path, b.path));
  const message = reader.string(root, SNAPSHOT_SLOTS.message);
  return {
    id,
    parentId: specVersion === 1 ? parseObjectId(reader, root, SNAPSHOT_SLOTS.parentId) : undefined,
    flushedAtMicros: reader.uint64(root, SNAPSHOT_SLOTS.flushedAt, 0),
    message: message ?? reader.fail(root, "snapshot without message"),
    metadata: parseMetadataItems(reader, root, SNAPSHOT_SLOTS.metadata),
    manifestFiles: parseManifestFiles(reader, root),
    nodes,
    specVersion,
  };
}

// Presence, not length, decides between the two lists.
function parseManifestFiles(reader: FlatBufferReader, root: number): ManifestFileInfo[] {
  const vector = reader.vector(root, SNAPSHOT_SLOTS.manifestFilesV2, 4);
  const files = reader.mapTables(
    vector,
    (table): ManifestFileInfo => ({
      id:
        parseObjectId(reader, table, MANIFEST_FILE_SLOTS.id) ??
        reader.fail(table, "manifest without id"),
      sizeBytes: reader.uint64(table, MANIFEST_FILE_SLOTS.sizeBytes, 0),
      chunkRefCount: reader.uint32(table, MANIFEST_FILE_SLOTS.chunkRefCount, 0),
      extra: reader.byteVector(table, MANIFEST_FILE_SLOTS.extra),
    }),
  );
  if (vector !== 0) return files;
  const structs = reader.vector(root, SNAPSHOT_SLOTS.manifestFiles, MANIFEST_FILE_STRUCT_BYTES);
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
  const idAt = reader.field(table, NODE_SLOTS.id, NODE_ID_BYTES);
  if (idAt === 0) reader.fail(table, "node without id");
  const path = reader.string(table, NODE_SLOTS.path);
  const userData = reader.byteVector(table, NODE_SLOTS.userData);
  const dataType = reader.uint8(table, NODE_SLOTS.dataType, 0);
  const data = reader.table(table, NODE_SLOTS.data);
  if (data === 0) reader.fail(table, "node without data");
  if (dataType !== NODE_TYPE_ARRAY && dataType !== NODE_TYPE_GROUP) {
    reader.fail(table, `node type ${dataType} does not exist`);
  }
  return {
    id: nodeIdFromBytes(reader.bytes.subarray(idAt, idAt + NODE_ID_BYTES)),
    path: path ?? reader.fail(table, "node without path"),
    userData: userData ?? reader.fail(table, "node without user data"),
    data: dataType === NODE_TYPE_GROUP ? { type: "group" } : parseArray(reader, data),
    extra: reader.byteVector(table, NODE_SLOTS.extra),
  };
}
