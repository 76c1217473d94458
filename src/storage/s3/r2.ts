/** `r2Storage`: buckets of Cloudflare R2. */
import { makeError } from "../../base/errors.ts";
import { describe, mustBe } from "../../base/options.ts";
import type { Storage } from "../port.ts";
import { openS3 } from "./open.ts";
import { checkS3Options, type S3StorageOptions, s3Target } from "./options.ts";

/** Options of `r2Storage`: those of `s3Storage`, and the account. */
export interface R2StorageOptions extends S3StorageOptions {
  /** The account's id, 32 hexadecimal digits. Not needed with `endpointUrl`. */
  readonly accountId?: string | undefined;
}

/**
 * The objects of an R2 bucket. As `s3Storage`; the region is `auto`.
 * @throws {storage-config} neither `accountId` nor `endpointUrl`
 */
export function r2Storage(options: R2StorageOptions): Storage {
  checkS3Options("r2Storage", options, {
    accountId: (value) => (typeof value === "string" ? undefined : mustBe("a text", value)),
  });
  const { accountId, ...rest } = options;
  if (rest.endpointUrl === undefined && !/^[0-9a-zA-Z]{1,64}$/.test(accountId ?? "")) {
    const found = accountId === undefined ? "is not given" : `${describe(accountId)} is no id`;
    throw makeError("storage-config", `r2Storage: accountId ${found}, nor is endpointUrl given`, {
      details: { option: "accountId" },
    });
  }
  const target: S3StorageOptions = {
    region: "auto",
    endpointUrl: `https://${accountId}.r2.cloudflarestorage.com`,
    forcePathStyle: true,
    ...stated(rest),
  };
  return openS3(s3Target("r2Storage", target, "r2"), target);
}

/** Without keys that are there and undefined. */
function stated(options: S3StorageOptions): S3StorageOptions {
  const entries = Object.entries(options).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as unknown as S3StorageOptions;
}
