/** Where the keys that sign requests come from, and how long they hold. */
import { makeError } from "../../base/errors.ts";
import { missingPackage } from "../../base/optional-package.ts";
import { isPlainObject } from "../../base/options.ts";
import type { Runtime } from "../../base/runtime.ts";
import { createSingleFlight, joinFlight } from "../../base/single-flight.ts";
import { environment } from "../environment.ts";
import { isSecretText } from "../http/header-fields.ts";

/** Keys of S3, and how long they hold. */
export interface S3Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
  /** From then on they are asked for again, a minute early. Left out: they hold. */
  readonly expiresAfter?: Date | undefined;
}

/** Hands out credentials. */
export interface S3CredentialSource {
  /** The credentials that hold now. */
  get(signal: AbortSignal | undefined): Promise<S3Credentials>;
  /** The server calls these expired. Whether there may be others. */
  expire(credentials: S3Credentials): boolean;
}

/** What credentials are made of; one of three ways. */
interface CredentialOptions {
  readonly accessKeyId?: string | undefined;
  readonly secretAccessKey?: string | undefined;
  readonly sessionToken?: string | undefined;
  readonly getCredentials?: (() => Promise<S3Credentials>) | undefined;
}

/** How long before their end credentials are renewed: a request takes a while. */
const RENEWED_EARLY_MS = 60_000;

/** Static keys, a callback, or what the environment offers. */
export function s3Credentials(options: CredentialOptions, runtime: Runtime): S3CredentialSource {
  const { accessKeyId, secretAccessKey, sessionToken, getCredentials } = options;
  if (accessKeyId !== undefined && secretAccessKey !== undefined) {
    const held = { accessKeyId, secretAccessKey, sessionToken };
    return { get: async () => held, expire: () => false };
  }
  return renewed(getCredentials ?? environmentCredentials, runtime);
}

/** Credentials that are asked for when there are none that hold, by one asker at a time. */
function renewed(ask: () => Promise<S3Credentials>, runtime: Runtime): S3CredentialSource {
  const flights = createSingleFlight<S3Credentials>();
  let held: S3Credentials | undefined;
  const renew = async (): Promise<S3Credentials> => {
    held = checkCredentials(await ask());
    return held;
  };
  const holds = ({ expiresAfter }: S3Credentials): boolean =>
    expiresAfter === undefined ||
    expiresAfter.getTime() - RENEWED_EARLY_MS > runtime.nowMicros() / 1000;
  return {
    async get(signal) {
      if (held !== undefined && holds(held)) return held;
      return joinFlight(flights.flight("credentials", renew, signal), signal);
    },
    expire(credentials) {
      if (held === credentials) held = undefined;
      return true;
    },
  };
}

/** Never shows what it was given. */
function checkCredentials(given: unknown): S3Credentials {
  const { accessKeyId, secretAccessKey, sessionToken, expiresAfter } = (
    isPlainObject(given) ? given : {}
  ) as Record<string, unknown>;
  const wrong =
    (!isSecretText(accessKeyId) && "accessKeyId") ||
    (!isSecretText(secretAccessKey) && "secretAccessKey") ||
    (sessionToken !== undefined && !isSecretText(sessionToken) && "sessionToken") ||
    (expiresAfter !== undefined && !isDate(expiresAfter) && "expiresAfter");
  if (!wrong) return given as S3Credentials;
  throw makeError("storage-config", `s3Storage: the credentials have no proper ${wrong}`, {
    details: { option: wrong },
  });
}

function isDate(value: unknown): boolean {
  return value instanceof Date && !Number.isNaN(value.getTime());
}

/** From `AWS_*` variables, else from AWS's own chain: profiles, web identity, container, instance. */
async function environmentCredentials(): Promise<S3Credentials> {
  const accessKeyId = environment("AWS_ACCESS_KEY_ID");
  const secretAccessKey = environment("AWS_SECRET_ACCESS_KEY");
  const sessionToken = environment("AWS_SESSION_TOKEN");
  if (accessKeyId !== undefined && secretAccessKey !== undefined)
    return { accessKeyId, secretAccessKey, sessionToken };
  const provide = await loadChain();
  const { expiration, ...keys } = await provide();
  const { accessKeyId: id, secretAccessKey: secret, sessionToken: token } = keys;
  return {
    accessKeyId: id,
    secretAccessKey: secret,
    sessionToken: token,
    expiresAfter: expiration,
  };
}

interface ChainCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  readonly expiration?: Date;
}

interface ProviderChain {
  fromNodeProviderChain(): () => Promise<ChainCredentials>;
}

async function loadChain(): Promise<() => Promise<ChainCredentials>> {
  const name = "@aws-sdk/credential-providers";
  try {
    const chain = (await import(/* @vite-ignore */ name)) as ProviderChain;
    return chain.fromNodeProviderChain();
  } catch (cause) {
    const needs =
      "s3Storage: no credentials: pass accessKeyId and secretAccessKey, getCredentials, or " +
      "anonymous: true, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY. AWS's other ways need";
    throw missingPackage(name, needs, cause);
  }
}
