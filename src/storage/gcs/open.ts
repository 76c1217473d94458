/** Makes storages of Google Cloud Storage from options: the target, tokens, and a way there. */
import { type Runtime, systemRuntime } from "../../base/runtime.ts";
import type { StorageSettings } from "../../format/config/storage.ts";
import { type ObjectRequest, objectRequests } from "../http/object-requests.ts";
import { type ObjectTransport, objectTransport } from "../http/object-transport.ts";
import { limitsOf, MULTIPART_BYTES_MIN, partLimitsOf } from "../http/settings.ts";
import type { Storage } from "../port.ts";
import { createRequestPolicy } from "../request-policy.ts";
import { defaultCredentials } from "./application-default.ts";
import { createGcsClient } from "./client.ts";
import { type AskForToken, heldToken, renewedTokens, type TokenSource } from "./credentials.ts";
import { GcsStorage } from "./gcs-storage.ts";
import { type GcsStorageOptions, gcsTarget } from "./options.ts";
import { exchangeToken, explainExchange, serviceAccountOf } from "./service-account.ts";

/** A storage as checked `options` say. `transport`: how requests leave; by default the platform's best way. */
export function openGcs(options: GcsStorageOptions, transport?: ObjectTransport): Storage {
  const target = gcsTarget(options);
  const runtime: Runtime = options.runtime ?? systemRuntime();
  const held = transport ?? objectTransport(runtime);
  const tokens = options.anonymous ? undefined : tokensOf(options, runtime, held);
  const open = (settings: StorageSettings): Storage => {
    const policy = createRequestPolicy(runtime, limitsOf(settings));
    const { operationTimeoutMs, operationAttemptTimeoutMs, connectTimeoutMs } =
      settings.timeouts ?? {};
    const send = held.sender(connectTimeoutMs);
    const client = createGcsClient({
      target,
      tokens,
      makeRequests: (explain) =>
        objectRequests({
          transport: send,
          policy,
          operationTimeoutMs,
          attemptTimeoutMs: operationAttemptTimeoutMs,
          explain,
        }),
    });
    return new GcsStorage({
      client,
      runtime,
      settings,
      parts: {
        ...partLimitsOf(settings),
        resumableBytesMin: settings.minimumSizeForMultipartUpload ?? MULTIPART_BYTES_MIN,
      },
      close: () => held.close(),
      again: open,
    });
  };
  return open({});
}

/** One of the ways that options name, else what the environment offers. */
function tokensOf(
  options: GcsStorageOptions,
  runtime: Runtime,
  transport: ObjectTransport,
): TokenSource {
  const { bearerToken, getCredentials, serviceAccountKey, allowHttp = false } = options;
  if (bearerToken !== undefined) return heldToken(bearerToken);
  if (getCredentials !== undefined) return renewedTokens(getCredentials, runtime);
  // A policy of its own: requests that wait for a token hold the slots of theirs.
  const send: ObjectRequest = objectRequests({
    transport: transport.sender(undefined),
    policy: createRequestPolicy(runtime, limitsOf({})),
    explain: explainExchange,
  });
  const ofKey = (key: Exclude<typeof serviceAccountKey, undefined>): AskForToken => {
    const account = serviceAccountOf(key, allowHttp);
    return (signal) => exchangeToken(account, runtime, send, signal);
  };
  if (serviceAccountKey !== undefined) return renewedTokens(ofKey(serviceAccountKey), runtime);
  let ask: AskForToken | undefined;
  return renewedTokens(async (signal) => {
    if (ask === undefined) {
      const found = await defaultCredentials(() => runtime.nowMicros() / 1000);
      ask = "key" in found ? ofKey(found.key) : found.ask;
    }
    return ask(signal);
  }, runtime);
}
