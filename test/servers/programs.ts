/**
 * The programs of the servers: where `scripts/servers/install.mjs` puts them, how each is started
 * on loopback, and what it answers once it is ready. No file here but `describe-with.ts` and the
 * tests needs vitest, so that other programs can start servers, too.
 */
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";

/** The servers that tests may start. */
export type ServerName =
  | "versitygw"
  | "minio"
  | "s3s-fs"
  | "fake-gcs-server"
  | "azurite"
  | "toxiproxy";

/** Who may do everything on a server that knows users; for Azurite the account and its key. */
export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

const S3_CREDENTIALS: Credentials = {
  accessKeyId: "icefloe-test",
  secretAccessKey: "icefloe-test-secret",
};
/** Azure's keys are base64. */
const AZURE_CREDENTIALS: Credentials = {
  accessKeyId: "icefloe",
  secretAccessKey: Buffer.from("icefloe-test-secret").toString("base64"),
};

/** How one server is run. */
export interface ServerProgram {
  readonly file: string;
  readonly credentials: Credentials;
  readonly arguments: (port: number, dataFolder: string) => readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** Answered with `status` once requests are served; without `status`, any answer will do. */
  readonly ready: { readonly path: string; readonly status?: number };
}

export const SERVER_PROGRAMS: Readonly<Record<ServerName, ServerProgram>> = {
  versitygw: {
    file: "versitygw",
    credentials: S3_CREDENTIALS,
    arguments: (port, dataFolder) => [
      ...["--port", `127.0.0.1:${port}`],
      ...["--access", S3_CREDENTIALS.accessKeyId, "--secret", S3_CREDENTIALS.secretAccessKey],
      ...["--health", "/health", "--keep-alive", "--quiet", "posix", dataFolder],
    ],
    ready: { path: "/health", status: 200 },
  },
  minio: {
    file: "minio",
    credentials: S3_CREDENTIALS,
    arguments: (port, dataFolder) => [
      ...["server", "--quiet", "--address", `127.0.0.1:${port}`, dataFolder],
    ],
    environment: {
      MINIO_ROOT_USER: S3_CREDENTIALS.accessKeyId,
      MINIO_ROOT_PASSWORD: S3_CREDENTIALS.secretAccessKey,
      MINIO_UPDATE: "off",
      MINIO_BROWSER: "off",
      MINIO_CALLHOME_ENABLE: "off",
    },
    ready: { path: "/minio/health/cluster", status: 200 },
  },
  "s3s-fs": {
    file: "s3s-fs",
    credentials: S3_CREDENTIALS,
    arguments: (port, dataFolder) => [
      ...["--host", "127.0.0.1", "--port", String(port)],
      ...["--access-key", S3_CREDENTIALS.accessKeyId],
      ...["--secret-key", S3_CREDENTIALS.secretAccessKey, dataFolder],
    ],
    ready: { path: "/" },
  },
  "fake-gcs-server": {
    file: "fake-gcs-server",
    credentials: S3_CREDENTIALS, // It asks nobody.
    arguments: (port, dataFolder) => [
      ...["-scheme", "http", "-host", "127.0.0.1", "-port", String(port)],
      ...["-public-host", `127.0.0.1:${port}`, "-external-url", `http://127.0.0.1:${port}`],
      ...["-cors-headers", "authorization,content-type,range,x-goog-if-generation-match"],
      ...["-log-level", "warn", "-backend", "filesystem", "-filesystem-root", dataFolder],
    ],
    ready: { path: "/_internal/healthcheck", status: 200 },
  },
  azurite: {
    file: "azurite-blob",
    credentials: AZURE_CREDENTIALS,
    arguments: (port, dataFolder) => [
      ...["--blobHost", "127.0.0.1", "--blobPort", String(port), "--location", dataFolder],
      ...["--silent", "--skipApiVersionCheck", "--disableTelemetry"],
    ],
    environment: {
      AZURITE_ACCOUNTS: `${AZURE_CREDENTIALS.accessKeyId}:${AZURE_CREDENTIALS.secretAccessKey}`,
    },
    ready: { path: "/", status: 400 },
  },
  toxiproxy: {
    file: "toxiproxy-server",
    credentials: S3_CREDENTIALS, // It asks nobody.
    arguments: (port) => ["-host", "127.0.0.1", "-port", String(port)],
    ready: { path: "/version", status: 200 },
  },
};

/** The program's path, whether it is installed or not. */
export function programPath(name: ServerName): string {
  const folder = process.env["ICEFLOE_SERVERS"] ?? join(projectFolder(), ".cache", "servers");
  return join(folder, "bin", SERVER_PROGRAMS[name].file);
}

/** Says in one line which of the servers are not installed, and what installs them. */
export function missingServers(...names: readonly ServerName[]): string | undefined {
  const missing = names.filter((name) => !existsSync(programPath(name)));
  if (missing.length === 0) return undefined;
  const list = missing.join(" ");
  return `not installed: ${list}; node scripts/servers/install.mjs ${list}`;
}

/** The folder above this file that holds package.json, also when this file has been bundled. */
function projectFolder(): string {
  let folder = import.meta.dirname;
  while (!existsSync(join(folder, "package.json"))) folder = dirname(folder);
  return folder;
}
