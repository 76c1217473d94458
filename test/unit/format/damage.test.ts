import { describe, expect, test } from "vitest";
import { FormatError } from "../../../src/base/errors.ts";
import { decodeEnvelope, type FileType } from "../../../src/format/envelope.ts";
import { encodeEnvelope } from "../../../src/format/envelope-write.ts";
import { decodeMetadata } from "../../../src/format/metadata.ts";
import { parseRepoInfo } from "../../../src/format/repo/read.ts";
import { encodeRepoInfo } from "../../../src/format/repo/write.ts";
import { parseSnapshot } from "../../../src/format/snapshot/read.ts";
import { parseTransactionLog } from "../../../src/format/transaction-log/read.ts";
import { runsOf } from "../../runs.ts";
import { officialFile } from "./official-files.ts";

const SEED = Number(process.env["SEED"] ?? 20_261_124);
const ROUNDS = runsOf("DAMAGE_ROUNDS", 1000, 3000);
const BYTES_MAX = 1_000_000;

/** Seeded, so that a failure comes again. */
function xorshift(seed: number): () => number {
  let state = seed | 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

/** A copy with a few bytes replaced, words set to hostile values, or the end cut off. */
function mutate(bytes: Uint8Array, random: () => number): Uint8Array {
  const mutated = bytes.slice();
  const view = new DataView(mutated.buffer);
  const below = (end: number) => Math.floor(random() * end);
  const hostile = [0, 1, 4, 0x7fffffff, 0x80000000, 0xfffffffc, 0xffffffff, bytes.length];
  for (let changes = 1 + below(4); changes > 0; changes--) {
    const kind = below(4);
    if (kind === 0) mutated[below(mutated.length)] = below(256);
    else if (kind === 1) {
      const at = below(mutated.length);
      mutated[at] = (mutated[at] as number) ^ (1 << below(8));
    } else if (kind === 2) {
      view.setUint32(below(mutated.length - 3), hostile[below(hostile.length)] as number, true);
    } else {
      // Offsets and lengths are small: change one by a little.
      const at = 4 * below(mutated.length >> 2);
      view.setUint32(at, view.getUint32(at, true) + below(64) - 32, true);
    }
  }
  return random() < 0.1 ? mutated.subarray(0, below(mutated.length)) : mutated;
}

/** Runs `read` on mutations of `bytes`; only typed errors may come out. */
function survive(bytes: Uint8Array, read: (bytes: Uint8Array) => unknown, object: string): number {
  const random = xorshift(SEED);
  let refused = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const mutated = mutate(bytes, random);
    try {
      read(mutated);
    } catch (error) {
      if (!(error instanceof FormatError)) {
        throw new Error(`seed ${SEED}, round ${round}: untyped error`, { cause: error });
      }
      expect(error.details).toMatchObject({ object });
      refused++;
    }
  }
  return refused;
}

describe("damaged payloads are refused with a FormatError or read, never anything else", () => {
  test.each([
    ["TV3", 2],
    ["TV6", 2],
    ["TV13", 1],
    ["TV14", 1],
  ] as const)("snapshot %s", (name, specVersion) => {
    const refused = survive(
      officialFile(name).payload,
      (bytes) => parseSnapshot(bytes, specVersion, "snapshots/X"),
      "snapshots/X",
    );

    expect(refused).toBeGreaterThan(ROUNDS / 10);
  });

  test.each(["TV4", "TV8", "TV12"])("transaction log %s", (name) => {
    const read = (bytes: Uint8Array) => parseTransactionLog(bytes, "transactions/X");

    expect(survive(officialFile(name).payload, read, "transactions/X")).toBeGreaterThan(0);
  });

  test.each(["TV5", "TV9", "TV10"])("repo %s", (name) => {
    const read = (bytes: Uint8Array) => parseRepoInfo(bytes, "repo");

    expect(survive(officialFile(name).payload, read, "repo")).toBeGreaterThan(0);
  });

  test("and a repo that was read can be written again, or is refused with a typed error", () => {
    const random = xorshift(SEED);
    for (let round = 0; round < ROUNDS; round++) {
      try {
        encodeRepoInfo(parseRepoInfo(mutate(officialFile("TV10").payload, random), "repo"));
      } catch (error) {
        if (!(error instanceof FormatError)) {
          throw new Error(`seed ${SEED}, round ${round}: untyped error`, { cause: error });
        }
      }
    }
  });
});

describe("damaged files are refused with a FormatError or read, never anything else", () => {
  const types: [string, FileType][] = [
    ["TV6", "snapshot"],
    ["TV7", "manifest"],
    ["TV8", "transaction-log"],
    ["TV10", "repo-info"],
  ];

  test.each(types)("%s, a %s of the official engine", async (name, fileType) => {
    const random = xorshift(SEED);
    const options = { object: "X", fileType, bytesMax: BYTES_MAX };
    for (let round = 0; round < ROUNDS; round++) {
      const file = mutate(officialFile(name).file, random);
      const error = await decodeEnvelope(file, options).catch((thrown: unknown) => thrown);
      if (error instanceof Error) {
        expect(error, `seed ${SEED}, round ${round}`).toBeInstanceOf(FormatError);
        expect((error as FormatError).details).toMatchObject({ object: "X" });
      }
    }
  });

  test.each(types)(
    "%s in our own envelope: no damage to the content goes unnoticed",
    async (name, fileType) => {
      const { payload } = officialFile(name);
      const file = await encodeEnvelope({ fileType, payload, compressionLevel: 3 });
      const options = { object: "X", fileType, bytesMax: BYTES_MAX };
      for (let bit = 39 * 8; bit < file.length * 8; bit++) {
        const damaged = file.slice();
        damaged[bit >> 3] = (damaged[bit >> 3] as number) ^ (1 << (bit & 7));
        const found = await decodeEnvelope(damaged, options).catch((thrown: unknown) => thrown);
        if (found instanceof Error) expect(found).toBeInstanceOf(FormatError);
        else expect((found as { payload: Uint8Array }).payload).toEqual(payload);
      }
    },
  );
});

describe("damaged metadata", () => {
  test.each([1, 2] as const)("of spec %d is refused with a FormatError or read", (specVersion) => {
    const name = specVersion === 1 ? "TV13" : "TV3";
    const { metadata } = parseSnapshot(officialFile(name).payload, specVersion, "X");
    const random = xorshift(SEED);
    for (let round = 0; round < ROUNDS; round++) {
      const damaged = metadata.map((item) => ({ ...item, value: mutate(item.value, random) }));
      try {
        decodeMetadata(damaged, specVersion);
      } catch (error) {
        expect(error, `seed ${SEED}, round ${round}`).toBeInstanceOf(FormatError);
      }
    }
  });
});
