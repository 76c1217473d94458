/** Options of `azureStorage`: what they are, and the target that they name. */
import { makeError } from "../../base/errors.ts";
import {
  anything,
  checkOptions,
  describe,
  functionKind,
  isPlainObject,
  mustBe,
  type OptionKind,
  objectWith,
  trueOrFalse,
} from "../../base/options.ts";
import type { Runtime } from "../../base/runtime.ts";
import { environment } from "../environment.ts";
import { endpointOf, folderOf } from "../http/endpoint.ts";
import type { StorageHint } from "../port.ts";
import { AZURE_WAYS, type AzureCredentials, isCredential } from "./credentials.ts";
import { checkAzurePath } from "./object-name.ts";

/** Options of `azureStorage`: the official engine's, in camelCase. */
export interface AzureStorageOptions {
  /** The storage account. Default: `AZURE_STORAGE_ACCOUNT_NAME`. */
  readonly account?: string | undefined;
  readonly container: string;
  /** The folder of the container in which the repository lies. Default: the container's root. */
  readonly prefix?: string | undefined;
  /**
   * The account's address on another server, such as `http://127.0.0.1:10000/account` of Azurite.
   * Default: `AZURE_STORAGE_ENDPOINT`, else `https://<account>.blob.core.windows.net`.
   */
  readonly endpointUrl?: string | undefined;
  /** Whether the endpoint may be `http:`. Default false. */
  readonly allowHttp?: boolean | undefined;
  /** Sends requests without credentials, as public containers allow for reading. */
  readonly anonymous?: boolean | undefined;
  /** Takes credentials from the environment, as is the default where none are given. */
  readonly fromEnv?: boolean | undefined;
  /** A key of the account, in base64. */
  readonly accessKey?: string | undefined;
  /** A shared access signature: a URL's query, with or without its question mark. */
  readonly sasToken?: string | undefined;
  /** A token of Microsoft Entra. */
  readonly bearerToken?: string | undefined;
  /** Hands out credentials, and again when those have ended. */
  readonly getCredentials?: (() => Promise<AzureCredentials>) | undefined;
  /** Sent with every request. They may be secrets. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Clock, sleep and the randomness of pauses and block names. Default: the system's. */
  readonly runtime?: Runtime | undefined;
}

/** Where objects lie, and how they are asked for. */
export interface AzureTarget {
  /** Where the container's objects lie; ends with a slash. */
  readonly containerUrl: URL;
  readonly account: string;
  readonly container: string;
  /** Empty, or a folder with a slash at its end. */
  readonly folder: string;
  /** Sent with every request; names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly isAnonymous: boolean;
  readonly isOfAzure: boolean;
  readonly hint: StorageHint;
}

const text: OptionKind = (value) =>
  typeof value === "string" && value !== "" ? undefined : mustBe("a text", value);

/** Whether a value fits a header field. */
function isField(value: unknown): boolean {
  return typeof value === "string" && /^[\t\x20-\x7e]*$/.test(value);
}

function isHeaders(value: unknown): boolean {
  const isName = (name: string): boolean => /^[\w!#$%&'*+.^`|~-]+$/.test(name);
  return (
    isPlainObject(value) &&
    Object.entries(value).every(([name, field]) => isName(name) && isField(field))
  );
}

/** What may be a secret: checks that never show what was given. */
const SECRETS: Readonly<
  Record<(typeof AZURE_WAYS)[number] | "headers", readonly [(value: unknown) => boolean, string]>
> = {
  accessKey: [(value) => isCredential("accessKey", value), "a key in base64"],
  sasToken: [(value) => isCredential("sasToken", value), "the query of a shared access signature"],
  bearerToken: [(value) => isCredential("bearerToken", value), "a text of visible ASCII letters"],
  headers: [isHeaders, "a plain object of header fields: names and texts of visible ASCII letters"],
};

const OPTIONS: Readonly<Record<keyof AzureStorageOptions, OptionKind>> = {
  account: text,
  container: text,
  prefix: (value) => (typeof value === "string" ? undefined : mustBe("a text", value)),
  endpointUrl: anything, // Its own check leaves out what may be a secret.
  allowHttp: trueOrFalse,
  anonymous: trueOrFalse,
  fromEnv: trueOrFalse,
  accessKey: anything, // See SECRETS.
  sasToken: anything,
  bearerToken: anything,
  getCredentials: functionKind,
  headers: anything,
  runtime: objectWith("sleep", "a Runtime"),
};

const ACCOUNT = /^[a-z0-9]{3,24}$/;
// Containers of the service itself have a dollar sign: $web, $root.
const CONTAINER = /^(?:\$[a-z]{3,20}|[a-z0-9](?:-?[a-z0-9]){2,62})$/;

function refuse(reason: string, option: string): never {
  throw makeError("storage-config", `azureStorage: ${reason}`, { details: { option } });
}

/** Checks `options`. @throws {invalid-option} @throws {storage-config} */
export function checkAzureOptions(options: AzureStorageOptions): void {
  checkOptions("azureStorage", options, OPTIONS);
  for (const [option, [isRight, expected]] of Object.entries(SECRETS)) {
    const value: unknown = options?.[option as keyof typeof SECRETS];
    if (value !== undefined && !isRight(value))
      throw makeError("invalid-option", `azureStorage: ${option} must be ${expected}`, {
        details: { operation: "azureStorage", option },
      });
  }
  if (!CONTAINER.test(options?.container ?? ""))
    refuse(`container ${describe(options?.container)} is no container's name`, "container");
  const { account } = options;
  if (account !== undefined && !ACCOUNT.test(account))
    refuse(`account ${describe(account)} is no account's name`, "account");
  const isChosen = (name: keyof AzureStorageOptions): boolean =>
    options[name] !== undefined && options[name] !== false;
  const ways = [...AZURE_WAYS, "getCredentials", "anonymous", "fromEnv"] as const;
  const chosen = ways.filter(isChosen);
  if (chosen.length > 1) refuse(`${chosen.join(" and ")} exclude each other`, chosen[1] ?? "");
}

/** The target that checked options name. @throws {storage-config} @throws {cannot-parse-url} */
export function azureTarget(options: AzureStorageOptions): AzureTarget {
  const { container, anonymous = false } = options;
  const account = options.account ?? environment("AZURE_STORAGE_ACCOUNT_NAME") ?? "";
  if (!ACCOUNT.test(account))
    refuse("no account: pass account, or set AZURE_STORAGE_ACCOUNT_NAME", "account");
  const folder = folderOf(options.prefix);
  if (folder !== "") checkAzurePath(folder.slice(0, -1));
  const own = `https://${account}.blob.core.windows.net`;
  const given = options.endpointUrl ?? environment("AZURE_STORAGE_ENDPOINT") ?? own;
  const endpoint = endpointOf("azureStorage", given, options.allowHttp ?? false);
  const containerUrl = new URL(endpoint);
  containerUrl.pathname += `${container}/`;
  const headers = Object.entries(options.headers ?? {});
  return {
    containerUrl,
    account,
    container,
    folder,
    headers: Object.fromEntries(headers.map(([name, value]) => [name.toLowerCase(), value])),
    isAnonymous: anonymous,
    isOfAzure: endpoint.href === `${own}/`,
    hint: {
      type: "azure",
      account,
      container,
      ...(folder === "" ? {} : { prefix: folder.slice(0, -1) }),
      endpointUrl: endpoint.href.replace(/\/$/, ""),
      ...(endpoint.protocol === "http:" ? { allowHttp: true } : {}),
      ...(anonymous ? { anonymous } : {}),
    },
  };
}
