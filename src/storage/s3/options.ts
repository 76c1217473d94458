/** Options of `s3Storage` and its relatives: what they are, and the target that they name. */
import { makeError } from "../../base/errors.ts";
import {
  anything,
  checkOptions,
  describe,
  functionKind,
  mustBe,
  type OptionKind,
  objectWith,
  trueOrFalse,
} from "../../base/options.ts";
import type { Runtime } from "../../base/runtime.ts";
import { environment } from "../environment.ts";
import { endpointOf, folderOf } from "../http/endpoint.ts";
import { headerRecord, isSecretText } from "../http/header-fields.ts";
import type { StorageHint } from "../port.ts";
import type { S3Credentials } from "./credentials.ts";

/** Options of `s3Storage`: the official engine's, in camelCase. */
export interface S3StorageOptions {
  readonly bucket: string;
  /** The folder of the bucket in which the repository lies. Default: the bucket's root. */
  readonly prefix?: string | undefined;
  /** Default: `AWS_REGION`, `AWS_DEFAULT_REGION`, else `us-east-1`. */
  readonly region?: string | undefined;
  /** Of a compatible server. Default: `AWS_ENDPOINT_URL_S3`, `AWS_ENDPOINT_URL`, else AWS itself. */
  readonly endpointUrl?: string | undefined;
  /** Whether the endpoint may be `http:`. Default: whether `AWS_ALLOW_HTTP` is `true`. */
  readonly allowHttp?: boolean | undefined;
  /**
   * Whether the bucket stands in the path of URLs rather than in the host. Default: true where the
   * endpoint is an IP address or `localhost`, or the bucket's name has a dot.
   */
  readonly forcePathStyle?: boolean | undefined;
  /** Sends requests unsigned. */
  readonly anonymous?: boolean | undefined;
  /** Takes credentials from the environment, as is the default where none are given. */
  readonly fromEnv?: boolean | undefined;
  readonly accessKeyId?: string | undefined;
  readonly secretAccessKey?: string | undefined;
  readonly sessionToken?: string | undefined;
  /** Hands out credentials, and again when those have ended. */
  readonly getCredentials?: (() => Promise<S3Credentials>) | undefined;
  /** Requests are paid by whoever makes them. */
  readonly requesterPays?: boolean | undefined;
  /** Sent with every request, such as those of server-side encryption. They may be secrets. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Clock, sleep and the randomness of pauses. Default: the system's. */
  readonly runtime?: Runtime | undefined;
}

/** Where objects lie, and how they are asked for. */
export interface S3Target {
  /** Where the bucket's objects lie; ends with a slash. */
  readonly bucketUrl: URL;
  readonly bucket: string;
  /** Empty, or a folder with a slash at its end. */
  readonly folder: string;
  readonly region: string;
  /** Sent with every request. */
  readonly headers: Readonly<Record<string, string>>;
  /** Sent with every GET and HEAD. */
  readonly readHeaders?: Readonly<Record<string, string>> | undefined;
  readonly isAnonymous: boolean;
  readonly hint: StorageHint;
}

const text: OptionKind = (value) =>
  typeof value === "string" && value !== "" ? undefined : mustBe("a text", value);

/** Never shows what was given. */
const secret: OptionKind = (value) =>
  isSecretText(value) ? undefined : "must be a text of visible ASCII letters";

const OPTIONS: Readonly<Record<keyof S3StorageOptions, OptionKind>> = {
  bucket: text,
  prefix: (value) => (typeof value === "string" ? undefined : mustBe("a text", value)),
  region: text,
  endpointUrl: anything, // Its own check leaves out what may be a secret.
  allowHttp: trueOrFalse,
  forcePathStyle: trueOrFalse,
  anonymous: trueOrFalse,
  fromEnv: trueOrFalse,
  accessKeyId: secret,
  secretAccessKey: secret,
  sessionToken: secret,
  getCredentials: functionKind,
  requesterPays: trueOrFalse,
  headers: headerRecord,
  runtime: objectWith("sleep", "a Runtime"),
};

const BUCKET = /^[A-Za-z0-9][A-Za-z0-9._-]{1,254}$/;

/** Checks `options`. @throws {invalid-option} @throws {storage-config} */
export function checkS3Options(
  operation: string,
  options: S3StorageOptions,
  extra: Readonly<Record<string, OptionKind>> = {},
): void {
  checkOptions(operation, options, { ...OPTIONS, ...extra });
  if (!BUCKET.test(options?.bucket ?? ""))
    refuse(operation, `bucket ${describe(options?.bucket)} is no bucket's name`, "bucket");
  const { accessKeyId, secretAccessKey, sessionToken, getCredentials } = options;
  if ((accessKeyId === undefined) !== (secretAccessKey === undefined))
    refuse(operation, "accessKeyId and secretAccessKey belong together", "secretAccessKey");
  if (sessionToken !== undefined && accessKeyId === undefined)
    refuse(operation, "sessionToken goes with accessKeyId and secretAccessKey", "sessionToken");
  const ways = {
    accessKeyId: accessKeyId !== undefined,
    getCredentials: getCredentials !== undefined,
    anonymous: options.anonymous === true,
    fromEnv: options.fromEnv === true,
  };
  const chosen = Object.entries(ways).flatMap(([name, isChosen]) => (isChosen ? [name] : []));
  if (chosen.length > 1)
    refuse(operation, `${chosen.join(" and ")} exclude each other`, chosen[1] ?? "");
}

function refuse(operation: string, reason: string, option: string): never {
  throw makeError("storage-config", `${operation}: ${reason}`, { details: { option } });
}

/** The target that checked options name. @throws {storage-config} @throws {cannot-parse-url} */
export function s3Target(operation: string, options: S3StorageOptions, type = "s3"): S3Target {
  const { bucket, anonymous = false, requesterPays = false } = options;
  const folder = folderOf(options.prefix);
  const region =
    options.region ?? environment("AWS_REGION") ?? environment("AWS_DEFAULT_REGION") ?? "us-east-1";
  const given =
    options.endpointUrl ??
    environment("AWS_ENDPOINT_URL_S3") ??
    environment("AWS_ENDPOINT_URL") ??
    `https://s3.${region}.amazonaws.com`;
  const allowHttp = options.allowHttp ?? environment("AWS_ALLOW_HTTP") === "true";
  const endpoint = endpointOf(operation, given, allowHttp);
  const isPathStyle = options.forcePathStyle ?? (isLocal(endpoint) || bucket.includes("."));
  const bucketUrl = new URL(endpoint);
  if (isPathStyle) bucketUrl.pathname += `${bucket}/`;
  else bucketUrl.host = `${bucket}.${endpoint.host}`;
  return {
    bucketUrl,
    bucket,
    folder,
    region,
    headers: {
      ...options.headers,
      ...(requesterPays ? { "x-amz-request-payer": "requester" } : {}),
    },
    isAnonymous: anonymous,
    hint: {
      type,
      bucket,
      ...(folder === "" ? {} : { prefix: folder.slice(0, -1) }),
      region,
      endpointUrl: endpoint.href.replace(/\/$/, ""),
      ...(endpoint.protocol === "http:" ? { allowHttp: true } : {}),
      forcePathStyle: isPathStyle,
      ...(anonymous ? { anonymous } : {}),
      ...(requesterPays ? { requesterPays } : {}),
    },
  };
}

function isLocal({ hostname }: URL): boolean {
  return hostname === "localhost" || /^[\d.]+$/.test(hostname) || hostname.startsWith("[");
}
