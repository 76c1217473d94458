import { describe, expect, test } from "vitest";
import { encodeRepo } from "../../../src/assets/repo-encode.ts";
import { decodeRepo } from "../../../src/assets/repo-object.ts";
import { isIcefloeError } from "../../../src/base/errors.ts";
import { walkZstdFrames } from "../../../src/codec/zstd/frame.ts";
import { encodeRepoInfo } from "../../../src/format/repo/write.ts";
import { ENVELOPE_HEADER_BYTES } from "../format/official-files.ts";
import { longHistory } from "../long-history.ts";
import { emptyRepo } from "./repo-values.ts";

const BYTES_MAX = 100_000_000;
const framesOf = (file: Uint8Array) => walkZstdFrames(file.subarray(ENVELOPE_HEADER_BYTES));

describe("The stored form of repo", () => {
  test.each([0, 100, 2000])("with %i commits reads back as it was", async (commits) => {
    const repo = longHistory(commits);

    const found = await decodeRepo(encodeRepo(repo, BYTES_MAX), "repo", BYTES_MAX);

    expect(found.snapshots.size).toBe(commits + 1);
    expect(found.latestUpdates).toEqual(repo.latestUpdates);
    expect(new Map([...found.snapshots].sort())).toEqual(new Map([...repo.snapshots].sort()));
  });

  test("is one frame with its size and a checksum", () => {
    for (const repo of [emptyRepo(), longHistory(100), longHistory(2000)]) {
      const [frame, ...others] = framesOf(encodeRepo(repo, BYTES_MAX));
      expect(frame).toMatchObject({
        contentBytes: encodeRepoInfo(repo).length,
        hasChecksum: true,
      });
      expect(others).toEqual([]);
    }
  });

  test("is refused if a byte flips, unless it reads the same", async () => {
    const repo = longHistory(60);
    const file = encodeRepo(repo, BYTES_MAX);
    const whole = await decodeRepo(file, "repo", BYTES_MAX);
    const intact: number[] = [];
    for (let at = ENVELOPE_HEADER_BYTES; at < file.length; at += 3) {
      const damaged = file.slice();
      damaged[at] = (damaged[at] as number) ^ 0x10;
      try {
        expect(await decodeRepo(damaged, "repo", BYTES_MAX)).toEqual(whole);
        intact.push(at);
      } catch (error) {
        if (!isIcefloeError(error)) throw error;
      }
    }
    expect(intact.length).toBeLessThan(file.length / 200);
  });
});
