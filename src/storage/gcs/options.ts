/** Options of `gcsStorage`: what they are, and the target that they name. */
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
import { endpointOf, folderOf } from "../http/endpoint.ts";
import { headerRecord, isSecretText } from "../http/header-fields.ts";
import type { StorageHint } from "../port.ts";
import type { GcsCredentials } from "./credentials.ts";
import type { ServiceAccountKey } from "./service-account.ts";

/** Options of `gcsStorage`: the official engine's, in camelCase. */
export interface GcsStorageOptions {
  readonly bucket: string;
  /** The folder of the bucket in which the repository lies. Default: the bucket's root. */
  readonly prefix?: string | undefined;
  /** Of another server that speaks the JSON API. Default: `https://storage.googleapis.com`. */
  readonly endpointUrl?: string | undefined;
  /** Whether the endpoint may be `http:`. Default false. */
  readonly allowHttp?: boolean | undefined;
  /** Sends requests without a token. */
  readonly anonymous?: boolean | undefined;
  /**
   * Takes credentials from the environment, as is the default where none are given:
   * `GOOGLE_SERVICE_ACCOUNT_KEY`, a key as JSON; `GOOGLE_APPLICATION_CREDENTIALS`, the path of a
   * file with one (Node); else whatever the package `google-auth-library` finds.
   */
  readonly fromEnv?: boolean | undefined;
  /** A service account's key: the JSON that the console of Google Cloud hands out, or what it holds. */
  readonly serviceAccountKey?: string | ServiceAccountKey | undefined;
  /** A token that holds as long as the storage is used. */
  readonly bearerToken?: string | undefined;
  /** Hands out tokens, and again when those have ended. */
  readonly getCredentials?: (() => Promise<GcsCredentials>) | undefined;
  /** Sent with every request to the bucket. They may be secrets. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Clock, sleep and the randomness of pauses. Default: the system's. */
  readonly runtime?: Runtime | undefined;
}

/** Where objects lie, and how they are asked for. */
export interface GcsTarget {
  /** The server; ends with a slash. */
  readonly endpoint: URL;
  readonly bucket: string;
  /** Empty, or a folder with a slash at its end. */
  readonly folder: string;
  /** Sent with every request. */
  readonly headers: Readonly<Record<string, string>>;
  readonly hint: StorageHint;
}

const DEFAULT_ENDPOINT = "https://storage.googleapis.com";

const text: OptionKind = (value) =>
  typeof value === "string" ? undefined : mustBe("a text", value);

/** Never shows what was given. */
const token: OptionKind = (value) =>
  isSecretText(value) ? undefined : "must be a text of visible ASCII letters";

/** Never shows what was given. */
const key: OptionKind = (value) =>
  typeof value === "string" || isPlainObject(value)
    ? undefined
    : "must be a service account's key: JSON, or a plain object";

const OPTIONS: Readonly<Record<keyof GcsStorageOptions, OptionKind>> = {
  bucket: text,
  prefix: text,
  endpointUrl: anything, // Its own check leaves out what may be a secret.
  allowHttp: trueOrFalse,
  anonymous: trueOrFalse,
  fromEnv: trueOrFalse,
  serviceAccountKey: key,
  bearerToken: token,
  getCredentials: functionKind,
  headers: headerRecord,
  runtime: objectWith("sleep", "a Runtime"),
};

/** Google Cloud Storage "Bucket naming guidelines". */
const BUCKET = /^[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]$/;

/** Checks `options`. @throws {invalid-option} @throws {storage-config} */
export function checkGcsOptions(options: GcsStorageOptions): void {
  checkOptions("gcsStorage", options, OPTIONS);
  const bucket = options?.bucket ?? "";
  if (!BUCKET.test(bucket)) refuse(`bucket ${describe(bucket)} is no bucket's name`, "bucket");
  const ways = {
    serviceAccountKey: options.serviceAccountKey !== undefined,
    bearerToken: options.bearerToken !== undefined,
    getCredentials: options.getCredentials !== undefined,
    anonymous: options.anonymous === true,
    fromEnv: options.fromEnv === true,
  };
  const chosen = Object.entries(ways).flatMap(([name, isChosen]) => (isChosen ? [name] : []));
  if (chosen.length > 1) refuse(`${chosen.join(" and ")} exclude each other`, chosen[1] ?? "");
}

function refuse(reason: string, option: string): never {
  throw makeError("storage-config", `gcsStorage: ${reason}`, { details: { option } });
}

/** The target that checked options name. @throws {storage-config} @throws {cannot-parse-url} */
export function gcsTarget(options: GcsStorageOptions): GcsTarget {
  const { bucket, anonymous = false, allowHttp = false, headers = {} } = options;
  const folder = folderOf(options.prefix);
  const endpoint = endpointOf("gcsStorage", options.endpointUrl ?? DEFAULT_ENDPOINT, allowHttp);
  const endpointUrl = endpoint.href.replace(/\/$/, "");
  return {
    endpoint,
    bucket,
    folder,
    headers: { ...headers },
    hint: {
      type: "gcs",
      bucket,
      ...(folder === "" ? {} : { prefix: folder.slice(0, -1) }),
      ...(endpointUrl === DEFAULT_ENDPOINT ? {} : { endpointUrl }),
      ...(endpoint.protocol === "http:" ? { allowHttp: true } : {}),
      ...(anonymous ? { anonymous } : {}),
    },
  };
}
