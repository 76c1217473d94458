/**
 * Copies within a container. Azure Storage "Copy Blob": the one copy that a key, a signature and a
 * token all authorize for the source, too. Mostly it is done when the answer comes; else it is asked
 * after until it is.
 */
import { makeError } from "../../base/errors.ts";
import { type HttpAnswer, httpError } from "../http/http-request.ts";
import { type AzureClient, failureUnless, missingContainer } from "./client.ts";

/** What is copied. */
interface AzureCopy {
  readonly sourceKey: string;
  readonly key: string;
  /** Of the version that is copied. */
  readonly etag: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal | undefined;
}

const FIRST_PAUSE_MS = 50;
const PAUSE_MS_MAX = 5_000;

/** Some ten minutes. */
const QUESTIONS_MAX = 130;

/** What became of a copy. */
type CopyOutcome = "copied" | "absent" | "condition-failed";

/** Copies an object. One request, and one each time that a copy under way is asked after. */
export async function copyBlob(client: AzureClient, copy: AzureCopy): Promise<CopyOutcome> {
  const { sourceKey, key, etag, headers, signal } = copy;
  const answer = await client.request({
    key,
    sourceKey,
    method: "PUT",
    headers: { ...headers, ...(etag === undefined ? {} : { "x-ms-source-if-match": etag }) },
    signal,
    isExpected: (status) =>
      status === 202 || status === 404 || (etag !== undefined && status === 412),
    failureOf: (found) =>
      found.status === 412
        ? failureUnless(found, ["SourceConditionNotMet", "ConditionNotMet"])
        : missingContainer(found),
  });
  if (answer.status === 412) return "condition-failed";
  if (answer.status === 404) return "absent";
  const id = answer.headers.get("x-ms-copy-id");
  let found = answer;
  for (let questions = 0; ; questions++) {
    const outcome = outcomeOf(client, copy, id, found);
    if (outcome !== undefined) return outcome;
    if (questions === QUESTIONS_MAX) throw refusal(client, key, "it is still under way");
    const pauseMs = Math.min(FIRST_PAUSE_MS * 2 ** questions, PAUSE_MS_MAX);
    await client.runtime.sleep(pauseMs, signal);
    found = await client.request({ key, method: "HEAD", cache: "no-store", signal });
  }
}

/** What became of the copy `id`, as an answer tells it; `undefined` while it is under way. */
function outcomeOf(
  client: AzureClient,
  { key, etag }: AzureCopy,
  id: string | null,
  { headers }: HttpAnswer,
): CopyOutcome | undefined {
  if (headers.get("x-ms-copy-id") !== id)
    throw refusal(client, key, "another object is there meanwhile");
  const status = headers.get("x-ms-copy-status");
  if (status === "success") return "copied";
  if (status === "pending") return undefined;
  // It tells the status that reading the source met with: the source may be replaced meanwhile.
  const reason = headers.get("x-ms-copy-status-description") ?? "";
  if (etag !== undefined && /^412\b/.test(reason)) return "condition-failed";
  throw refusal(client, key, status === "aborted" ? "it was ended" : "it failed");
}

function refusal(client: AzureClient, key: string, reason: string): Error {
  return httpError("object-store", client.url(key), `the server's copy: ${reason}`, {});
}

/** The error of a copy of what is not there. */
export function absentSource(path: string): Error {
  return makeError("object-not-found", `copy of ${path}: no such object`, { details: { path } });
}
