/**
 * Authorized requests of one container. Bodies are not signed: the service takes MD5 or CRC-64 of
 * them, neither of which the platform computes, so that a body arrives whole is left to its length,
 * which the service demands, and that it arrives unchanged to TLS.
 */
import type { Runtime } from "../../base/runtime.ts";
import type { HttpAnswer } from "../http/http-request.ts";
import type { Failure, ObjectAsk, ObjectRequest } from "../http/object-requests.ts";
import { textIn } from "../http/xml.ts";
import type { AzureCredentialSource, AzureCredentials } from "./credentials.ts";
import type { AzureTarget } from "./options.ts";
import { importKey, signSharedKey } from "./shared-key.ts";

/** A request of the container, or of an object in it. */
interface AzureAsk extends Omit<ObjectAsk, "url" | "headers"> {
  /** The object's name in the container; left out: the container itself is asked. */
  readonly key?: string | undefined;
  readonly query?: Readonly<Record<string, string>> | undefined;
  /** Names in lower case. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** The object that is copied. */
  readonly sourceKey?: string | undefined;
}

/** Makes requests of one container. */
export interface AzureClient {
  readonly target: AzureTarget;
  readonly runtime: Runtime;
  url(key: string | undefined): URL;
  request(ask: AzureAsk): Promise<HttpAnswer>;
}

/** What a client works with. */
interface AzureClientParts {
  readonly target: AzureTarget;
  /** `undefined`: requests are not authorized. */
  readonly credentials: AzureCredentialSource | undefined;
  readonly runtime: Runtime;
  /** Made with what explains failures. */
  makeRequests(explain: (answer: HttpAnswer) => Failure): ObjectRequest;
}

/** The version of the protocol: that of the official engine. */
const VERSION = "2023-11-03";

/** Codes of Azure that say: nothing was done, ask again. */
const PASSING: readonly unknown[] = [
  "Md5Mismatch", // Damaged on the way.
  "PendingCopyOperation",
  "ServerBusy",
];

/** Codes of Azure about credentials that may have ended. */
const EXPIRED: readonly unknown[] = ["AuthenticationFailed", "InvalidAuthenticationInfo"];

/** Codes of a 404 that say: no such object. */
const ABSENT: readonly string[] = ["BlobNotFound", "CannotVerifyCopySource"];

/** What can be done about a code, where that says more. */
const ADVICE: Readonly<Record<string, string>> = {
  AuthenticationFailed:
    "the key or signature is another than the server's, has ended, or the clock is wrong",
  AuthorizationFailure: "the credentials do not allow this",
  AuthorizationPermissionMismatch: "the credentials do not allow this",
  BlobArchived: "the object is in the archive tier, and has to be rehydrated first",
  ContainerNotFound: "there is no such container",
  NoAuthenticationInformation: "there are no credentials, and the container is not public",
  ResourceNotFound: "there is no such account or container, or it is not public",
};

/** A client. */
export function createAzureClient(parts: AzureClientParts): AzureClient {
  const { target, credentials, runtime } = parts;
  const url = (key: string | undefined): URL => {
    const made = new URL(target.containerUrl);
    if (key === undefined) made.pathname = made.pathname.slice(0, -1);
    else made.pathname += key.split("/").map(encodeURIComponent).join("/");
    return made;
  };
  return {
    target,
    runtime,
    url,
    request(ask) {
      const { key, query = {}, headers = {}, body, sourceKey, ...rest } = ask;
      const asked = url(key);
      // With %20 for spaces: a plus sign means itself in what is signed.
      const own = Object.entries(query)
        .map((entry) => entry.map(encodeURIComponent).join("="))
        .join("&");
      const sent = ask.method === "PUT" ? (body ?? new Uint8Array(0)) : undefined;
      let latest: AzureCredentials | undefined;
      const explain = (answer: HttpAnswer): Failure => {
        const failure = explainAzure(answer);
        if (!EXPIRED.includes(failure.code) || latest === undefined) return failure;
        return { ...failure, isPassing: credentials?.expire(latest) ?? false };
      };
      const authorized = async (): Promise<Record<string, string>> => {
        latest = await credentials?.get(ask.signal);
        const fields: Record<string, string> = {
          ...target.headers,
          ...headers,
          "x-ms-date": new Date(runtime.nowMicros() / 1000).toUTCString(),
          "x-ms-version": VERSION,
        };
        const { accessKey, sasToken, bearerToken } = latest ?? {};
        if (sourceKey !== undefined)
          fields["x-ms-copy-source"] = withSignature(url(sourceKey), "", sasToken).href;
        withSignature(asked, own, sasToken); // That of this attempt: it may be a new one.
        if (bearerToken !== undefined) fields["authorization"] = `Bearer ${bearerToken}`;
        if (latest !== undefined && accessKey !== undefined) {
          const signed = {
            method: ask.method,
            url: asked,
            headers: fields,
            bodyBytes: sent?.length ?? 0,
          };
          const key = await signingKey(latest, accessKey);
          fields["authorization"] = await signSharedKey(target.account, key, signed);
        }
        return { ...fields, "accept-encoding": "identity" };
      };
      return parts.makeRequests(explain)({ ...rest, url: asked, headers: authorized, body: sent });
    },
  };
}

/** `url` with the query `own`, and a signature's after it. */
function withSignature(url: URL, own: string, sasToken: string | undefined): URL {
  const signature = sasToken?.replace(/^[?&]/, "") ?? "";
  url.search = own === "" || signature === "" ? own + signature : `${own}&${signature}`;
  return url;
}

const signingKeys = new WeakMap<AzureCredentials, Promise<CryptoKey>>();

function signingKey(credentials: AzureCredentials, accessKey: string): Promise<CryptoKey> {
  const key = signingKeys.get(credentials) ?? importKey(accessKey);
  signingKeys.set(credentials, key);
  return key;
}

/** The service's name of a failure. HEAD has it in a header alone, and proxies may cut that. */
function codeOf({ bytes, headers }: HttpAnswer): string | undefined {
  const code = headers.get("x-ms-error-code") ?? textIn(new TextDecoder().decode(bytes), "Code");
  return code !== undefined && /^[A-Za-z0-9]{1,64}$/.test(code) ? code : undefined;
}

/** What an answer says about a failure: the code alone, for the rest may repeat what was sent. */
export function explainAzure(answer: HttpAnswer): Failure {
  const code = codeOf(answer);
  if (code === undefined) return {};
  return { code, reason: ADVICE[code], isPassing: PASSING.includes(code) };
}

/** A failure unless the answer's code is one of `codes`, or it has none. */
export function failureUnless(answer: HttpAnswer, codes: readonly string[]): Failure | undefined {
  const code = codeOf(answer);
  return code === undefined || codes.includes(code) ? undefined : explainAzure(answer);
}

/** A 404 may mean that the container is gone. */
export function missingContainer(answer: HttpAnswer): Failure | undefined {
  return answer.status === 404 ? failureUnless(answer, ABSENT) : undefined;
}
