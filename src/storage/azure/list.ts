/** Listing a container, by pages of five thousand. Azure Storage "List Blobs". */
import { httpError } from "../http/http-request.ts";
import { textIn, xmlElements } from "../http/xml.ts";
import type { ListEntry } from "../port.ts";
import { type AzureClient, explainAzure } from "./client.ts";

/** Five thousand entries with the longest names, each letter of which may take many bytes. */
const PAGE_BYTES_MAX = 64 * 1024 * 1024;

/** All objects whose name starts with `start`; paths are relative to `folder`. One request per 5,000. */
export async function* listBlobs(
  client: AzureClient,
  folder: string,
  prefix: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<ListEntry> {
  const start = `${folder}${prefix}`;
  let marker: string | undefined;
  for (;;) {
    signal?.throwIfAborted();
    const answer = await client.request({
      method: "GET",
      query: {
        restype: "container",
        comp: "list",
        ...(start === "" ? {} : { prefix: start }),
        ...(marker === undefined ? {} : { marker }),
      },
      signal,
      cache: "no-store",
      bytesMax: PAGE_BYTES_MAX,
      failureOf: (found) =>
        isPage(new TextDecoder().decode(found.bytes))
          ? undefined
          : { reason: "no list in its answer", ...explainAzure(found) },
    });
    const xml = new TextDecoder().decode(answer.bytes);
    for (const blob of xmlElements(xml, "Blob")) {
      const found = entryOf(blob);
      if (found === undefined || !found.path.startsWith(start))
        throw refuse(client, "it lists what was not asked for");
      const path = found.path.slice(folder.length);
      if (path !== "" && !isFolder(path, blob)) yield { ...found, path };
    }
    const next = textIn(xml, "NextMarker") ?? "";
    if (next === "") return;
    if (next === marker) throw refuse(client, "it does not go on");
    marker = next;
  }
}

/** Whether that is a list to its end. */
function isPage(xml: string): boolean {
  return xml.includes("<EnumerationResults") && /<\/EnumerationResults>\s*$/.test(xml);
}

/** Accounts with a hierarchy of folders list those as well, and tools make objects that stand for them. */
function isFolder(path: string, blob: string): boolean {
  return path.endsWith("/") || textIn(blob, "ResourceType") === "directory";
}

function refuse(client: AzureClient, reason: string): Error {
  const url = client.url(undefined);
  return httpError("unexpected-response", url, `the server's list: ${reason}`, {});
}

function entryOf(blob: string): ListEntry | undefined {
  const path = nameOf(blob);
  const sizeBytes = Number(textIn(blob, "Content-Length") ?? Number.NaN);
  const lastModified = new Date(textIn(blob, "Last-Modified") ?? "");
  const listed = textIn(blob, "Etag");
  if (path === undefined || !Number.isSafeInteger(sizeBytes) || Number.isNaN(+lastModified))
    return undefined;
  // Without the quotes that it has in headers.
  const etag = listed === undefined || listed.startsWith('"') ? listed : `"${listed}"`;
  return { path, sizeBytes, lastModified, ...(etag === undefined ? {} : { version: { etag } }) };
}

/** Names that XML has no form for come in percent encoding. */
function nameOf(blob: string): string | undefined {
  const name = textIn(blob, "Name");
  if (name !== undefined) return name;
  const [, encoded] = /^\s*<Name Encoded="true">([^<]*)<\/Name>/.exec(blob) ?? [];
  try {
    return encoded === undefined ? undefined : decodeURIComponent(encoded);
  } catch {
    return undefined; // The caller refuses it.
  }
}
