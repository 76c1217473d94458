/**
 * Large puts, piece by piece. The server says how far it has come, so that a piece whose answer is
 * lost costs that piece and not the object. Google Cloud Storage "Resumable uploads".
 */
import { encodeUtf8 } from "../../base/bytes.ts";
import { isIcefloeError } from "../../base/errors.ts";
import { type HttpAnswer, httpError } from "../http/http-request.ts";
import type { PutOutcome } from "../port.ts";
import { type BodyPiece, isWholeBody } from "../put-body.ts";
import { bucketFailure, type GcsClient } from "./client.ts";
import {
  answersPut,
  conditionQuery,
  failureOfPut,
  type GcsPut,
  outcomeOf,
  PUT_FIELDS,
  resourceOf,
} from "./put.ts";

/** All pieces but the last are multiples of it. */
const PIECE_UNIT = 256 * 1024;

/** Times that the server may be asked how far it has come, without that it gets on. */
const STALLS_MAX = 5;

/** Bytes of a piece: about `pieceBytes`. */
export function pieceStep(pieceBytes: number): number {
  return Math.max(PIECE_UNIT, Math.ceil(pieceBytes / PIECE_UNIT) * PIECE_UNIT);
}

/** Puts an object in pieces, each of `pieceStep` bytes but the last: one request, and one for each. */
export async function putInPieces(
  client: GcsClient,
  put: GcsPut,
  pieces: AsyncGenerator<BodyPiece>,
): Promise<PutOutcome> {
  const started = await start(client, put);
  if (typeof started !== "string") return started;
  const session: Session = { client, put, uploadId: started };
  for await (const piece of pieces) {
    const done = await putPiece(session, piece);
    if (done !== undefined) return done;
  }
  throw stuck(session);
}

/** Puts a piece; the outcome if it was the last. */
async function putPiece(session: Session, piece: BodyPiece): Promise<PutOutcome | undefined> {
  const end = piece.start + piece.bytes.length;
  let offset = piece.start;
  let stalls = 0;
  for (;;) {
    const found = (await sendPiece(session, piece, offset)) ?? (await askHowFar(session, piece));
    if (typeof found !== "number") return found;
    if (found >= end && !piece.isLast) return undefined;
    // What came before the piece is no longer at hand.
    if (found < piece.start || (found <= offset && ++stalls > STALLS_MAX)) throw stuck(session);
    if (found > offset) stalls = 0;
    offset = found;
  }
}

function stuck({ client }: Session): Error {
  const reason = "the server takes no more of an upload";
  return httpError("object-store", client.uploadUrl, reason, {});
}

interface Session {
  readonly client: GcsClient;
  readonly put: GcsPut;
  /** Whoever has it may write: a secret. */
  readonly uploadId: string;
}

/** Begins an upload: its id, or the outcome if the condition has failed already. */
async function start(client: GcsClient, put: GcsPut): Promise<string | PutOutcome> {
  const { name, condition, signal } = put;
  const answer = await client.request({
    url: client.uploadUrl,
    method: "POST",
    query: {
      uploadType: "resumable",
      name,
      fields: PUT_FIELDS,
      ...conditionQuery(condition, name),
    },
    headers: { "content-type": "application/json; charset=UTF-8" },
    body: encodeUtf8(JSON.stringify(resourceOf(put))),
    signal,
    isExpected: answersPut(condition),
    failureOf: (found) => {
      if (found.status >= 300) return bucketFailure(found);
      return uploadIdIn(found) === undefined ? { reason: "no upload in its answer" } : undefined;
    },
  });
  return answer.status < 300 ? (uploadIdIn(answer) as string) : outcomeOf(answer);
}

/** Only the id is taken: tokens go nowhere but to the endpoint. */
function uploadIdIn({ headers }: HttpAnswer): string | undefined {
  const location = headers.get("location") ?? "";
  if (!URL.canParse(location)) return undefined;
  return new URL(location).searchParams.get("upload_id") ?? undefined;
}

/** Puts a piece from `offset` on: how far the server is, the outcome, or `undefined` if no answer came. */
async function sendPiece(
  session: Session,
  piece: BodyPiece,
  offset: number,
): Promise<number | PutOutcome | undefined> {
  try {
    return await send(session, piece, piece.bytes.subarray(offset - piece.start), false);
  } catch (error) {
    if (isIcefloeError(error, "unknown-outcome")) return undefined;
    throw error;
  }
}

/** How far the server is, or the outcome if it has all; bytes of `piece` may have arrived. */
async function askHowFar(session: Session, piece: BodyPiece): Promise<number | PutOutcome> {
  try {
    return await send(session, piece, undefined, true);
  } catch (cause) {
    session.put.signal?.throwIfAborted();
    if (!piece.isLast) throw cause; // An upload in part is no object.
    const reason = "an answer is lost, and the server does not tell what became of the upload";
    throw httpError("unknown-outcome", session.client.uploadUrl, reason, {}, cause);
  }
}

/** Sends the last `bytes` of a piece, or, without any, asks how far the server is. */
async function send(
  { client, put, uploadId }: Session,
  piece: BodyPiece,
  bytes: Uint8Array | undefined,
  isRepeatable: boolean,
): Promise<number | PutOutcome> {
  const { name, condition, sizeBytes, signal } = put;
  const end = piece.start + piece.bytes.length;
  const total = piece.isLast ? end : isWholeBody(put.body) ? put.body.length : sizeBytes;
  const range = bytes?.length ? `${end - bytes.length}-${end - 1}` : "*";
  const answers = answersPut(condition);
  const failure = failureOfPut(end);
  const answer = await client.request({
    url: client.uploadUrl,
    method: "PUT",
    query: { uploadType: "resumable", name, upload_id: uploadId },
    // A status of redirects is what `fetch` hides in browsers.
    headers: { "content-range": `bytes ${range}/${total ?? "*"}`, "x-guploader-no-308": "yes" },
    body: bytes ?? new Uint8Array(0),
    signal,
    isRepeatable,
    isExpected: (status) => status === 308 || (status !== 404 && answers(status)),
    failureOf: (found) => (isUnfinished(found) ? receivedOf(found, end).failure : failure(found)),
  });
  return isUnfinished(answer) ? receivedOf(answer, end).bytes : outcomeOf(answer);
}

function isUnfinished({ status, headers }: HttpAnswer): boolean {
  return status === 308 || headers.get("x-http-status-code-override") === "308";
}

/** How many bytes the server has, of the first `sentBytes`. Without a range it has none. */
function receivedOf(
  { headers }: HttpAnswer,
  sentBytes: number,
): { bytes: number; failure?: { reason: string } } {
  const range = headers.get("range");
  if (range === null) return { bytes: 0 };
  const last = /^(?:bytes=)?0-(\d{1,15})$/.exec(range)?.[1];
  const bytes = last === undefined ? Number.NaN : Number(last) + 1;
  return bytes <= sentBytes
    ? { bytes }
    : { bytes: 0, failure: { reason: "no range of an upload" } };
}
