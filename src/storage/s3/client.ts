/**
 * Signed requests of one bucket. Signature Version 4, by aws4fetch; bodies are signed as well, so
 * that no server stores one that arrived in part.
 */
import { AwsV4Signer } from "aws4fetch";
import { hexOf } from "../../base/bytes.ts";
import type { Runtime } from "../../base/runtime.ts";
import type { HttpAnswer } from "../http/http-request.ts";
import type { Failure, ObjectAsk, ObjectRequest } from "../http/object-requests.ts";
import { textIn } from "../http/xml.ts";
import type { S3CredentialSource, S3Credentials } from "./credentials.ts";
import type { S3Target } from "./options.ts";

/** A request of the bucket, or of an object in it. */
interface S3Ask extends Omit<ObjectAsk, "url" | "headers"> {
  /** The object's name in the bucket; left out: the bucket itself is asked. */
  readonly key?: string | undefined;
  readonly query?: Readonly<Record<string, string>> | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** Makes requests of one bucket. */
export interface S3Client {
  readonly target: S3Target;
  url(key: string | undefined): URL;
  request(ask: S3Ask): Promise<HttpAnswer>;
}

/** What a client works with. */
interface S3ClientParts {
  readonly target: S3Target;
  /** `undefined`: requests are not signed. */
  readonly credentials: S3CredentialSource | undefined;
  readonly runtime: Runtime;
  /** Made with what explains failures. */
  makeRequests(explain: (answer: HttpAnswer) => Failure): ObjectRequest;
}

/** Codes of S3 that say: nothing was done, ask again. */
const PASSING: readonly unknown[] = [
  "BadDigest", // Damaged on the way.
  "ConditionalRequestConflict",
  "IncompleteBody",
  "OperationAborted",
  "RequestTimeout",
  "SlowDown",
  "ThrottlingException",
  "TooManyRequests",
];

/** Codes of S3 about credentials that have ended. */
const EXPIRED: readonly unknown[] = [
  "ExpiredToken",
  "ExpiredTokenException",
  "TokenRefreshRequired",
];

/** What can be done about a code, where that says more. */
const ADVICE: Readonly<Record<string, string>> = {
  AccessDenied: "the credentials do not allow this, or there are none",
  InvalidAccessKeyId: "the server does not know the access key",
  NoSuchBucket: "there is no such bucket",
  PermanentRedirect: "the bucket is at another endpoint, or in another region",
  RequestTimeTooSkewed: "the clock of this machine is wrong",
  SignatureDoesNotMatch: "the secret key is another than the server's",
};

/** What a server says that is asked for a bucket of another region. */
const OF_REGION: readonly string[] = ["AuthorizationHeaderMalformed", "PermanentRedirect"];

/** A client. */
export function createS3Client(parts: S3ClientParts): S3Client {
  const { target, credentials } = parts;
  let latest: S3Credentials | undefined;
  const explain = (answer: HttpAnswer): Failure => {
    const failure = explainS3(answer);
    if (!EXPIRED.includes(failure.code) || latest === undefined) return failure;
    return { ...failure, isPassing: credentials?.expire(latest) ?? false };
  };
  const send = parts.makeRequests(explain);
  const url = (key: string | undefined): URL => {
    const made = new URL(target.bucketUrl);
    if (key !== undefined) made.pathname += key.split("/").map(encodeURIComponent).join("/");
    return made;
  };
  return {
    target,
    url,
    request(ask) {
      const { key, query = {}, headers = {}, body = new Uint8Array(0), ...rest } = ask;
      const asked = url(key);
      for (const [name, value] of Object.entries(query)) asked.searchParams.append(name, value);
      const isSent = ask.method === "PUT" || ask.method === "POST";
      const isRead = ask.method === "GET" || ask.method === "HEAD";
      let hash: string | undefined; // Of the same body each time.
      const signed = async (): Promise<Record<string, string>> => {
        const all = { ...target.headers, ...(isRead ? target.readHeaders : {}), ...headers };
        if (credentials === undefined) return all;
        latest = await credentials.get(ask.signal);
        hash ??= body.length === 0 ? EMPTY_SHA256 : hexOf(await sha256(body));
        return sign(parts, latest, ask.method, asked, { ...all, "x-amz-content-sha256": hash });
      };
      return send({ ...rest, url: asked, headers: signed, body: isSent ? body : undefined });
    },
  };
}

const EMPTY_SHA256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/** The SHA-256 of `bytes`. */
export async function sha256(bytes: Uint8Array): Promise<Uint8Array> {
  const digest = await crypto.subtle.digest("SHA-256", bytes as Uint8Array<ArrayBuffer>);
  return new Uint8Array(digest);
}

/** Keys that were derived from secrets of a day, by aws4fetch. One day and region: one key. */
const derivedKeys = new WeakMap<S3Credentials, Map<string, ArrayBuffer>>();

async function sign(
  { target, runtime }: S3ClientParts,
  credentials: S3Credentials,
  method: string,
  url: URL,
  headers: Readonly<Record<string, string>>,
): Promise<Record<string, string>> {
  const { accessKeyId, secretAccessKey, sessionToken } = credentials;
  const cache = derivedKeys.get(credentials) ?? new Map<string, ArrayBuffer>();
  if (cache.size > 8) cache.clear(); // Of days gone by.
  derivedKeys.set(credentials, cache);
  const now = new Date(runtime.nowMicros() / 1000);
  const signer = new AwsV4Signer({
    method,
    url: url.href,
    headers: { ...headers },
    accessKeyId,
    secretAccessKey,
    ...(sessionToken === undefined ? {} : { sessionToken }),
    service: "s3",
    region: target.region,
    cache,
    datetime: now.toISOString().replace(/[:-]|\.\d{3}/g, ""),
  });
  const signed = await signer.sign();
  // Not signed: proxies may change it.
  return { ...Object.fromEntries(signed.headers as Headers), "accept-encoding": "identity" };
}

/** What an answer says about a failure: the code alone, for the rest may repeat what was sent. */
export function explainS3({ bytes, headers }: HttpAnswer): Failure {
  const xml = new TextDecoder().decode(bytes);
  const code = textIn(xml, "Code");
  if (code === undefined || !/^[A-Za-z0-9]{1,64}$/.test(code)) return {};
  const region = headers.get("x-amz-bucket-region") ?? textIn(xml, "Region") ?? "";
  const reason =
    OF_REGION.includes(code) && /^[a-z0-9-]{1,32}$/.test(region)
      ? `the bucket is in region ${region}`
      : ADVICE[code];
  return { code, reason, isPassing: PASSING.includes(code) };
}
