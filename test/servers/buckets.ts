/** Makes a bucket (a container, on Azure) over the protocol of each server. */
import { createHmac } from "node:crypto";
import { AwsClient } from "aws4fetch";
import type { Credentials, ServerName } from "./programs.ts";

const AZURE_VERSION = "2024-11-04";

/** Makes the bucket; one that is there already is an error. */
export async function createBucketOn(
  server: ServerName,
  url: string,
  credentials: Credentials,
  bucket: string,
): Promise<void> {
  const response = await requestFor(server, url, credentials, bucket);
  const body = await response.text();
  if (response.ok) return;
  throw new Error(`${server} does not make bucket ${bucket}: ${response.status} ${body}`);
}

function requestFor(
  server: ServerName,
  url: string,
  credentials: Credentials,
  bucket: string,
): Promise<Response> {
  switch (server) {
    case "versitygw":
    case "minio":
    case "s3s-fs": {
      const client = new AwsClient({
        ...credentials,
        service: "s3",
        region: "us-east-1",
        retries: 0,
      });
      return client.fetch(`${url}/${bucket}`, { method: "PUT" });
    }
    case "fake-gcs-server":
      return fetch(`${url}/storage/v1/b?project=icefloe`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ name: bucket }),
      });
    case "azurite":
      return createContainer(url, credentials, bucket);
    case "toxiproxy":
      throw new Error("toxiproxy holds no buckets");
  }
}

/** Signed with the account's key ("Authorize with Shared Key" of the Blob service). */
function createContainer(url: string, account: Credentials, container: string): Promise<Response> {
  const name = account.accessKeyId;
  const date = new Date().toUTCString();
  const signed = [
    "PUT",
    ...Array<string>(11).fill(""),
    `x-ms-date:${date}`,
    `x-ms-version:${AZURE_VERSION}`,
    `/${name}/${name}/${container}`, // The account, and the path, which here begins with it.
    "restype:container",
  ].join("\n");
  const signature = createHmac("sha256", Buffer.from(account.secretAccessKey, "base64"))
    .update(signed)
    .digest("base64");
  return fetch(`${url}/${name}/${container}?restype=container`, {
    method: "PUT",
    headers: {
      "x-ms-date": date,
      "x-ms-version": AZURE_VERSION,
      authorization: `SharedKey ${name}:${signature}`,
    },
  });
}
