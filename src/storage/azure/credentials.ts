/** What authorizes requests of Azure: a key, a shared access signature or a token, and how long. */
import { makeError } from "../../base/errors.ts";
import { missingPackage } from "../../base/optional-package.ts";
import { isPlainObject } from "../../base/options.ts";
import type { Runtime } from "../../base/runtime.ts";
import { createSingleFlight, joinFlight } from "../../base/single-flight.ts";
import { environment } from "../environment.ts";

/** One way to be authorized, and how long it holds. */
export interface AzureCredentials {
  /** A key of the account, in base64. */
  readonly accessKey?: string | undefined;
  /** The query of a shared access signature. */
  readonly sasToken?: string | undefined;
  /** A token of Microsoft Entra. */
  readonly bearerToken?: string | undefined;
  /** From then on they are asked for again, a minute early. Left out: they hold. */
  readonly expiresAfter?: Date | undefined;
}

/** Hands out credentials. */
export interface AzureCredentialSource {
  /** The credentials that hold now. */
  get(signal: AbortSignal | undefined): Promise<AzureCredentials>;
  /** The server does not take these any more. Whether there may be others. */
  expire(credentials: AzureCredentials): boolean;
}

/** What credentials are made of. */
interface CredentialOptions extends Omit<AzureCredentials, "expiresAfter"> {
  readonly getCredentials?: (() => Promise<AzureCredentials>) | undefined;
}

/** The ways to be authorized, of which credentials name one. */
export const AZURE_WAYS = ["accessKey", "sasToken", "bearerToken"] as const;

/** How long before their end credentials are renewed: a request takes a while. */
const RENEWED_EARLY_MS = 60_000;

/** What was handed out less than this ago is not refused for its age: others would be no better. */
const FRESH_MS = 60_000;

/** Those that are given, a callback's, or what the environment offers. */
export function azureCredentials(
  options: CredentialOptions,
  runtime: Runtime,
): AzureCredentialSource {
  for (const way of AZURE_WAYS) {
    const given = options[way];
    if (given === undefined) continue;
    const held: AzureCredentials = { [way]: given };
    return { get: async () => held, expire: () => false };
  }
  return renewed(options.getCredentials ?? environmentCredentials, runtime);
}

/** Credentials that are asked for when there are none that hold, by one asker at a time. */
function renewed(ask: () => Promise<AzureCredentials>, runtime: Runtime): AzureCredentialSource {
  const flights = createSingleFlight<AzureCredentials>();
  let held: AzureCredentials | undefined;
  let renewedMs = 0;
  const nowMs = (): number => runtime.nowMicros() / 1000;
  const renew = async (): Promise<AzureCredentials> => {
    held = checkCredentials(await ask());
    renewedMs = nowMs();
    return held;
  };
  const holds = ({ expiresAfter }: AzureCredentials): boolean =>
    expiresAfter === undefined || expiresAfter.getTime() - RENEWED_EARLY_MS > nowMs();
  return {
    async get(signal) {
      if (held !== undefined && holds(held)) return held;
      return joinFlight(flights.flight("credentials", renew, signal), signal);
    },
    expire(credentials) {
      if (held !== credentials) return true; // Others are there already.
      if (nowMs() - renewedMs < FRESH_MS) return false;
      held = undefined;
      return true;
    },
  };
}

/** Never shows what it was given. */
function checkCredentials(given: unknown): AzureCredentials {
  const found = (isPlainObject(given) ? given : {}) as Record<string, unknown>;
  const ways = AZURE_WAYS.filter((way) => found[way] !== undefined);
  const { expiresAfter } = found;
  const isWrongDate =
    expiresAfter !== undefined &&
    !(expiresAfter instanceof Date && !Number.isNaN(expiresAfter.getTime()));
  const [way] = ways;
  const wrong =
    (ways.length !== 1 && "accessKey, sasToken or bearerToken, one of them") ||
    (way !== undefined && !isCredential(way, found[way]) && way) ||
    (isWrongDate && "expiresAfter");
  if (!wrong) return given as AzureCredentials;
  throw makeError("storage-config", `azureStorage: the credentials have no proper ${wrong}`, {
    details: { option: way ?? "getCredentials" },
  });
}

/** Whether `value` fits where such a credential goes: a signature's key, a query, a header. */
export function isCredential(way: (typeof AZURE_WAYS)[number], value: unknown): value is string {
  if (typeof value !== "string") return false;
  if (way === "accessKey")
    return /^(?:[A-Za-z0-9+/]{4})+(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(value);
  if (way === "sasToken")
    return /^[\x21\x22\x24-\x7e]+$/.test(value) && /(?:^|[?&])sig=/.test(value);
  return /^[\x21-\x7e]+$/.test(value);
}

/** The variables that hold a credential, the official engine's. */
const VARIABLES: Readonly<Record<(typeof AZURE_WAYS)[number], readonly string[]>> = {
  accessKey: ["AZURE_STORAGE_ACCOUNT_KEY", "AZURE_STORAGE_ACCESS_KEY", "AZURE_STORAGE_MASTER_KEY"],
  sasToken: ["AZURE_STORAGE_SAS_TOKEN", "AZURE_STORAGE_SAS_KEY"],
  bearerToken: ["AZURE_STORAGE_TOKEN"],
};

/** From `AZURE_STORAGE_*` variables, else from Azure's own chain: workload, managed identity, CLI. */
async function environmentCredentials(): Promise<AzureCredentials> {
  for (const way of AZURE_WAYS)
    for (const name of VARIABLES[way]) {
      const value = environment(name);
      if (value !== undefined) return { [way]: value };
    }
  const chain = await loadChain();
  const { token, expiresOnTimestamp } = await chain.getToken("https://storage.azure.com/.default");
  return { bearerToken: token, expiresAfter: new Date(expiresOnTimestamp) };
}

interface TokenCredential {
  getToken(scope: string): Promise<{ readonly token: string; readonly expiresOnTimestamp: number }>;
}

interface IdentityPackage {
  readonly DefaultAzureCredential: new () => TokenCredential;
}

async function loadChain(): Promise<TokenCredential> {
  const name = "@azure/identity";
  try {
    const identity = (await import(/* @vite-ignore */ name)) as IdentityPackage;
    return new identity.DefaultAzureCredential();
  } catch (cause) {
    const needs =
      "azureStorage: no credentials: pass accessKey, sasToken, bearerToken, getCredentials or " +
      "anonymous: true, or set AZURE_STORAGE_ACCOUNT_KEY or AZURE_STORAGE_SAS_TOKEN. Azure's other ways need";
    throw missingPackage(name, needs, cause);
  }
}
