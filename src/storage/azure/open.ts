/** Makes storages of Azure from options: the target, credentials, and a way there. */
import { systemRuntime } from "../../base/runtime.ts";
import type { StorageSettings } from "../../format/config/storage.ts";
import { objectRequests } from "../http/object-requests.ts";
import { type ObjectTransport, objectTransport } from "../http/object-transport.ts";
import { limitsOf, MULTIPART_BYTES_MIN, partLimitsOf } from "../http/settings.ts";
import { createRequestPolicy } from "../request-policy.ts";
import { AzureStorage } from "./azure-storage.ts";
import { createAzureClient } from "./client.ts";
import { azureCredentials } from "./credentials.ts";
import type { AzureStorageOptions, AzureTarget } from "./options.ts";

/** A storage of Azure at `target`. `transport`: how requests leave; by default the platform's best way. */
export function openAzure(
  target: AzureTarget,
  options: AzureStorageOptions,
  transport?: ObjectTransport,
): AzureStorage {
  const runtime = options.runtime ?? systemRuntime();
  const credentials = target.isAnonymous ? undefined : azureCredentials(options, runtime);
  const held = transport ?? objectTransport(runtime);
  const open = (settings: StorageSettings): AzureStorage => {
    const policy = createRequestPolicy(runtime, limitsOf(settings));
    const { operationTimeoutMs, operationAttemptTimeoutMs, connectTimeoutMs } =
      settings.timeouts ?? {};
    const send = held.sender(connectTimeoutMs);
    const client = createAzureClient({
      target,
      credentials,
      runtime,
      makeRequests: (explain) =>
        objectRequests({
          transport: send,
          policy,
          operationTimeoutMs,
          attemptTimeoutMs: operationAttemptTimeoutMs,
          explain,
        }),
    });
    return new AzureStorage({
      client,
      settings,
      parts: {
        ...partLimitsOf(settings),
        multipartBytesMin: settings.minimumSizeForMultipartUpload ?? MULTIPART_BYTES_MIN,
      },
      close: () => held.close(),
      again: open,
    });
  };
  return open({});
}
