/** A storage on each of the servers. */
import { azureStorage } from "../../src/storage/azure/index.ts";
import { gcsStorage } from "../../src/storage/gcs/index.ts";
import type { Storage } from "../../src/storage/port.ts";
import { s3Storage } from "../../src/storage/s3/index.ts";
import type { Credentials, ServerName } from "./programs.ts";

/** A server, or a proxy before it, and who may do everything there. */
interface Endpoint extends Credentials {
  readonly url: string;
  readonly region: string;
}

type MakeStorage = (server: Endpoint, bucket: string, prefix: string) => Storage;

export const s3On: MakeStorage = ({ url, accessKeyId, secretAccessKey, region }, bucket, prefix) =>
  s3Storage({
    bucket,
    prefix,
    endpointUrl: url,
    allowHttp: true,
    accessKeyId,
    secretAccessKey,
    region,
  });

const gcsOn: MakeStorage = ({ url }, bucket, prefix) =>
  gcsStorage({ bucket, prefix, endpointUrl: url, allowHttp: true, anonymous: true });

const azureOn: MakeStorage = ({ url, accessKeyId, secretAccessKey }, container, prefix) =>
  azureStorage({
    account: accessKeyId,
    container,
    prefix,
    endpointUrl: `${url}/${accessKeyId}`,
    allowHttp: true,
    accessKey: secretAccessKey,
  });

/** The servers, and the storage in a bucket of each. */
export const STORES: readonly (readonly [ServerName, MakeStorage])[] = [
  ["versitygw", s3On],
  ["minio", s3On],
  ["fake-gcs-server", gcsOn],
  ["azurite", azureOn],
];
