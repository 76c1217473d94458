/** Where a ledger lies, as a value that crosses process boundaries, and its storage. */
import type { Storage } from "icefloe/storage";
import { azureStorage } from "icefloe/storage/azure";
import { gcsStorage } from "icefloe/storage/gcs";
import { localFilesystemStorage } from "icefloe/storage/local";
import { s3Storage } from "icefloe/storage/s3";

/** A bucket of a server on loopback. */
interface BucketAddress {
  readonly type: "s3" | "gcs" | "azure";
  /** Of the server, or of a proxy before it. */
  readonly url: string;
  readonly bucket: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** Where a ledger lies. */
export type StorageAddress = { readonly type: "local"; readonly folder: string } | BucketAddress;

/** The storage at an address. */
export function openStorage(address: StorageAddress): Storage {
  if (address.type === "local") return localFilesystemStorage(address.folder);
  const { type, url, bucket, accessKeyId, secretAccessKey } = address;
  const shared = { allowHttp: true, prefix: "ledger" };
  switch (type) {
    case "s3":
      return s3Storage({ ...shared, bucket, endpointUrl: url, accessKeyId, secretAccessKey });
    case "gcs":
      return gcsStorage({ ...shared, bucket, endpointUrl: url, anonymous: true });
    case "azure":
      return azureStorage({
        ...shared,
        account: accessKeyId,
        container: bucket,
        endpointUrl: `${url}/${accessKeyId}`,
        accessKey: secretAccessKey,
      });
  }
}
