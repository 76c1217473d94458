import { describe, expect, test } from "vitest";
import { encodeRepo } from "../../../src/assets/repo-encode.ts";
import { decodeRepo } from "../../../src/assets/repo-object.ts";
import { isIcefloeError } from "../../../src/base/errors.ts";
import { walkZstdFrames } from "../../../src/codec/zstd/frame.ts";
import { ENVELOPE_HEADER_BYTES } from "../format/official-files.ts";
import { longHistory } from "../long-history.ts";
import { emptyRepo } from "./repo-values.ts";

const HOW = { compressionLevel: 3, metadataBytesMax: 100_000_000 };
const framesOf = (file: Uint8Array) => walkZstdFrames(file.subarray(ENVELOPE_HEADER_BYTES));

describe("The stored form of repo", () => {
  test.each([0, 100, 2000])("with %i commits reads back as it was", async (commits) => {
    const repo = longHistory(commits);

    const found = await decodeRepo(await encodeRepo(repo, HOW), "repo", HOW.metadataBytesMax);

    expect(found.snapshots.size).toBe(commits + 1);
    expect(found.latestUpdates).toEqual(repo.latestUpdates);
    expect(new Map([...found.snapshots].sort())).toEqual(new Map([...repo.snapshots].sort()));
  });

  test("starts with a frame that says nothing of its size, as the official engine wants it", async () => {
    for (const repo of [emptyRepo(), longHistory(100), longHistory(2000)]) {
      const [first] = framesOf(await encodeRepo(repo, HOW));
      expect(first?.contentBytes).toBeUndefined();
    }
  });

  test("has a checksum in every frame", async () => {
    const frames = framesOf(await encodeRepo(longHistory(2000), HOW));

    expect(frames.length).toBeGreaterThan(100);
    expect(frames.every(({ hasChecksum }) => hasChecksum)).toBe(true);
  });

  test("is refused if a byte flips, unless it reads the same", async () => {
    const repo = longHistory(60);
    const file = await encodeRepo(repo, HOW);
    const whole = await decodeRepo(file, "repo", HOW.metadataBytesMax);
    const intact: number[] = [];
    for (let at = ENVELOPE_HEADER_BYTES; at < file.length; at += 3) {
      const damaged = file.slice();
      damaged[at] = (damaged[at] as number) ^ 0x10;
      try {
        expect(await decodeRepo(damaged, "repo", HOW.metadataBytesMax)).toEqual(whole);
        intact.push(at);
      } catch (error) {
        if (!isIcefloeError(error)) throw error;
      }
    }
    expect(intact.length).toBeLessThan(file.length / 200);
  });

  test("does not take more than twice what one compressed frame takes", async () => {
    const { encodeRepoInfo } = await import("../format/repo-bytes.ts");
    const { compressZstd } = await import("../../../src/codec/zstd/zstd.ts");
    const repo = longHistory(2000);

    const stored = await encodeRepo(repo, HOW);

    const whole = await compressZstd(encodeRepoInfo(repo), HOW.compressionLevel);
    expect(stored.length).toBeLessThan(2 * whole.length);
    console.log(`repo of 2,000 commits: ${stored.length} bytes, in one frame ${whole.length}`);
  });
});
