/** Bodies of puts that come in parts: gathered, or cut anew into pieces of one size. */
import { untilAborted } from "../base/async-list.ts";
import { concatBytes } from "../base/bytes.ts";
import { makeError } from "../base/errors.ts";
import { describe } from "../base/options.ts";
import type { PutBody, PutOptions } from "./port.ts";

/** Of a put: the path, for messages, and what the options say of the body. */
export interface BodyFacts extends Pick<PutOptions, "sizeBytes" | "signal"> {
  readonly path: string;
}

/** A piece of a body. */
export interface BodyPiece {
  readonly bytes: Uint8Array;
  /** Where in the body it starts. */
  readonly start: number;
  readonly isLast: boolean;
}

/** Whether a body is bytes already. */
export function isWholeBody(body: PutBody): body is Uint8Array {
  return body instanceof Uint8Array;
}

/** Checks what was said of a body that is at hand. @throws {invalid-object-size} */
export function checkWhole(body: Uint8Array, facts: BodyFacts): void {
  checkSize(body.length, true, facts);
}

/** All bytes of a body. @throws {invalid-object-size} @throws {invalid-option} */
export async function wholeBody(body: PutBody, facts: BodyFacts): Promise<Uint8Array> {
  if (isWholeBody(body)) {
    checkWhole(body, facts);
    return body;
  }
  const parts: Uint8Array[] = [];
  for await (const part of checkedParts(body, facts)) parts.push(part.slice());
  return concatBytes(parts);
}

/**
 * A body in pieces of `pieceBytes`, but for the last; an empty one is one piece. Holds a piece, and
 * a part of the body. Whoever stops early ends the source.
 * @throws {invalid-object-size} other bytes than were said, before the last piece
 * @throws {invalid-option} a part that is no `Uint8Array`
 */
export async function* bodyPieces(
  body: PutBody,
  pieceBytes: number,
  facts: BodyFacts,
): AsyncGenerator<BodyPiece> {
  let held: Uint8Array[] = [];
  let heldBytes = 0;
  let start = 0;
  if (isWholeBody(body)) checkWhole(body, facts);
  for await (const part of isWholeBody(body) ? [body] : checkedParts(body, facts)) {
    for (let rest = part; rest.length > 0; ) {
      // A full piece waits for the next byte: it may be the last.
      if (heldBytes === pieceBytes) {
        yield { bytes: joined(held), start, isLast: false };
        start += heldBytes;
        held = [];
        heldBytes = 0;
      }
      const taken = rest.subarray(0, pieceBytes - heldBytes);
      // The caller may use its buffer again once it is asked for the next part.
      held.push(isWholeBody(body) ? taken : taken.slice());
      heldBytes += taken.length;
      rest = rest.subarray(taken.length);
    }
  }
  yield { bytes: joined(held), start, isLast: true };
}

/** The first of `pieces`, and all of them. */
export async function firstPiece(
  pieces: AsyncGenerator<BodyPiece>,
): Promise<{ first: BodyPiece; all: AsyncGenerator<BodyPiece> }> {
  const { value } = await pieces.next();
  const first: BodyPiece = value; // There is one always.
  async function* again(): AsyncGenerator<BodyPiece> {
    try {
      yield first;
      yield* pieces;
    } finally {
      await pieces.return(undefined);
    }
  }
  return { first, all: again() };
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const [only] = parts;
  return parts.length === 1 && only !== undefined ? only : concatBytes(parts);
}

/** The parts of a body, each looked at. */
async function* checkedParts(
  body: AsyncIterable<Uint8Array>,
  facts: BodyFacts,
): AsyncGenerator<Uint8Array> {
  let total = 0;
  for await (const part of untilAborted(body, facts.signal)) {
    if (!(part instanceof Uint8Array)) {
      const reason = `a part of the body is ${describe(part)}, expected a Uint8Array`;
      throw makeError("invalid-option", `put of ${facts.path}: ${reason}`, {
        details: { operation: "put", option: "body", path: facts.path },
      });
    }
    total += part.length;
    checkSize(total, false, facts);
    yield part;
  }
  checkSize(total, true, facts);
}

function checkSize(foundBytes: number, isAll: boolean, { path, sizeBytes }: BodyFacts): void {
  if (sizeBytes === undefined || foundBytes === sizeBytes) return;
  if (!isAll && foundBytes < sizeBytes) return;
  const found = isAll ? `has ${foundBytes}` : `has ${foundBytes} or more`;
  throw makeError(
    "invalid-object-size",
    `put of ${path}: the body ${found} bytes, not ${sizeBytes}`,
    {
      details: { path, expectedBytes: sizeBytes, foundBytes },
    },
  );
}
