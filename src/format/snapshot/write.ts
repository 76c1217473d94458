/** Writes the snapshot file. Spec: v2 "Snapshot Files". */
import { compareUtf8 } from "../../base/bytes.ts";
import { FlatBufferWords } from "../../codec/flatbuffers/words.ts";
import { nodeIdToBytes, objectIdToBytes } from "../ids.ts";
import { putMetadataItems } from "../metadata-write.ts";
import { FILE_IDENTIFIER } from "../table-fields.ts";
import { checkUint32, putArray } from "./array-data-write.ts";
import {
  type ManifestFileInfo,
  NODE_TYPE_ARRAY,
  NODE_TYPE_GROUP,
  type NodeSnapshot,
  type Snapshot,
} from "./read.ts";

/** Id, nodes, time, message, metadata, manifests of spec 1, manifests: slots 0, 2 to 7. */
const ROOT_LAYOUT = [44, 4, 0, 24, 16, 28, 32, 36, 40] as const;
/** Id, path, user data, type, data, extra: slots 0 to 5. */
const NODE_LAYOUT = [32, 4, 12, 16, 24, 20, 28] as const;
const PLAIN_NODE_LAYOUT = [28, 4, 12, 16, 24, 20] as const;
const GROUP_LAYOUT = [4] as const;
/** Id, size, references, extra: slots 0 to 3. */
const MANIFEST_FILE_LAYOUT = [32, 16, 8, 4, 28] as const;
const PLAIN_MANIFEST_FILE_LAYOUT = [28, 16, 8, 4] as const;

/** In words, about: the root, a node's tables and strings, a manifest with a reference to it. */
const ROOT_WORDS = 64;
const NODE_WORDS = 48;
const MANIFEST_WORDS = 24;

/** A snapshot of spec 2, the only one that is written. */
export type WritableSnapshot = Snapshot & { readonly specVersion: 2 };

/** The payload of a snapshot file. Lists may come in any order. @throws {serialization} */
export function encodeSnapshot(snapshot: WritableSnapshot): Uint8Array {
  const words = new FlatBufferWords(roomFor(snapshot));
  words.put(0); // The root offset; known below.
  words.put(FILE_IDENTIFIER);
  const root = words.putTable(ROOT_LAYOUT);
  words.setOffset(0, root);
  words.setBytes(root + 1, objectIdToBytes(snapshot.id));
  words.setUint64(root + 4, snapshot.flushedAtMicros);
  const nodes = [...snapshot.nodes].sort((a, b) => compareUtf8(a.path, b.path));
  const putOneNode = (node: NodeSnapshot) => putNode(words, node);
  words.setOffset(root + 6, words.putOffsets(nodes, putOneNode));
  words.setOffset(root + 7, words.putString(snapshot.message));
  words.setOffset(root + 8, putMetadataItems(words, snapshot.metadata));
  words.setOffset(root + 9, words.putEmptyVector());
  const files = [...snapshot.manifestFiles].sort((a, b) => (a.id < b.id ? -1 : 1));
  const putFile = (file: ManifestFileInfo) => putManifestFile(words, file);
  words.setOffset(root + 10, words.putOffsets(files, putFile));
  return words.finish();
}

/** About as many words as the snapshot takes: growing a buffer of megabytes would copy it. */
function roomFor({ nodes, manifestFiles }: Snapshot): number {
  const ofNodes = nodes.reduce(
    (sum, { userData }) => sum + NODE_WORDS + (userData.length >> 2),
    ROOT_WORDS,
  );
  return ofNodes + manifestFiles.length * MANIFEST_WORDS;
}

function putManifestFile(words: FlatBufferWords, file: ManifestFileInfo): number {
  const { extra } = file;
  const table = words.putTable(
    extra === undefined ? PLAIN_MANIFEST_FILE_LAYOUT : MANIFEST_FILE_LAYOUT,
  );
  words.set(table + 1, checkUint32(file.chunkRefCount));
  words.setUint64(table + 2, file.sizeBytes);
  words.setBytes(table + 4, objectIdToBytes(file.id));
  if (extra !== undefined) words.setOffset(table + 7, words.putByteVector(extra));
  return table;
}

function putNode(words: FlatBufferWords, node: NodeSnapshot): number {
  const { data, extra } = node;
  const table = words.putTable(extra === undefined ? PLAIN_NODE_LAYOUT : NODE_LAYOUT);
  words.setBytes(table + 1, nodeIdToBytes(node.id));
  words.setOffset(table + 3, words.putString(node.path));
  words.setOffset(table + 4, words.putByteVector(node.userData));
  const isArray = data.type === "array";
  words.setOffset(table + 5, isArray ? putArray(words, data) : words.putTable(GROUP_LAYOUT));
  words.set(table + 6, isArray ? NODE_TYPE_ARRAY : NODE_TYPE_GROUP);
  if (extra !== undefined) words.setOffset(table + 7, words.putByteVector(extra));
  return table;
}
