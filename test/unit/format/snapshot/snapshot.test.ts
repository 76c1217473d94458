import fc from "fast-check";
import { Builder } from "flatbuffers";
import { describe, expect, test } from "vitest";
import { compareUtf8 } from "../../../../src/base/bytes.ts";
import { FlatBufferReader } from "../../../../src/codec/flatbuffers/read.ts";
import { parseSnapshot } from "../../../../src/format/snapshot/read.ts";
import { encodeSnapshot, type WritableSnapshot } from "../../../../src/format/snapshot/write.ts";
import { snapshots } from "../values.ts";
import { buildSpec1Snapshot } from "./spec-1.ts";

const EMPTY: WritableSnapshot = {
  id: "1CECHNKREP0F1RSTCMT0",
  flushedAtMicros: 1,
  message: "",
  metadata: [],
  manifestFiles: [],
  nodes: [],
  specVersion: 2,
};
const group = (path: string, id = "1J5JJ9X1SEYJ8") => ({
  id,
  path,
  userData: new Uint8Array(1),
  data: { type: "group" } as const,
});
const read = (snapshot: WritableSnapshot) =>
  parseSnapshot(encodeSnapshot(snapshot), 2, "snapshots/X");

describe("snapshots", () => {
  test("survive writing and reading, sorted", () => {
    fc.assert(
      fc.property(snapshots, (snapshot) => {
        expect(read(snapshot)).toEqual({
          ...snapshot,
          nodes: [...snapshot.nodes].sort((a, b) => compareUtf8(a.path, b.path)),
          manifestFiles: [...snapshot.manifestFiles].sort((a, b) => (a.id < b.id ? -1 : 1)),
        });
      }),
    );
  });

  test("sort nodes by the bytes of the whole path", () => {
    const paths = ["/é", "/b", "/aa", "/a/b", "/a-b", "/a", "/\u{1f600}", "/\uffee"];

    const { nodes } = read({ ...EMPTY, nodes: paths.map((path) => group(path)) });

    expect(nodes.map(({ path }) => path)).toEqual([
      "/a",
      "/a-b",
      "/a/b",
      "/aa",
      "/b",
      "/é",
      "/\uffee",
      "/\u{1f600}",
    ]);
  });

  test("of spec 1 have a parent, and chunk lengths instead of counts", () => {
    const { id, message } = EMPTY;
    const parentId = "4QMNDYPYVFCJTX4XTK90";
    const manifestFiles = [
      { id: "34JJ5RFBZ6TZ41BFBJGG", sizeBytes: 135, chunkRefCount: 7 },
      { id: "CGVMHF0RXNAWA3HNGKT0", sizeBytes: 2 ** 40, chunkRefCount: 2 ** 32 - 1 },
    ];
    const shape = [
      { arrayLength: 5, chunkLength: 3 },
      { arrayLength: 0, chunkLength: 0 },
      { arrayLength: 100, chunkLength: 3 },
    ];
    const { data: _, ...array } = group("/x");

    const payload = buildSpec1Snapshot({
      id,
      message,
      parentId,
      manifestFiles,
      arrays: [{ ...array, shape }],
    });

    expect(parseSnapshot(payload, 1, "snapshots/X")).toEqual({
      ...EMPTY,
      specVersion: 1,
      parentId,
      manifestFiles,
      nodes: [
        {
          ...array,
          data: {
            type: "array",
            shape: [
              { arrayLength: 5, chunkCount: 2 },
              { arrayLength: 0, chunkCount: 0 },
              { arrayLength: 100, chunkCount: 34 },
            ],
            manifests: [],
          },
        },
      ],
    });
  });

  test("store an empty dimension name as none, as the official engine does", () => {
    const data = { type: "array", shape: [], dimensionNames: ["", "x"], manifests: [] } as const;

    const { nodes } = read({ ...EMPTY, nodes: [{ ...group("/x"), data }] });

    expect(nodes[0]?.data).toMatchObject({ dimensionNames: [null, "x"] });
  });

  test("tell an array without dimension names from one with none of them named", () => {
    const without = { type: "array", shape: [], manifests: [] } as const;
    const unnamed = { ...without, dimensionNames: [] } as const;

    const { nodes } = read({
      ...EMPTY,
      nodes: [
        { ...group("/a"), data: without },
        { ...group("/b"), data: unnamed },
      ],
    });

    expect(nodes.map(({ data }) => (data as { dimensionNames?: unknown }).dimensionNames)).toEqual([
      undefined,
      [],
    ]);
  });

  test.each([
    [2 ** 32, 1],
    [1, -1],
    [1, 1.5],
  ])("with counts %d and %d beyond 32 bits are refused", (chunkCount, chunkRefCount) => {
    const data = {
      type: "array",
      shape: [{ arrayLength: 5e9, chunkCount }],
      manifests: [],
    } as const;
    const snapshot = {
      ...EMPTY,
      nodes: [{ ...group("/x"), data }],
      manifestFiles: [{ id: "34JJ5RFBZ6TZ41BFBJGG", sizeBytes: 1, chunkRefCount }],
    };

    expect(() => encodeSnapshot(snapshot)).toThrowError(
      expect.objectContaining({ kind: "serialization" }),
    );
  });

  test("of old writers, with nodes in another order, are sorted when read", () => {
    const payload = encodeSnapshot({ ...EMPTY, nodes: [group("/a-b"), group("/a/b")] });
    const reader = new FlatBufferReader(payload, "snapshots/X");
    const first = reader.vector(reader.root(), 2, 4) + 4;
    const targets = [first, first + 4].map((at) => at + reader.view.getUint32(at, true));
    reader.view.setUint32(first, (targets[1] as number) - first, true);
    reader.view.setUint32(first + 4, (targets[0] as number) - first - 4, true);

    const { nodes } = parseSnapshot(payload, 2, "snapshots/X");

    expect(nodes.map(({ path }) => path)).toEqual(["/a-b", "/a/b"]);
  });

  test("are read whatever file identifier they have", () => {
    const payload = encodeSnapshot(EMPTY);
    expect(new TextDecoder().decode(payload.subarray(4, 8))).toBe("Ichk");
    payload.fill(0, 4, 8);

    expect(parseSnapshot(payload, 2, "snapshots/X").id).toBe(EMPTY.id);
  });

  test("of an unknown node type are refused", () => {
    const payload = encodeSnapshot({ ...EMPTY, nodes: [group("/x")] });
    const reader = new FlatBufferReader(payload, "snapshots/X");
    const node = reader.tableAt(reader.vector(reader.root(), 2, 4), 0);
    payload[reader.field(node, 3, 1)] = 3;

    expect(() => parseSnapshot(payload, 2, "snapshots/X")).toThrowError(
      expect.objectContaining({
        kind: "deserialization",
        message: expect.stringContaining("node type 3"),
        details: { object: "snapshots/X", offset: expect.any(Number) },
      }),
    );
  });

  test("with fields of a newer version are read", () => {
    const builder = new Builder();
    builder.startVector(4, 0, 4);
    const empty = builder.endVector();
    const message = builder.createString("from the future");
    builder.startObject(12);
    builder.prep(1, 11);
    for (let i = 0; i < 12; i++) builder.writeInt8(0);
    builder.addFieldStruct(0, builder.offset(), 0);
    builder.addFieldOffset(2, empty, 0);
    builder.addFieldOffset(4, message, 0);
    builder.addFieldOffset(5, empty, 0);
    builder.addFieldOffset(6, empty, 0);
    builder.addFieldInt32(11, 7, 0);
    builder.finish(builder.endObject());

    expect(parseSnapshot(builder.asUint8Array(), 2, "snapshots/X").message).toBe("from the future");
  });

  /** A snapshot with one array, old and new fields side by side as a converter might leave them. */
  function withBothGenerations(): Uint8Array {
    const builder = new Builder();
    const struct = (slot: number, size: number, value: number): void => {
      builder.prep(1, size - 1);
      for (let i = 0; i < size; i++) builder.writeInt8(value);
      builder.addFieldStruct(slot, builder.offset(), 0);
    };
    const zeros = (elementBytes: number): number => {
      builder.startVector(elementBytes, 1, 8);
      for (let i = 0; i < elementBytes; i++) builder.writeInt8(1);
      return builder.endVector();
    };
    const noOffsets = (): number => {
      builder.startVector(4, 0, 4);
      return builder.endVector();
    };
    const [shape, shapeV2, manifests] = [zeros(16), noOffsets(), noOffsets()];
    builder.startObject(4);
    builder.addFieldOffset(0, shape, 0);
    builder.addFieldOffset(2, manifests, 0);
    builder.addFieldOffset(3, shapeV2, 0);
    const data = builder.endObject();
    const [path, userData] = [
      builder.createString("/a"),
      builder.createByteVector(Uint8Array.of(1)),
    ];
    builder.startObject(5);
    struct(0, 8, 7);
    builder.addFieldOffset(1, path, 0);
    builder.addFieldOffset(2, userData, 0);
    builder.addFieldInt8(3, 1, 0);
    builder.addFieldOffset(4, data, 0);
    const node = builder.endObject();
    builder.startVector(4, 1, 4);
    builder.addOffset(node);
    const nodes = builder.endVector();
    const [files, filesV2, message] = [zeros(32), noOffsets(), builder.createString("both")];
    builder.startObject(8);
    struct(0, 12, 9);
    builder.addFieldOffset(2, nodes, 0);
    builder.addFieldOffset(4, message, 0);
    builder.addFieldOffset(6, files, 0);
    builder.addFieldOffset(7, filesV2, 0);
    builder.finish(builder.endObject());
    return builder.asUint8Array();
  }

  test("that have both generations of a list are read by the newer one, even if it is empty", () => {
    const { manifestFiles, nodes } = parseSnapshot(withBothGenerations(), 2, "snapshots/X");

    expect(manifestFiles).toEqual([]);
    expect(nodes[0]?.data).toMatchObject({ type: "array", shape: [] });
  });
});
