/** Where an object store is: the URL of its server, and the folder of a repository there. */
import { makeError } from "../../base/errors.ts";
import { describe } from "../../base/options.ts";
import { checkObjectPath } from "../object-path.ts";
import { secretFreeUrl } from "../secret-free-url.ts";

/** `""`, or the path of a folder with a slash at its end. @throws {invalid-path} */
export function folderOf(prefix: string | undefined): string {
  const folder = prefix?.replace(/\/$/, "") ?? "";
  if (folder === "") return "";
  checkObjectPath(folder);
  return `${folder}/`;
}

/** The URL of a server, with a slash at its end. @throws {cannot-parse-url} @throws {storage-config} */
export function endpointOf(operation: string, given: string, allowHttp: boolean): URL {
  const shown = secretFreeUrl(given);
  if (!URL.canParse(given) || !/^https?:$/.test(new URL(given).protocol)) {
    const reason = `endpointUrl ${describe(shown)} is no http(s) URL`;
    throw makeError("cannot-parse-url", `${operation}: ${reason}`, { details: { url: shown } });
  }
  const endpoint = new URL(given);
  if (endpoint.username !== "" || endpoint.password !== "" || endpoint.search !== "")
    throw refusal(`${operation}: endpointUrl ${shown} holds credentials or a query`, "endpointUrl");
  if (endpoint.protocol === "http:" && !allowHttp)
    throw refusal(
      `${operation}: endpointUrl ${shown} is not encrypted: allowHttp permits that`,
      "allowHttp",
    );
  endpoint.hash = "";
  if (!endpoint.pathname.endsWith("/")) endpoint.pathname += "/";
  return endpoint;
}

function refusal(message: string, option: string): Error {
  return makeError("storage-config", message, { details: { option } });
}
