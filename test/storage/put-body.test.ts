import { describe, expect, it } from "vitest";
import { bodyPieces, firstPiece, wholeBody } from "../../src/storage/put-body.ts";

const FACTS = { path: "chunks/1", sizeBytes: undefined, signal: undefined };

/** The numbers from 0 on, in parts of those lengths. */
async function* parts(...lengths: number[]): AsyncGenerator<Uint8Array> {
  let start = 0;
  for (const length of lengths) {
    yield Uint8Array.from({ length }, (_, i) => start + i);
    start += length;
  }
}

async function piecesOf(
  body: Uint8Array | AsyncIterable<Uint8Array>,
  pieceBytes: number,
): Promise<[start: number, bytes: number[], isLast: boolean][]> {
  const found: [number, number[], boolean][] = [];
  for await (const { start, bytes, isLast } of bodyPieces(body, pieceBytes, FACTS))
    found.push([start, [...bytes], isLast]);
  return found;
}

describe("a body in pieces", () => {
  it.each([
    ["parts", parts(1, 2, 4, 0, 1)],
    ["one part", parts(8)],
    ["bytes", Uint8Array.from({ length: 8 }, (_, i) => i)],
  ])("is cut into pieces of one size, but for the last: %s", async (_, body) => {
    expect(await piecesOf(body, 3)).toEqual([
      [0, [0, 1, 2], false],
      [3, [3, 4, 5], false],
      [6, [6, 7], true],
    ]);
  });

  it("ends with a full piece where it is a multiple of them", async () => {
    expect(await piecesOf(parts(3, 1), 2)).toEqual([
      [0, [0, 1], false],
      [2, [2, 3], true],
    ]);
  });

  it("is one piece where it is empty", async () => {
    expect(await piecesOf(parts(), 3)).toEqual([[0, [], true]]);
    expect(await piecesOf(parts(0, 0), 3)).toEqual([[0, [], true]]);
    expect(await piecesOf(new Uint8Array(0), 3)).toEqual([[0, [], true]]);
  });

  it("gives out its first piece twice: to be looked at, and among all", async () => {
    const { first, all } = await firstPiece(bodyPieces(parts(5), 2, FACTS));
    const starts: number[] = [];
    for await (const { start } of all) starts.push(start);

    expect([first.start, starts]).toEqual([0, [0, 2, 4]]);
  });

  it.each([
    [4, "has 5 or more bytes, not 4"],
    [9, "has 6 bytes, not 9"],
  ])(
    "is refused before its last piece if it is said to be %d bytes long",
    async (sizeBytes, why) => {
      const pieces = bodyPieces(parts(2, 3, 1), 100, { ...FACTS, sizeBytes });

      await expect(pieces.next()).rejects.toMatchObject({
        kind: "invalid-object-size",
        message: `put of chunks/1: the body ${why}`,
      });
    },
  );

  it("is refused for a part that holds no bytes", async () => {
    async function* wrong(): AsyncGenerator<Uint8Array> {
      yield "text" as never;
    }

    await expect(wholeBody(wrong(), FACTS)).rejects.toMatchObject({
      kind: "invalid-option",
      message: 'put of chunks/1: a part of the body is "text", expected a Uint8Array',
    });
  });

  it("ends on abort, also while a part does not come", async () => {
    const controller = new AbortController();
    async function* silent(): AsyncGenerator<Uint8Array> {
      yield new Uint8Array(1);
      controller.abort(new Error("enough"));
      await new Promise(() => {});
    }
    const facts = { ...FACTS, signal: controller.signal };

    await expect(wholeBody(silent(), facts)).rejects.toThrow("enough");
  });
});
