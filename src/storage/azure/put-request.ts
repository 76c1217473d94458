/** The request that makes an object, from its bytes or from blocks that are there, on a condition. */
import type { ObjectVersion, PutBody, PutCondition, PutOutcome } from "../port.ts";
import type { BodyFacts } from "../put-body.ts";
import { type AzureClient, failureUnless } from "./client.ts";

/** One object to be put. */
export interface AzurePut extends BodyFacts {
  readonly key: string;
  readonly body: PutBody;
  readonly condition: PutCondition | undefined;
  /** Of the object itself: its type, metadata, access tier. */
  readonly headers: Readonly<Record<string, string>>;
}

/** The codes of a condition that does not hold. */
const FAILED_CONDITIONS: readonly string[] = [
  "BlobAlreadyExists",
  "BlobNotFound",
  "ConditionNotMet",
  "TargetConditionNotMet",
];

/** The request that makes an object, if its condition holds. */
export async function putOnCondition(
  client: AzureClient,
  { key, condition, headers, signal }: AzurePut,
  own: Readonly<Record<string, string>>,
  query: Readonly<Record<string, string>>,
  body: Uint8Array,
): Promise<PutOutcome> {
  const answer = await client.request({
    key,
    method: "PUT",
    query,
    headers: { ...headers, ...own, ...conditionHeaders(condition) },
    body,
    signal,
    isRepeatable: condition === undefined,
    isExpected: (status) => status === 201 || isRefusal(condition, status),
    // Other refusals have those statuses too: leases, policies, a container that is being deleted.
    failureOf: (found) =>
      found.status === 201 ? undefined : failureUnless(found, FAILED_CONDITIONS),
  });
  if (answer.status !== 201) return { outcome: "condition-failed" };
  return { outcome: "written", version: azureVersion(answer.headers) };
}

function conditionHeaders(condition: PutCondition | undefined): Record<string, string> {
  if (condition === undefined) return {};
  if ("ifAbsent" in condition) return { "if-none-match": "*" };
  return { "if-match": condition.ifMatch.etag ?? "" };
}

/** Whether a status may say that a condition does not hold: 409 if something is there already. */
function isRefusal(condition: PutCondition | undefined, status: number): boolean {
  if (condition === undefined) return false;
  return status === 412 || status === ("ifAbsent" in condition ? 409 : 404);
}

/** The version that an answer names. */
export function azureVersion(headers: Headers): ObjectVersion {
  const etag = headers.get("etag");
  return etag === null ? {} : { etag };
}
