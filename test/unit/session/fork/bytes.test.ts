import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { equalBytes } from "../../../../src/base/bytes.ts";
import { crc32c } from "../../../../src/codec/crc32c.ts";
import type { ChunkRef } from "../../../../src/format/manifest/chunk-ref.ts";
import {
  type ChangeSet,
  changeSetOf,
  chunkTables,
  NodeChanges,
} from "../../../../src/session/changes/change-set.ts";
import { ChunkTable } from "../../../../src/session/changes/chunk-table.ts";
import { growingVector } from "../../../../src/session/changes/dot.ts";
import { makeNode, parseNodeMetadata } from "../../../../src/session/changes/node-metadata.ts";
import { emptyPast, type Past } from "../../../../src/session/changes/past.ts";
import { setVirtual } from "../../../../src/session/changes/set-virtual.ts";
import { encodeForkBytes, type ForkContent } from "../../../../src/session/fork/bytes.ts";
import { decodeForkBytes } from "../../../../src/session/fork/read-bytes.ts";
import {
  DOT,
  keyOf,
  MANIFEST_ID,
  NODE_A,
  readRows,
  setRef,
} from "../../format/manifest/ref-model.ts";
import { array } from "../fixture.ts";
import { anyState } from "./fork-model.ts";

const REFUSED = expect.objectContaining({ kind: "invalid-fork-bytes" });

function stateOf(own: Partial<ChangeSet>, more: Partial<ForkContent> = {}): ForkContent {
  const array = { path: "/a", signature: "{}" };
  return {
    baseId: MANIFEST_ID,
    need: undefined,
    needPast: emptyPast(),
    past: { ...emptyPast(), vector: growingVector([[DOT.origin, 1]]) },
    overlay: changeSetOf(),
    own: { ...changeSetOf(), ...own },
    writtenUnder: new Map([...(own.chunks ?? new Map()).keys()].map((id) => [id, array])),
    ...more,
  };
}

/** The state as plain values. */
function plain(fork: ForkContent) {
  const { baseId, need, self, overlay, own, writtenUnder, overlayOmitted = false } = fork;
  const changes = ({ nodes, chunks }: ChangeSet) => ({
    nodes: [...nodes].sort(([a], [b]) => (a < b ? -1 : 1)),
    chunks: [...chunks]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([nodeId, table]) => ({
        nodeId,
        rank: table.rank,
        rows: readRows(table, table.sortedOrder()),
        dots: Array.from(table.sortedOrder(), (row) => table.dot(row)),
      })),
  });
  const known = ({ vector, births, lessons }: Past) => [[...vector], [...births], [...lessons]];
  return {
    baseId,
    need,
    self,
    needPast: known(fork.needPast),
    past: known(fork.past),
    overlay: changes(overlay),
    own: changes(own),
    writtenUnder: [...writtenUnder].sort(([a], [b]) => (a < b ? -1 : 1)),
    overlayOmitted,
  };
}

/** Puts a right checksum under changed bytes, so that what is behind it is tested. */
function reseal(bytes: Uint8Array): Uint8Array {
  const end = bytes.length - 4;
  new DataView(bytes.buffer, bytes.byteOffset).setUint32(end, crc32c(bytes, 0, end), true);
  return bytes;
}

const sample = (): ForkContent => {
  const table = new ChunkTable(2);
  setRef(table, [0, 0], { type: "inline", bytes: Uint8Array.of(1, 2, 3) });
  setRef(table, [0, 1], { type: "native", id: MANIFEST_ID, offset: 0, length: 100 });
  setRef(table, [1, 5], { type: "virtual", location: "s3://b/k", offset: 9, length: 5, etag: "e" });
  setRef(table, [1, 6], { type: "virtual", location: "s3://b/l", offset: 9, length: 5 });
  setRef(table, [2, 0], undefined);
  const document = array([9, 9], [3, 1], { dimension_names: [null, "x"] });
  const node = makeNode(NODE_A, "/a", parseNodeMetadata(document, "/a"), document);
  const change = { path: "/a", node, dot: DOT };
  return stateOf({ nodes: new NodeChanges([change]), chunks: chunkTables([[NODE_A, table]]) });
};

describe("fork bytes", () => {
  test("carry the whole state there and back", () => {
    fc.assert(
      fc.property(anyState, (state) => {
        const decoded = decodeForkBytes(encodeForkBytes(state));

        expect(plain(decoded)).toEqual(plain(state));
      }),
      { numRuns: 300 },
    );
  });

  test("are the same for equal states, in whatever order they were written", () => {
    fc.assert(
      fc.property(anyState, (state) => {
        const bytes = encodeForkBytes(state);
        const decoded = decodeForkBytes(bytes);
        const reversed = ({ nodes, chunks }: ChangeSet): ChangeSet => ({
          owner: {},
          nodes: new NodeChanges([...nodes.values()].reverse()),
          chunks: chunkTables(
            [...chunks].reverse().map(([nodeId, table]) => {
              const copy = new ChunkTable(table.rank);
              copy.setRows(table, table.sortedOrder().toReversed());
              return [nodeId, copy] as const;
            }),
          ),
        });
        const { overlay, own } = decoded;
        const again = { ...decoded, overlay: reversed(overlay), own: reversed(own) };

        expect(equalBytes(encodeForkBytes(again), bytes)).toBe(true);
      }),
    );
  });

  test("share no memory with the state they give", () => {
    const bytes = encodeForkBytes(sample());
    const decoded = decodeForkBytes(bytes);
    const before = plain(decodeForkBytes(bytes));
    bytes.fill(0xff);

    expect(plain(decoded)).toEqual(before);
  });

  test("are read from shared memory and from the middle of a buffer", () => {
    const bytes = encodeForkBytes(sample());
    const shared = new Uint8Array(new SharedArrayBuffer(bytes.length + 3), 3);
    shared.set(bytes);
    const inner = new Uint8Array(bytes.length + 5).subarray(5);
    inner.set(bytes);

    expect(plain(decodeForkBytes(shared))).toEqual(plain(sample()));
    expect(plain(decodeForkBytes(inner))).toEqual(plain(sample()));
  });

  test("are refused after any flip of a bit", () => {
    const bytes = encodeForkBytes(sample());
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      bytes[bit >> 3]! ^= 1 << (bit & 7);
      expect(() => decodeForkBytes(bytes)).toThrow(REFUSED);
      bytes[bit >> 3]! ^= 1 << (bit & 7);
    }
  });

  test("are refused at any length but their own", () => {
    const bytes = encodeForkBytes(sample());
    for (let length = 0; length < bytes.length; length++) {
      expect(() => decodeForkBytes(bytes.slice(0, length))).toThrow(REFUSED);
    }
    const longer = new Uint8Array(bytes.length + 1);
    longer.set(bytes);
    expect(() => decodeForkBytes(longer)).toThrow(REFUSED);
    expect(() => decodeForkBytes(reseal(longer))).toThrow(REFUSED);
  });

  test("of another magic, version or flag are refused by name", () => {
    const bytes = encodeForkBytes(sample());
    const changed = (at: number, value: number): Uint8Array => {
      const copy = bytes.slice();
      copy[at] = value;
      return reseal(copy);
    };

    expect(() => decodeForkBytes(changed(0, 0x88))).toThrow("magic");
    expect(() => decodeForkBytes(changed(8, 1))).toThrow("format version 1, expected 4");
    expect(() => decodeForkBytes(changed(9, 0x80))).toThrow("unknown flags");
    expect(() => decodeForkBytes(changed(9, 2))).toThrow("unknown flags 2");
    expect(() => decodeForkBytes("text" as never)).toThrow(REFUSED);
  });

  test("with a right checksum over wrong content give a state or are refused", () => {
    const seeds = [sample(), stateOf({}), ...fc.sample(anyState, { numRuns: 20, seed: 7 })].map(
      encodeForkBytes,
    );
    const edit = fc.record({
      at: fc.nat(),
      value: fc.oneof(fc.nat(255), fc.constantFrom(0x7f, 0xff)),
    });
    const mutation = fc.record({
      seed: fc.nat(seeds.length - 1),
      edits: fc.array(edit, { minLength: 1, maxLength: 6 }),
      cut: fc.option(fc.nat(200), { freq: 6 }),
    });
    fc.assert(
      fc.property(mutation, ({ seed, edits, cut }) => {
        const bytes = seeds[seed]!.slice();
        for (const { at, value } of edits) bytes[10 + (at % (bytes.length - 14))] = value;
        const end = cut === null ? bytes.length : Math.max(14, bytes.length - cut);
        try {
          const decoded = decodeForkBytes(reseal(bytes.slice(0, end)));
          encodeForkBytes(decoded);
        } catch (error) {
          expect(error).toMatchObject({ kind: "invalid-fork-bytes" });
        }
      }),
      { numRuns: 6000 },
    );
  });

  test("can't claim more rows than they have bytes", () => {
    const table = new ChunkTable(1);
    setRef(table, [0], undefined);
    const state = stateOf({ chunks: chunkTables([[NODE_A, table]]) });
    const bytes = encodeForkBytes(state);
    // The table: rank, rows, start, extent, distance, kinds, dots, empty columns.
    const rankAt = new TextDecoder("latin1").decode(bytes).indexOf(NODE_A) + NODE_A.length;
    expect(bytes[rankAt + 1]).toBe(1);
    const hostile = new Uint8Array(bytes.length + 6);
    hostile.set(bytes.subarray(0, rankAt + 1));
    hostile.set([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x07], rankAt + 1);
    hostile.set(bytes.subarray(rankAt + 2, bytes.length - 4), rankAt + 8);

    expect(() => decodeForkBytes(reseal(hostile))).toThrow("too large");
  });

  test("take at most 16 bytes per native chunk", () => {
    const table = new ChunkTable(3);
    const random = fc.sample(fc.uint8Array({ minLength: 12, maxLength: 12 }), {
      numRuns: 10_000,
      seed: 1,
    });
    for (const [i, id] of random.entries()) {
      const coordinates = [Math.floor(i / 400), Math.floor(i / 20) % 20, i % 20];
      table.setNative(coordinates, id, 0, 900_000 + ((i * 7919) % 100_000), DOT);
    }
    const bytes = encodeForkBytes(stateOf({ chunks: chunkTables([[NODE_A, table]]) }));

    expect(bytes.length / 10_000).toBeLessThan(16);
  });

  test("take at most 25 bytes per virtual reference into 100 files", () => {
    const inOrder = new ChunkTable(3);
    const scattered = new ChunkTable(3);
    for (let i = 0; i < 10_000; i++) {
      const coordinates = [Math.floor(i / 400), Math.floor(i / 20) % 20, i % 20];
      const location = (file: number): string =>
        `s3://bucket/some/file-${String(file).padStart(6)}.nc`;
      const length = 10_000 + ((i * 7919) % 5000);
      const near = { location: location(Math.floor(i / 100)), offset: (i % 100) * 15_000, length };
      const far = {
        location: location((i * 37) % 100),
        offset: (i * 2_654_435_761) % 2 ** 40,
        length,
      };
      setVirtual(inOrder, coordinates, near, DOT);
      setVirtual(scattered, coordinates, far, DOT);
    }
    const size = (table: ChunkTable): number =>
      encodeForkBytes(stateOf({ chunks: chunkTables([[NODE_A, table]]) })).length / 10_000;

    expect(size(inOrder)).toBeLessThan(8);
    expect(size(scattered)).toBeLessThan(25);
  });

  test("keep apart chunks in grids too large for one number per chunk", () => {
    const table = new ChunkTable(3);
    const far = 2 ** 32 - 2;
    const keys = [
      [0, far, far],
      [far, 0, 0],
      [far, far, 1],
      [far, far, far],
    ];
    for (const coordinates of keys) setRef(table, coordinates, undefined);
    const decoded = decodeForkBytes(
      encodeForkBytes(stateOf({ chunks: chunkTables([[NODE_A, table]]) })),
    );

    const rows = decoded.own.chunks.get(NODE_A)!;
    expect(readRows(rows, rows.sortedOrder()).map(([key]) => key)).toEqual(keys.map(keyOf));
  });
});

test("a fork keeps the references that its session has overwritten a thousand times since", () => {
  const before: ChunkRef = {
    type: "virtual",
    location: "s3://b/x",
    offset: 0,
    length: 1,
    etag: "v",
  };
  const table = new ChunkTable(1);
  setRef(table, [0], before);
  const successor = table.successor();
  for (let at = 0; at < 1100; at++)
    setRef(successor, [0], { ...before, location: `s3://b/${at}`, etag: `v${at}` });

  const decoded = decodeForkBytes(
    encodeForkBytes(stateOf({ chunks: chunkTables([[NODE_A, table]]) })),
  );

  expect(decoded.own.chunks.get(NODE_A)?.ref(0)).toEqual(before);
});
