/** Where the tokens of requests come from, and how long they hold. */
import { makeError } from "../../base/errors.ts";
import { isPlainObject } from "../../base/options.ts";
import type { Runtime } from "../../base/runtime.ts";
import { createSingleFlight } from "../../base/single-flight.ts";
import { isSecretText } from "../http/header-fields.ts";

/** A token of Google Cloud, and how long it holds. */
export interface GcsCredentials {
  readonly bearerToken: string;
  /** From then on another is asked for, a minute early. Left out: it holds. */
  readonly expiresAfter?: Date | undefined;
}

/** A token as it is held. */
export interface HeldToken extends GcsCredentials {
  /** When it was handed out. */
  readonly sinceMs: number;
}

/** Hands out tokens. */
export interface TokenSource {
  /** The token that holds now. */
  get(signal: AbortSignal | undefined): Promise<HeldToken>;
  /** The server refuses this token. Whether it is worth asking for another. */
  refused(token: HeldToken): boolean;
}

/** Asks for a token; its signal aborts when nobody waits any more. */
export type AskForToken = (signal: AbortSignal | undefined) => Promise<GcsCredentials>;

/** What tokens must permit: reading and writing objects. */
export const TOKEN_SCOPE = "https://www.googleapis.com/auth/devstorage.read_write";

/** How long before its end a token is renewed: a request takes a while. */
const RENEWED_EARLY_MS = 60_000;

/** One token. */
export function heldToken(bearerToken: string): TokenSource {
  const held = { bearerToken, sinceMs: 0 };
  return { get: async () => held, refused: () => false };
}

/** Tokens that are asked for when there is none that holds, by one asker at a time. */
export function renewedTokens(ask: AskForToken, runtime: Runtime): TokenSource {
  const flights = createSingleFlight<HeldToken>();
  const nowMs = (): number => runtime.nowMicros() / 1000;
  let held: HeldToken | undefined;
  const renew: (signal?: AbortSignal) => Promise<HeldToken> = async (signal) => {
    held = { ...checkCredentials(await ask(signal)), sinceMs: nowMs() };
    return held;
  };
  const holds = ({ expiresAfter }: HeldToken): boolean =>
    expiresAfter === undefined || expiresAfter.getTime() - RENEWED_EARLY_MS > nowMs();
  return {
    async get(signal) {
      return held !== undefined && holds(held) ? held : flights.share("token", renew, signal);
    },
    refused(token) {
      if (held === token) held = undefined;
      // One that is refused when it is new was never good, and the next would be no better.
      return nowMs() - token.sinceMs > RENEWED_EARLY_MS;
    },
  };
}

/** Never shows what it was given. */
function checkCredentials(given: unknown): GcsCredentials {
  const { bearerToken, expiresAfter } = (isPlainObject(given) ? given : {}) as Record<
    string,
    unknown
  >;
  const isDate = expiresAfter instanceof Date && !Number.isNaN(expiresAfter.getTime());
  if (!isSecretText(bearerToken)) throw improper("bearerToken");
  if (expiresAfter !== undefined && !isDate) throw improper("expiresAfter");
  return { bearerToken, expiresAfter: expiresAfter as Date | undefined };
}

function improper(option: string): Error {
  return makeError("storage-config", `gcsStorage: the credentials have no proper ${option}`, {
    details: { option },
  });
}
