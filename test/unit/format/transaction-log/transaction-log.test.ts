import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { mergeTransactionLogs } from "../../../../src/format/transaction-log/merge.ts";
import {
  parseTransactionLog,
  type TransactionLog,
  type UpdatedChunks,
} from "../../../../src/format/transaction-log/read.ts";
import {
  emptyTransactionLog,
  encodeTransactionLog,
} from "../../../../src/format/transaction-log/write.ts";
import { transactionLogs } from "../values.ts";

const EMPTY = emptyTransactionLog("1CECHNKREP0F1RSTCMT0");
const X = "1J5JJ9X1SEYJ8";
const Y = "PGZS8BSNPXZ12";

/** Coordinates as a set of texts: order and repetition aside. */
const rowsOf = ({ rank, count, data }: UpdatedChunks) =>
  new Set(Array.from({ length: count }, (_, i) => data.slice(i * rank, (i + 1) * rank).join()));
const chunks = (nodeId: string, rows: number[][], rank = rows[0]?.length ?? 0): UpdatedChunks => ({
  nodeId,
  rank,
  count: rows.length,
  data: Uint32Array.from(rows.flat()),
});
const read = (log: TransactionLog) => parseTransactionLog(encodeTransactionLog(log), "log");

describe("transaction logs", () => {
  test("survive writing and reading, sorted", () => {
    fc.assert(
      fc.property(transactionLogs, (log) => {
        const found = read(log);

        for (const key of ["newGroups", "newArrays", "deletedGroups", "deletedArrays"] as const) {
          expect(found[key]).toEqual([...log[key]].sort());
        }
        expect(found.updatedGroups).toEqual([...log.updatedGroups].sort());
        expect(found.updatedArrays).toEqual([...log.updatedArrays].sort());
        expect(new Set(found.movedNodes)).toEqual(new Set(log.movedNodes));
        const byId = (a: UpdatedChunks, b: UpdatedChunks) => (a.nodeId < b.nodeId ? -1 : 1);
        expect(found.updatedChunks.map(rowsOf)).toEqual(
          [...log.updatedChunks].sort(byId).map(rowsOf),
        );
      }),
    );
  });

  test("sort coordinates by number and write each once", () => {
    const log = {
      ...EMPTY,
      updatedChunks: [
        chunks(X, [
          [10, 0],
          [2, 5],
          [10, 0],
          [2, 4],
        ]),
      ],
    };

    expect(read(log).updatedChunks).toEqual([
      chunks(X, [
        [2, 4],
        [2, 5],
        [10, 0],
      ]),
    ]);
  });

  test("keep the one chunk of a scalar", () => {
    const log = { ...EMPTY, updatedChunks: [chunks(X, [[]])] };

    expect(read(log).updatedChunks).toEqual([
      { nodeId: X, rank: 0, count: 1, data: new Uint32Array() },
    ]);
  });

  test("sort moves segment by segment", () => {
    const move = (to: string) => ({ from: "/z", to, nodeId: X, nodeType: "group" as const });
    const movedNodes = ["/aa", "/a-b", "/a/kid", "/a/b", "/a"].map(move);

    const found = read({ ...EMPTY, movedNodes }).movedNodes;

    expect(found.map(({ to }) => to)).toEqual(["/a", "/a/b", "/a/kid", "/a-b", "/aa"]);
  });

  test("with coordinates of several ranks give one list per rank", () => {
    const one = encodeTransactionLog({
      ...EMPTY,
      updatedChunks: [chunks(X, [[1, 2]]), chunks(X, [[7]])],
    });

    expect(
      parseTransactionLog(one, "log")
        .updatedChunks.map(({ rank }) => rank)
        .sort(),
    ).toEqual([1, 2]);
  });

  test("with coordinates of more than eight ranks are refused: each costs a pass", () => {
    // Nine coordinates of ten dimensions, of which the first `count` lose some.
    const ofRanks = (count: number): Uint8Array => {
      const rows = Array.from({ length: 9 }, (_, i) => new Array<number>(10).fill(1000 + i));
      const payload = encodeTransactionLog({ ...EMPTY, updatedChunks: [chunks(X, rows)] });
      const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
      let rank = 1;
      for (let at = 0; at < payload.length && rank < count; at += 4) {
        if (view.getUint32(at, true) === 10) view.setUint32(at, rank++, true);
      }
      return payload;
    };

    expect(parseTransactionLog(ofRanks(8), "log").updatedChunks).toHaveLength(8);
    expect(() => parseTransactionLog(ofRanks(9), "log")).toThrow("coordinates of 9 ranks");
  });
});

describe("the log of an amended commit", () => {
  test("has everything of both, under the newer id", () => {
    const older = {
      ...EMPTY,
      newArrays: [X],
      updatedGroups: [Y],
      updatedChunks: [
        chunks(X, [
          [0, 1],
          [2, 0],
        ]),
      ],
    };
    const newer = {
      ...EMPTY,
      id: "DPGK3W5NCRWX2CF78SCG",
      updatedArrays: [X],
      updatedGroups: [Y],
      updatedChunks: [
        chunks(X, [
          [2, 0],
          [1, 9],
        ]),
        chunks(Y, [[3]]),
      ],
    };

    expect(mergeTransactionLogs(older, newer)).toEqual({
      ...EMPTY,
      id: newer.id,
      newArrays: [X],
      updatedArrays: [X],
      updatedGroups: [Y],
      updatedChunks: [
        chunks(X, [
          [0, 1],
          [1, 9],
          [2, 0],
        ]),
        chunks(Y, [[3]]),
      ],
    });
  });

  test("keeps every list of the older one", () => {
    const older = {
      ...EMPTY,
      newGroups: [X],
      newArrays: [X],
      deletedGroups: [X],
      deletedArrays: [X],
      updatedGroups: [X],
      updatedArrays: [X],
    };
    const newer = { ...EMPTY, id: "DPGK3W5NCRWX2CF78SCG" };

    expect(mergeTransactionLogs(older, newer)).toEqual({ ...older, id: newer.id });
  });

  test("keeps a move's first source and last target, and drops round trips", () => {
    const move = (nodeId: string, from: string, to: string) =>
      ({ from, to, nodeId, nodeType: "array" }) as const;
    const older = { ...EMPTY, movedNodes: [move(X, "/a", "/b"), move(Y, "/p", "/q")] };
    const newer = { ...EMPTY, movedNodes: [move(X, "/b", "/c"), move(Y, "/q", "/p")] };

    expect(mergeTransactionLogs(older, newer).movedNodes).toEqual([move(X, "/a", "/c")]);
  });

  test("unites coordinates as sets do", () => {
    const rows = fc.array(fc.array(fc.nat(4), { minLength: 2, maxLength: 2 }), { minLength: 1 });
    fc.assert(
      fc.property(rows, rows, (a, b) => {
        const merged = mergeTransactionLogs(
          { ...EMPTY, updatedChunks: [chunks(X, a)] },
          { ...EMPTY, updatedChunks: [chunks(X, b)] },
        ).updatedChunks[0] as UpdatedChunks;

        const union = new Set([...a, ...b].map((row) => row.join()));
        expect(rowsOf(merged)).toEqual(union);
        expect(merged.count).toBe(union.size);
      }),
    );
  });
});
