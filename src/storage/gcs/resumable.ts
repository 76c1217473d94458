/**
 * Large puts, piece by piece. The server says how far it has come, so that a piece whose answer is
 * lost costs that piece and not the object. Google Cloud Storage "Resumable uploads".
 */
import { encodeUtf8 } from "../../base/bytes.ts";
import { isIcefloeError } from "../../base/errors.ts";
import { type HttpAnswer, httpError } from "../http/http-request.ts";
import type { PutOutcome } from "../port.ts";
import type { GcsClient } from "./client.ts";
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

/** Puts an object in pieces of about `pieceBytes`: one request, and one for each. */
export async function putInPieces(
  client: GcsClient,
  put: GcsPut,
  pieceBytes: number,
): Promise<PutOutcome> {
  const started = await start(client, put);
  if (typeof started !== "string") return started;
  const step = Math.max(PIECE_UNIT, Math.ceil(pieceBytes / PIECE_UNIT) * PIECE_UNIT);
  const session: Session = { client, put, uploadId: started };
  let offset = 0;
  let stalls = 0;
  for (;;) {
    const end = Math.min(offset + step, put.body.length);
    const found = (await sendPiece(session, offset, end)) ?? (await askHowFar(session, end));
    if (typeof found !== "number") return found;
    if (found <= offset && ++stalls > STALLS_MAX)
      throw httpError(
        "object-store",
        client.uploadUrl,
        "the server takes no more of an upload",
        {},
      );
    if (found > offset) stalls = 0;
    offset = found;
  }
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
  const failure = failureOfPut(put.body.length);
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
      if (found.status >= 300) return failure(found);
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

/** Puts bytes [offset, end): how far the server is, the outcome, or `undefined` if no answer came. */
async function sendPiece(
  session: Session,
  offset: number,
  end: number,
): Promise<number | PutOutcome | undefined> {
  const { body } = session.put;
  const range = end > offset ? `${offset}-${end - 1}` : "*";
  try {
    return await send(session, body.subarray(offset, end), range, false);
  } catch (error) {
    if (isIcefloeError(error, "unknown-outcome")) return undefined;
    throw error;
  }
}

/** How far the server is, or the outcome if it has all; bytes up to `sent` may have arrived. */
async function askHowFar(session: Session, sent: number): Promise<number | PutOutcome> {
  try {
    return await send(session, new Uint8Array(0), "*", true);
  } catch (cause) {
    session.put.signal?.throwIfAborted();
    if (sent < session.put.body.length) throw cause; // An upload in part is no object.
    const reason = "an answer is lost, and the server does not tell what became of the upload";
    throw httpError("unknown-outcome", session.client.uploadUrl, reason, {}, cause);
  }
}

async function send(
  { client, put, uploadId }: Session,
  body: Uint8Array,
  range: string,
  isRepeatable: boolean,
): Promise<number | PutOutcome> {
  const { name, condition, signal } = put;
  const total = put.body.length;
  const answers = answersPut(condition);
  const failure = failureOfPut(total);
  const answer = await client.request({
    url: client.uploadUrl,
    method: "PUT",
    query: { uploadType: "resumable", name, upload_id: uploadId },
    // A status of redirects is what `fetch` hides in browsers.
    headers: { "content-range": `bytes ${range}/${total}`, "x-guploader-no-308": "yes" },
    body,
    signal,
    isRepeatable,
    isExpected: (status) => status === 308 || (status !== 404 && answers(status)),
    failureOf: (found) => (isUnfinished(found) ? receivedOf(found, total).failure : failure(found)),
  });
  return isUnfinished(answer) ? receivedOf(answer, total).bytes : outcomeOf(answer);
}

function isUnfinished({ status, headers }: HttpAnswer): boolean {
  return status === 308 || headers.get("x-http-status-code-override") === "308";
}

/** How many bytes the server has. Without a range it has none. */
function receivedOf(
  { headers }: HttpAnswer,
  total: number,
): { bytes: number; failure?: { reason: string } } {
  const range = headers.get("range");
  if (range === null) return { bytes: 0 };
  const last = /^(?:bytes=)?0-(\d{1,15})$/.exec(range)?.[1];
  const bytes = last === undefined ? Number.NaN : Number(last) + 1;
  return bytes <= total ? { bytes } : { bytes: 0, failure: { reason: "no range of an upload" } };
}
