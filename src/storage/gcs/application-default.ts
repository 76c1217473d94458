/** Credentials that the environment offers: Google's "Application Default Credentials". */
import { makeError } from "../../base/errors.ts";
import { missingPackage } from "../../base/optional-package.ts";
import { environment } from "../environment.ts";
import { type GcsCredentials, TOKEN_SCOPE } from "./credentials.ts";
import { jsonOf } from "./json-answer.ts";
import type { ServiceAccountKey } from "./service-account.ts";

/** What the environment offers: a service account's key, or a way to tokens. */
type DefaultCredentials =
  | { readonly key: string | ServiceAccountKey }
  | { readonly ask: () => Promise<GcsCredentials> };

/** How long a token is taken for good whose end the library does not tell: it keeps its own. */
const UNKNOWN_END_MS = 300_000;

/** Looks for credentials. `nowMs`: the clock. */
export async function defaultCredentials(nowMs: () => number): Promise<DefaultCredentials> {
  const key = environment("GOOGLE_SERVICE_ACCOUNT_KEY");
  if (key !== undefined) return { key };
  const path = environment("GOOGLE_APPLICATION_CREDENTIALS");
  const stored = path === undefined ? undefined : await readKey(path);
  if (stored?.["type"] === "service_account") return { key: stored as ServiceAccountKey };
  const client = await loadClient();
  return {
    ask: async () => {
      const { token } = await client.getAccessToken().catch(() => {
        throw noToken("google-auth-library gets no token");
      });
      const end = client.credentials?.expiry_date;
      const expiresAfter = new Date(typeof end === "number" ? end : nowMs() + UNKNOWN_END_MS);
      return { bearerToken: token ?? "", expiresAfter };
    },
  };
}

interface Files {
  readFile(path: string): Promise<Uint8Array>;
}

/** A file of credentials. Platforms without files leave it to the library. */
async function readKey(path: string): Promise<Readonly<Record<string, unknown>> | undefined> {
  const { process } = globalThis as {
    process?: { getBuiltinModule?: (name: string) => unknown };
  };
  const files = process?.getBuiltinModule?.("node:fs/promises") as Files | undefined;
  if (files === undefined) return undefined;
  const details = { option: "GOOGLE_APPLICATION_CREDENTIALS" };
  let bytes: Uint8Array;
  try {
    bytes = await files.readFile(path);
  } catch (cause) {
    const reason = "the file that GOOGLE_APPLICATION_CREDENTIALS names cannot be read";
    throw makeError("storage-config", `gcsStorage: ${reason}`, { details, cause });
  }
  const found = jsonOf({ bytes });
  if (found !== undefined) return found;
  const reason = "the file that GOOGLE_APPLICATION_CREDENTIALS names is no JSON object";
  throw makeError("storage-config", `gcsStorage: ${reason}`, { details });
}

/** What is used of a client of `google-auth-library`. */
interface AuthClient {
  readonly credentials?: { readonly expiry_date?: number | null };
  getAccessToken(): Promise<{ readonly token?: string | null }>;
}

interface AuthLibrary {
  readonly GoogleAuth: new (options: { scopes: string }) => { getClient(): Promise<AuthClient> };
}

async function loadClient(): Promise<AuthClient> {
  const name = "google-auth-library";
  let library: AuthLibrary;
  try {
    library = (await import(/* @vite-ignore */ name)) as AuthLibrary;
  } catch (cause) {
    const needs =
      "gcsStorage: no credentials: pass serviceAccountKey, bearerToken, getCredentials, or " +
      "anonymous: true, or set GOOGLE_APPLICATION_CREDENTIALS. Google's other ways need";
    throw missingPackage(name, needs, cause);
  }
  try {
    return await new library.GoogleAuth({ scopes: TOKEN_SCOPE }).getClient();
  } catch {
    throw noToken("google-auth-library finds no credentials");
  }
}

/** Without a cause: errors of the library may hold what it sent. */
function noToken(reason: string): Error {
  const advice = "pass serviceAccountKey, bearerToken, getCredentials, or anonymous: true";
  return makeError("storage-config", `gcsStorage: ${reason}: ${advice}`, {});
}
