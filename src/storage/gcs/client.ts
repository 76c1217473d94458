/** Requests of one bucket by the JSON API of Google Cloud Storage. */
import { decodeIfUtf8 } from "../../base/bytes.ts";
import { isPlainObject } from "../../base/options.ts";
import type { HttpAnswer } from "../http/http-request.ts";
import type { Failure, ObjectAsk, ObjectRequest } from "../http/object-requests.ts";
import type { HeldToken, TokenSource } from "./credentials.ts";
import { jsonOf } from "./json-answer.ts";
import type { GcsTarget } from "./options.ts";

/** A request; its URL comes from the client. */
interface GcsAsk extends Omit<ObjectAsk, "headers"> {
  readonly query?: Readonly<Record<string, string>> | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** Makes requests of one bucket. */
export interface GcsClient {
  readonly target: GcsTarget;
  /** The bucket's objects, or the one with that name. */
  objectUrl(name?: string): URL;
  /** Where objects are put. */
  readonly uploadUrl: URL;
  request(ask: GcsAsk): Promise<HttpAnswer>;
}

/** What a client works with. */
interface GcsClientParts {
  readonly target: GcsTarget;
  /** `undefined`: requests carry no token. */
  readonly tokens: TokenSource | undefined;
  /** Made with what explains failures. */
  makeRequests(explain: (answer: HttpAnswer) => Failure): ObjectRequest;
}

/** Reasons of Google Cloud Storage that say: nothing was done, ask again. */
const PASSING: readonly unknown[] = ["rateLimitExceeded", "userRateLimitExceeded"];

/** What can be done about a reason, where that says more. */
const ADVICE: Readonly<Record<string, string>> = {
  authError: "the token does not hold, or there is none",
  forbidden: "the credentials do not allow this, or there are none",
  required: "there are no credentials, and the bucket is not open to all",
};

/** What is said of an object: servers keep at most 8 KiB of its metadata. */
const RESOURCE_BYTES_MAX = 1024 * 1024;

/** A client. */
export function createGcsClient({ target, tokens, makeRequests }: GcsClientParts): GcsClient {
  const { endpoint, bucket } = target;
  const objects = `${endpoint.href}storage/v1/b/${bucket}/o`;
  return {
    target,
    objectUrl: (name) =>
      new URL(name === undefined ? objects : `${objects}/${encodeURIComponent(name)}`),
    uploadUrl: new URL(`${endpoint.href}upload/storage/v1/b/${bucket}/o`),
    request({ url, query = {}, headers = {}, bytesMax = RESOURCE_BYTES_MAX, ...rest }) {
      const asked = new URL(url);
      for (const [name, value] of Object.entries(query)) asked.searchParams.append(name, value);
      let sent: HeldToken | undefined; // Others may have got a newer one meanwhile.
      const explain = (answer: HttpAnswer): Failure => {
        const failure = explainGcs(answer);
        if (answer.status !== 401 || sent === undefined) return failure;
        return { ...failure, isPassing: tokens?.refused(sent) ?? false };
      };
      const authorized = async (): Promise<Record<string, string>> => {
        const all = { ...target.headers, ...headers };
        if (tokens === undefined) return all;
        sent = await tokens.get(rest.signal);
        return { ...all, authorization: `Bearer ${sent.bearerToken}` };
      };
      return makeRequests(explain)({ ...rest, url: asked, headers: authorized, bytesMax });
    },
  };
}

/** What an answer says about a failure: its reason alone, for the rest may repeat what was sent. */
function explainGcs(answer: HttpAnswer): Failure {
  if (isBucketMissing(answer)) return { code: "notFound", reason: "there is no such bucket" };
  const { error } = jsonOf(answer) ?? {};
  const errors = isPlainObject(error) ? error["errors"] : undefined;
  const first: unknown = Array.isArray(errors) ? errors[0] : undefined;
  const code = isPlainObject(first) ? first["reason"] : undefined;
  if (typeof code !== "string" || !/^[A-Za-z0-9]{1,64}$/.test(code)) return {};
  return { code, reason: ADVICE[code], isPassing: PASSING.includes(code) };
}

function isBucketMissing({ status, bytes }: HttpAnswer): boolean {
  const text = status === 404 ? decodeIfUtf8(bytes.subarray(0, 4096)) : undefined;
  return text?.includes("The specified bucket does not exist") ?? false;
}

/** A 404 may mean that the bucket is gone. */
export function bucketFailure(answer: HttpAnswer): Failure | undefined {
  return isBucketMissing(answer) ? explainGcs(answer) : undefined;
}
