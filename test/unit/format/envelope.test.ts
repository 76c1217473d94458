import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { concatBytes } from "../../../src/base/bytes.ts";
import { FormatError } from "../../../src/base/errors.ts";
import { decodeEnvelope } from "../../../src/format/envelope.ts";
import { encodeEnvelope, objectMetadata } from "../../../src/format/envelope-write.ts";
import { toHex } from "../codec/official-encodings.ts";
import { officialFile } from "./official-files.ts";

const { version } = JSON.parse(
  readFileSync(new URL("../../../package.json", import.meta.url), "utf8"),
) as { version: string };
const IMPLEMENTATION = `icefloe-${version}`;
const SNAPSHOT = { object: "snapshots/X", fileType: "snapshot", bytesMax: 1000 } as const;

/** The initial snapshot, with one byte of the header replaced. */
function tampered(at: number, byte: number): Uint8Array {
  const { file } = officialFile("TV3");
  file[at] = byte;
  return file;
}

describe("the envelope", () => {
  test("is 39 bytes as the official engine writes them, but for the writer's name and version", async () => {
    const payload = new Uint8Array(3);

    const file = await encodeEnvelope({ fileType: "repo-info", payload, compressionLevel: 3 });

    expect(toHex(file.subarray(0, 12))).toBe("494345f09fa78a4348554e4b");
    expect(new TextDecoder().decode(file.subarray(12, 36))).toBe(IMPLEMENTATION.padEnd(24));
    expect([...file.subarray(36, 39)]).toEqual([2, 6, 1]);
  });

  test("may be uncompressed, which other engines refuse", async () => {
    const { file, payload } = officialFile("TV3");
    file[38] = 0;

    const envelope = await decodeEnvelope(concatBytes([file.subarray(0, 39), payload]), SNAPSHOT);

    expect(envelope.payload).toEqual(payload);
  });

  test("may carry any writer's name", async () => {
    const { file } = officialFile("TV3");
    file.fill(0xff, 12, 20).fill(0, 20, 36);

    await expect(decodeEnvelope(file, SNAPSHOT)).resolves.toMatchObject({ specVersion: 2 });
  });

  test.each([
    ["nothing", new Uint8Array(0), "invalid-file-format", 0],
    ["a truncated header", officialFile("TV3").file.subarray(0, 38), "invalid-file-format", 38],
    ["another magic", tampered(3, 0), "invalid-file-format", 0],
    ["a newer version", tampered(36, 3), "unsupported-spec-version", 36],
    ["version 0", tampered(36, 0), "unsupported-spec-version", 36],
    ["another file type", tampered(37, 2), "invalid-file-format", 37],
    ["an unknown compression", tampered(38, 7), "invalid-file-format", 38],
    ["a damaged payload", tampered(60, 0xff), "deserialization", undefined],
    ["a damaged frame", tampered(39, 0), "deserialization", 39],
  ])("refuses %s, naming object and offset", async (_, file, kind, offset) => {
    const error = await decodeEnvelope(file, SNAPSHOT).catch((thrown: unknown) => thrown);

    expect(error).toBeInstanceOf(FormatError);
    expect(error).toMatchObject({
      kind,
      message: expect.stringContaining("snapshots/X"),
      details: { object: "snapshots/X", offset: offset ?? expect.any(Number) },
    });
  });

  test("refuses a repo file of spec 1", async () => {
    const { file } = officialFile("TV5");
    file[36] = 1;

    await expect(
      decodeEnvelope(file, { object: "repo", fileType: "repo-info", bytesMax: 1000 }),
    ).rejects.toThrowError(expect.objectContaining({ kind: "invalid-file-format" }));
  });

  test.each([0, 1])("refuses more than the limit, compression %d", async (compression) => {
    const { file, payload } = officialFile("TV3");
    file[38] = compression;
    const whole = compression === 0 ? concatBytes([file.subarray(0, 39), payload]) : file;

    await expect(decodeEnvelope(whole, { ...SNAPSHOT, bytesMax: 183 })).rejects.toThrowError(
      expect.objectContaining({ kind: "deserialization" }),
    );
    await expect(decodeEnvelope(whole, { ...SNAPSHOT, bytesMax: 184 })).resolves.toBeDefined();
  });

  test("comes with the user metadata that the official engine sets", () => {
    expect(objectMetadata("manifest")).toEqual({
      icspecver: "2",
      icclient: IMPLEMENTATION,
      icfiletype: "manifest",
      iccompalg: "zstd",
    });
  });
});
