/** Snapshots in spec 1's layout, as the npm `flatbuffers` builder lays them out. */
import { Builder } from "flatbuffers";
import { nodeIdToBytes, objectIdToBytes } from "../../../../src/format/ids.ts";

/** What the tests need of a snapshot of spec 1. */
export interface Spec1Snapshot {
  readonly id: string;
  readonly parentId?: string;
  readonly message: string;
  readonly manifestFiles: readonly {
    readonly id: string;
    readonly sizeBytes: number;
    readonly chunkRefCount: number;
  }[];
  /** Arrays without manifests. */
  readonly arrays: readonly {
    readonly id: string;
    readonly path: string;
    readonly userData: Uint8Array;
    readonly shape: readonly { readonly arrayLength: number; readonly chunkLength: number }[];
  }[];
}

/** The payload. */
export function buildSpec1Snapshot(snapshot: Spec1Snapshot): Uint8Array {
  const builder = new Builder(64);
  const { manifestFiles, parentId } = snapshot;
  builder.startVector(32, manifestFiles.length, 8);
  for (const file of [...manifestFiles].reverse()) {
    builder.pad(4);
    builder.writeInt32(file.chunkRefCount);
    builder.writeInt64(BigInt(file.sizeBytes));
    builder.pad(4);
    writeBytes(builder, objectIdToBytes(file.id));
  }
  const files = builder.endVector();
  const nodes = offsets(
    builder,
    snapshot.arrays.map((array) => buildArray(builder, array)),
  );
  const metadata = offsets(builder, []);
  const message = builder.createString(snapshot.message);
  builder.startObject(7);
  addStruct(builder, 0, objectIdToBytes(snapshot.id));
  if (parentId !== undefined) addStruct(builder, 1, objectIdToBytes(parentId));
  builder.addFieldOffset(2, nodes, 0);
  builder.addFieldInt64(3, 1n, 0n);
  builder.addFieldOffset(4, message, 0);
  builder.addFieldOffset(5, metadata, 0);
  builder.addFieldOffset(6, files, 0);
  builder.finish(builder.endObject(), "Ichk");
  return builder.asUint8Array();
}

function buildArray(builder: Builder, array: Spec1Snapshot["arrays"][number]): number {
  builder.startVector(16, array.shape.length, 8);
  for (const { arrayLength, chunkLength } of [...array.shape].reverse()) {
    builder.writeInt64(BigInt(chunkLength));
    builder.writeInt64(BigInt(arrayLength));
  }
  const shape = builder.endVector();
  const manifests = offsets(builder, []);
  builder.startObject(3);
  builder.addFieldOffset(0, shape, 0);
  builder.addFieldOffset(2, manifests, 0);
  const data = builder.endObject();
  const path = builder.createString(array.path);
  const userData = builder.createByteVector(array.userData);
  builder.startObject(5);
  addStruct(builder, 0, nodeIdToBytes(array.id));
  builder.addFieldOffset(1, path, 0);
  builder.addFieldOffset(2, userData, 0);
  builder.addFieldInt8(3, 1, 0);
  builder.addFieldOffset(4, data, 0);
  return builder.endObject();
}

function offsets(builder: Builder, targets: readonly number[]): number {
  builder.startVector(4, targets.length, 4);
  for (const target of [...targets].reverse()) builder.addOffset(target);
  return builder.endVector();
}

function addStruct(builder: Builder, slot: number, bytes: Uint8Array): void {
  builder.prep(1, bytes.length - 1);
  writeBytes(builder, bytes);
  builder.addFieldStruct(slot, builder.offset(), 0);
}

function writeBytes(builder: Builder, bytes: Uint8Array): void {
  for (const byte of [...bytes].reverse()) builder.writeInt8(byte);
}
