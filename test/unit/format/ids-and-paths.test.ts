import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  INITIAL_SNAPSHOT_ID,
  nodeIdToBytes,
  objectIdFromBytes,
  objectIdToBytes,
  parseSnapshotId,
  randomNodeId,
  randomObjectId,
} from "../../../src/format/ids.ts";
import { parentPath, parsePath, pathName } from "../../../src/format/node-path.ts";
import {
  backupFileName,
  backupPath,
  chunkPath,
  manifestPath,
  snapshotPath,
  transactionLogPath,
} from "../../../src/format/object-paths.ts";
import { toHex } from "../codec/official-encodings.ts";

const counting = { nowMicros: () => 0, sleep: async () => {}, randomBytes: bytesCounting };

function bytesCounting(byteCount: number): Uint8Array {
  return Uint8Array.from({ length: byteCount }, (_, i) => i);
}

describe("ids", () => {
  test("come from the runtime's random source", () => {
    expect(randomObjectId(counting)).toBe("000G40R40M30E209185G");
    expect(randomNodeId(counting)).toBe("000G40R40M30E");
  });

  test("turn into bytes and back", () => {
    const bytes = objectIdToBytes(INITIAL_SNAPSHOT_ID);

    expect(toHex(bytes)).toBe("0b1cc8d6787580f0e33a6534");
    expect(objectIdFromBytes(bytes)).toBe(INITIAL_SNAPSHOT_ID);
    expect(toHex(nodeIdToBytes("1J5JJ9X1SEYJ8"))).toBe("0c8b2927a1cbbd24");
  });

  test("of snapshots are read leniently and given canonically", () => {
    expect(parseSnapshotId("lcechnkrepOf1rstcmt8")).toBe(INITIAL_SNAPSHOT_ID);
  });

  test.each(["", "main", "1CECHNKREP0F1RSTCMT", "1CECHNKREP0F1RSTCMTU", "1CECHNKREP0F1RSTCMT00"])(
    "of snapshots: %j is refused",
    (text) => {
      expect(() => parseSnapshotId(text)).toThrowError(
        expect.objectContaining({ kind: "invalid-snapshot-id" }),
      );
    },
  );

  test("of snapshots: what is no string is refused", () => {
    expect(() => parseSnapshotId(7 as never)).toThrowError(
      expect.objectContaining({ kind: "invalid-snapshot-id" }),
    );
  });
});

describe("node paths", () => {
  test.each([
    ["/", "/"],
    ["/a/b", "/a/b"],
    ["//a///b/", "/a/b"],
    ["/./a/./b/.", "/a/b"],
    ["/é/日本/…", "/é/日本/…"],
    ["/a b/..c", "/a b/..c"],
  ])("%j becomes %j", (text, path) => {
    expect(parsePath(text)).toBe(path);
  });

  test.each(["", "a/b", "/a/../b", "/..", "/\ud800", "/\udc00x"])("%j is refused", (text) => {
    expect(() => parsePath(text)).toThrowError(expect.objectContaining({ kind: "invalid-path" }));
  });

  test("have a parent and a name", () => {
    expect([parentPath("/"), parentPath("/a"), parentPath("/a/b")]).toEqual([undefined, "/", "/a"]);
    expect([pathName("/"), pathName("/a"), pathName("/a/b")]).toEqual(["", "a", "b"]);
  });

  test("are canonical once parsed", () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: "grapheme" })), (segments) => {
        const text = `/${segments.join("/")}`;
        if (segments.includes("..") || text.split("/").includes("..")) return;
        const path = parsePath(text);
        expect(parsePath(path)).toBe(path);
      }),
    );
  });
});

describe("object paths", () => {
  test("follow the layout", () => {
    expect([snapshotPath("X"), manifestPath("X"), transactionLogPath("X"), chunkPath("X")]).toEqual(
      ["snapshots/X", "manifests/X", "transactions/X", "chunks/X"],
    );
  });

  test("of backups count down, so that listings are newest first", () => {
    const name = backupFileName(1795339728789_780, "M6AK4BD3XZ6178BKGDQ0");

    expect(backupPath(name)).toBe("overwritten/repo.30708340271211.M6AK4BD3XZ6178BKGDQ0");
    expect(backupFileName(2_000_000, "X") < backupFileName(1_000_000, "X")).toBe(true);
    // Also in the last years before the names run out.
    expect(backupFileName(32_503_679_999_999_000, "X")).toBe("repo.00000000000001.X");
  });
});
