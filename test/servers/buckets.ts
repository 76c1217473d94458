/** Makes a bucket (a container, on Azure), and looks at an object, over the protocol of each server. */
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
    case "s3s-fs":
      return s3Client(credentials).fetch(`${url}/${bucket}`, { method: "PUT" });
    case "fake-gcs-server":
      return fetch(`${url}/storage/v1/b?project=icefloe`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ name: bucket }),
      });
    case "azurite":
      return askAzure(url, credentials, { method: "PUT", path: bucket, restype: "container" });
    case "toxiproxy":
      throw new Error("toxiproxy holds no buckets");
  }
}

/** The content type that an object is stored with. */
export async function contentTypeOn(
  server: ServerName,
  url: string,
  credentials: Credentials,
  path: string,
): Promise<string | null> {
  const response = await lookAt(server, url, credentials, path);
  await response.body?.cancel();
  if (!response.ok) throw new Error(`${server} answers HEAD ${path} with ${response.status}`);
  return response.headers.get("content-type");
}

function lookAt(
  server: ServerName,
  url: string,
  credentials: Credentials,
  path: string,
): Promise<Response> {
  if (server === "fake-gcs-server") return fetch(`${url}/${path}`, { method: "HEAD" });
  if (server === "azurite") return askAzure(url, credentials, { method: "HEAD", path });
  return s3Client(credentials).fetch(`${url}/${path}`, { method: "HEAD" });
}

function s3Client(credentials: Credentials): AwsClient {
  return new AwsClient({ ...credentials, service: "s3", region: "us-east-1", retries: 0 });
}

/** Signed with the account's key ("Authorize with Shared Key" of the Blob service). */
function askAzure(
  url: string,
  account: Credentials,
  ask: { readonly method: string; readonly path: string; readonly restype?: string },
): Promise<Response> {
  const { method, path, restype } = ask;
  const name = account.accessKeyId;
  const date = new Date().toUTCString();
  const signed = [
    method,
    ...Array<string>(11).fill(""),
    `x-ms-date:${date}`,
    `x-ms-version:${AZURE_VERSION}`,
    `/${name}/${name}/${path}`, // The account, and the path, which here begins with it.
    ...(restype === undefined ? [] : [`restype:${restype}`]),
  ].join("\n");
  const signature = createHmac("sha256", Buffer.from(account.secretAccessKey, "base64"))
    .update(signed)
    .digest("base64");
  return fetch(`${url}/${name}/${path}${restype === undefined ? "" : `?restype=${restype}`}`, {
    method,
    headers: {
      "x-ms-date": date,
      "x-ms-version": AZURE_VERSION,
      authorization: `SharedKey ${name}:${signature}`,
    },
  });
}
