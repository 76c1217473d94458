/**
 * Tokens for a service account: a statement signed with its key is exchanged for a token that holds
 * an hour. OAuth 2.0, "JWT Bearer Token Grant".
 */
import { decodeIfUtf8, encodeUtf8 } from "../../base/bytes.ts";
import { makeError } from "../../base/errors.ts";
import { isPlainObject } from "../../base/options.ts";
import type { Runtime } from "../../base/runtime.ts";
import { type HttpAnswer, httpError } from "../http/http-request.ts";
import type { Failure, ObjectRequest } from "../http/object-requests.ts";
import { type GcsCredentials, TOKEN_SCOPE } from "./credentials.ts";
import { jsonOf } from "./json-answer.ts";

/** What is used of a service account's key, by the names that it has in its file. */
export interface ServiceAccountKey {
  readonly type?: string | undefined;
  readonly client_email: string;
  /** PKCS #8, as PEM. */
  readonly private_key: string;
  readonly private_key_id?: string | undefined;
  /** Where the signed statement is exchanged. Default: Google's own. */
  readonly token_uri?: string | undefined;
  readonly [member: string]: unknown;
}

/** A key whose members have been checked. */
interface ServiceAccount {
  readonly email: string;
  /** PKCS #8. */
  readonly privateKey: Uint8Array<ArrayBuffer>;
  readonly keyId: string | undefined;
  readonly tokenUrl: URL;
}

const GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const STATEMENT_SECONDS = 3600;
const ANSWER_BYTES_MAX = 64 * 1024;

/** Checks a key; errors show nothing of it. @throws {storage-config} */
export function serviceAccountOf(
  given: string | ServiceAccountKey,
  isLoopbackAllowed: boolean,
): ServiceAccount {
  const key = typeof given === "string" ? parsed(given) : given;
  if (!isPlainObject(key)) throw refused("is no JSON object");
  const { type = "service_account", client_email, private_key, private_key_id, token_uri } = key;
  if (type !== "service_account") throw refused("is of another type than service_account");
  if (typeof client_email !== "string" || client_email === "") throw refused("has no client_email");
  const base64 = /-----BEGIN PRIVATE KEY-----([A-Za-z0-9+/=\s]+)-----END PRIVATE KEY-----/.exec(
    typeof private_key === "string" ? private_key : "",
  )?.[1];
  const privateKey = base64 === undefined ? undefined : bytesOf(base64.replace(/\s/g, ""));
  if (privateKey === undefined) throw refused("has no private_key in PKCS #8 and PEM");
  return {
    email: client_email,
    privateKey,
    keyId: typeof private_key_id === "string" ? private_key_id : undefined,
    tokenUrl: tokenUrlOf(token_uri ?? "https://oauth2.googleapis.com/token", isLoopbackAllowed),
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // The error would show the text.
  }
}

function bytesOf(base64: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    return Uint8Array.from(atob(base64), (sign) => sign.charCodeAt(0));
  } catch {
    return undefined;
  }
}

function refused(reason: string): Error {
  return makeError("storage-config", `gcsStorage: the service account's key ${reason}`, {
    details: { option: "serviceAccountKey" },
  });
}

/** Whoever writes a key must not choose which server of the local network is asked. */
function tokenUrlOf(given: unknown, isLoopbackAllowed: boolean): URL {
  const url = typeof given === "string" && URL.canParse(given) ? new URL(given) : undefined;
  const { protocol = "", hostname = "", port = "", username = "", password = "" } = url ?? {};
  const isGoogle =
    protocol === "https:" &&
    port === "" &&
    /^(?:[a-z0-9-]+\.)*(?:googleapis\.com|accounts\.google\.com)$/.test(hostname);
  const isLoopback =
    isLoopbackAllowed &&
    /^https?:$/.test(protocol) &&
    /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/.test(hostname);
  if (url === undefined || !(isGoogle || isLoopback) || username !== "" || password !== "")
    throw refused("has a token_uri that is not Google's");
  return url;
}

/** Exchanges a signed statement for a token. One request. */
export async function exchangeToken(
  { email, privateKey, keyId, tokenUrl }: ServiceAccount,
  runtime: Runtime,
  send: ObjectRequest,
  signal: AbortSignal | undefined,
): Promise<GcsCredentials> {
  const statement = async (): Promise<Uint8Array> => {
    const issued = Math.floor(runtime.nowMicros() / 1e6);
    const head = { alg: "RS256", typ: "JWT", ...(keyId === undefined ? {} : { kid: keyId }) };
    const claims = {
      iss: email,
      scope: TOKEN_SCOPE,
      aud: tokenUrl.href,
      iat: issued,
      exp: issued + STATEMENT_SECONDS,
    };
    const assertion = await signed(head, claims, privateKey);
    return encodeUtf8(String(new URLSearchParams({ grant_type: GRANT, assertion })));
  };
  const answer = await send({
    url: tokenUrl,
    method: "POST",
    headers: async () => ({ "content-type": "application/x-www-form-urlencoded" }),
    body: await statement(),
    signal,
    bytesMax: ANSWER_BYTES_MAX,
  });
  const { access_token, expires_in } = jsonOf(answer) ?? {};
  if (typeof access_token !== "string" || typeof expires_in !== "number" || !(expires_in > 0))
    throw httpError("unexpected-response", tokenUrl, "the server answered no token", {});
  const expiresAfter = new Date(runtime.nowMicros() / 1000 + expires_in * 1000);
  return { bearerToken: access_token, expiresAfter };
}

async function signed(
  head: object,
  claims: object,
  privateKey: Uint8Array<ArrayBuffer>,
): Promise<string> {
  const algorithm = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };
  const key = await crypto.subtle
    .importKey("pkcs8", privateKey, algorithm, false, ["sign"])
    .catch(() => undefined); // The error may show of the key what it cannot read.
  if (key === undefined) throw refused("has a private_key that is none of RSA");
  const text = `${base64Url(encodeUtf8(JSON.stringify(head)))}.${base64Url(encodeUtf8(JSON.stringify(claims)))}`;
  const signature = await crypto.subtle.sign(
    algorithm.name,
    key,
    encodeUtf8(text) as Uint8Array<ArrayBuffer>,
  );
  return `${text}.${base64Url(new Uint8Array(signature))}`;
}

function base64Url(bytes: Uint8Array): string {
  const base64 = btoa(String.fromCharCode(...bytes));
  return base64.replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

/** What an answer says about an exchange that failed. OAuth 2.0, "Error Response". */
export function explainExchange({ bytes }: HttpAnswer): Failure {
  const { error } = jsonOf({ bytes }) ?? {};
  const text = typeof error === "string" ? error : "";
  if (!/^[a-z_]{1,64}$/.test(text) || decodeIfUtf8(bytes) === undefined) return {};
  const reason =
    text === "invalid_grant"
      ? "the service account's key does not hold, or the clock of this machine is wrong"
      : undefined;
  return { code: text, reason };
}
