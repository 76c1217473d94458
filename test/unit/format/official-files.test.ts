import { describe, expect, test } from "vitest";
import { decodeEnvelope, type FileType } from "../../../src/format/envelope.ts";
import { encodeEnvelope } from "../../../src/format/envelope-write.ts";
import { decodeMetadata } from "../../../src/format/metadata.ts";
import { parseRepoInfo } from "../../../src/format/repo/read.ts";
import { encodeRepoInfo } from "../../../src/format/repo/write.ts";
import { parseSnapshot } from "../../../src/format/snapshot/read.ts";
import { encodeSnapshot } from "../../../src/format/snapshot/write.ts";
import { parseTransactionLog } from "../../../src/format/transaction-log/read.ts";
import { encodeTransactionLog } from "../../../src/format/transaction-log/write.ts";
import { OFFICIAL_FILES, officialFile } from "./official-files.ts";

const TYPES: Record<number, FileType> = {
  1: "snapshot",
  2: "manifest",
  4: "transaction-log",
  6: "repo-info",
};
const INITIAL_ID = "1CECHNKREP0F1RSTCMT0";
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

describe.each(OFFICIAL_FILES)("the official engine's file %s", (name) => {
  const { file, payload } = officialFile(name);
  const fileType = TYPES[file[37] as number] as FileType;
  const options = { object: name, fileType, bytesMax: 100_000 };

  test("has a header and a payload that we read", async () => {
    const envelope = await decodeEnvelope(file, options);

    expect(envelope.specVersion).toBe(file[36]);
    expect(envelope.payload).toEqual(payload);
  });

  test("has a payload that survives our envelope", async () => {
    const ours = await encodeEnvelope({ fileType, payload, compressionLevel: 3 });

    expect(await decodeEnvelope(ours, options)).toEqual({
      specVersion: 2,
      payload,
    });
  });
});

describe("snapshots of the official engine", () => {
  test.each([
    ["TV3", 2],
    ["TV6", 2],
    ["TV13", 1],
    ["TV14", 1],
  ] as const)("%s survives reading and writing", (name, specVersion) => {
    const snapshot = parseSnapshot(officialFile(name).payload, specVersion, name);

    const ours = { ...snapshot, specVersion: 2, parentId: undefined } as const;

    expect(parseSnapshot(encodeSnapshot(ours), 2, "ours")).toEqual(ours);
  });

  test("TV3: the initial one", () => {
    const snapshot = parseSnapshot(officialFile("TV3").payload, 2, "TV3");

    expect(snapshot).toMatchObject({
      id: INITIAL_ID,
      parentId: undefined,
      flushedAtMicros: 1795340655759444,
      message: "Repository initialized",
      manifestFiles: [],
      nodes: [],
    });
    expect(decodeMetadata(snapshot.metadata, 2)).toEqual({ __icechunk: { is_root: true } });
  });

  test("TV6: a group and an array with a manifest", () => {
    const snapshot = parseSnapshot(officialFile("TV6").payload, 2, "TV6");

    expect(snapshot.manifestFiles).toEqual([
      { id: "CGVMHF0RXNAWA3HNGKT0", sizeBytes: 183, chunkRefCount: 2, extra: undefined },
    ]);
    expect(snapshot.nodes.map(({ path, data }) => [path, data])).toEqual([
      ["/", { type: "group" }],
      [
        "/x",
        {
          type: "array",
          shape: [
            { arrayLength: 4, chunkCount: 2 },
            { arrayLength: 3, chunkCount: 1 },
          ],
          dimensionNames: ["t", null],
          manifests: [
            {
              id: "CGVMHF0RXNAWA3HNGKT0",
              extents: [
                { start: 0, end: 2 },
                { start: 0, end: 1 },
              ],
            },
          ],
        },
      ],
    ]);
    expect(snapshot.nodes[1]?.id).toBe("1J5JJ9X1SEYJ8");
    expect(text(snapshot.nodes[0]?.userData as Uint8Array)).toBe(
      '{"zarr_format":3,"node_type":"group"}',
    );
  });

  test("TV13 and TV14: spec 1, with MessagePack, a parent and struct vectors", () => {
    const initial = parseSnapshot(officialFile("TV13").payload, 1, "TV13");
    const commit = parseSnapshot(officialFile("TV14").payload, 1, "TV14");

    expect(decodeMetadata(initial.metadata, 1)).toEqual({ __icechunk: { is_root: true } });
    expect(commit.parentId).toBe(INITIAL_ID);
    expect(commit.manifestFiles).toEqual([
      { id: "34JJ5RFBZ6TZ41BFBJGG", sizeBytes: 135, chunkRefCount: 1 },
    ]);
    expect(commit.nodes[0]?.data).toMatchObject({ shape: [{ arrayLength: 5, chunkCount: 2 }] });
  });
});

describe("transaction logs of the official engine", () => {
  test.each(["TV4", "TV8", "TV12"])("%s survives reading and writing", (name) => {
    const log = parseTransactionLog(officialFile(name).payload, name);

    expect(parseTransactionLog(encodeTransactionLog(log), "ours")).toEqual(log);
  });

  test("TV8: a commit", () => {
    expect(parseTransactionLog(officialFile("TV8").payload, "TV8")).toEqual({
      id: "DPGK3W5NCRWX2CF78SCG",
      newGroups: ["PGZS8BSNPXZ12"],
      newArrays: ["1J5JJ9X1SEYJ8"],
      deletedGroups: [],
      deletedArrays: [],
      updatedGroups: [],
      updatedArrays: [],
      updatedChunks: [
        { nodeId: "1J5JJ9X1SEYJ8", rank: 2, count: 2, data: Uint32Array.of(0, 0, 1, 0) },
      ],
      movedNodes: [],
    });
  });

  test("TV12: a move", () => {
    expect(parseTransactionLog(officialFile("TV12").payload, "TV12").movedNodes).toEqual([
      { from: "/x", to: "/y", nodeId: "1J5JJ9X1SEYJ8", nodeType: "array" },
    ]);
  });
});

describe("repo files of the official engine", () => {
  test.each(["TV5", "TV9", "TV10"])("%s survives reading and writing", (name) => {
    const repo = parseRepoInfo(officialFile(name).payload, name);

    expect(parseRepoInfo(encodeRepoInfo(repo), "ours")).toEqual(repo);
  });

  test("TV5: a new repository", () => {
    const repo = parseRepoInfo(officialFile("TV5").payload, "TV5");

    expect(repo.branches).toEqual(new Map([["main", INITIAL_ID]]));
    expect(repo.snapshots.get(INITIAL_ID)).toMatchObject({ parentId: undefined });
    expect(repo.status).toMatchObject({ availability: "online", setAtMicros: 1795340655759528 });
    expect(repo.latestUpdates).toEqual([
      {
        update: { kind: "repo-initialized" },
        updatedAtMicros: 1795340655759537,
        backupPath: undefined,
      },
    ]);
    expect(repo.unknownFields).toBeUndefined();
  });

  test("TV10: parents by position, in a list sorted by id", () => {
    const repo = parseRepoInfo(officialFile("TV10").payload, "TV10");

    expect([...repo.snapshots.keys()]).toEqual([
      INITIAL_ID,
      "1PNY44WVWXMZ3MDBW88G",
      "DPGK3W5NCRWX2CF78SCG",
    ]);
    expect(repo.snapshots.get("1PNY44WVWXMZ3MDBW88G")?.parentId).toBe("DPGK3W5NCRWX2CF78SCG");
    expect(repo.snapshots.get("DPGK3W5NCRWX2CF78SCG")?.parentId).toBe(INITIAL_ID);
    expect(repo.branches.get("main")).toBe("1PNY44WVWXMZ3MDBW88G");
    expect(repo.latestUpdates[1]?.backupPath).toBe("repo.30708339344228.82X0CJ05FF3RS3E1BN6G");
  });
});
