/** Makes storages of S3 from options: the target, credentials, and a way there. */
import type { Runtime } from "../../base/runtime.ts";
import { systemRuntime } from "../../base/runtime.ts";
import type { StorageSettings } from "../../format/config/storage.ts";
import { objectRequests } from "../http/object-requests.ts";
import { type ObjectTransport, objectTransport } from "../http/object-transport.ts";
import { limitsOf, MULTIPART_BYTES_MIN, partLimitsOf } from "../http/settings.ts";
import type { Storage } from "../port.ts";
import { createRequestPolicy } from "../request-policy.ts";
import { createS3Client } from "./client.ts";
import { s3Credentials } from "./credentials.ts";
import type { S3StorageOptions, S3Target } from "./options.ts";
import { S3Storage } from "./s3-storage.ts";

/** A storage of S3 at `place`. `transport`: how requests leave; by default the platform's best way. */
export function openS3(
  target: S3Target,
  options: S3StorageOptions,
  transport?: ObjectTransport,
): Storage {
  const runtime: Runtime = options.runtime ?? systemRuntime();
  const credentials = target.isAnonymous ? undefined : s3Credentials(options, runtime);
  const held = transport ?? objectTransport(runtime);
  const open = (settings: StorageSettings): Storage => {
    const policy = createRequestPolicy(runtime, limitsOf(settings));
    const { operationTimeoutMs, operationAttemptTimeoutMs, connectTimeoutMs } =
      settings.timeouts ?? {};
    const send = held.sender(connectTimeoutMs);
    const client = createS3Client({
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
    return new S3Storage({
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
