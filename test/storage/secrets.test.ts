/**
 * Planted secrets, in every form in which they could be passed on, show in no error, id,
 * description, fork or trace, whatever the server answers: it repeats all that it was sent.
 */
import { generateKeyPairSync } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { inspect } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Repository } from "../../src/index.ts";
import { encodeError } from "../../src/parallel/index.ts";
import { azureStorage } from "../../src/storage/azure/index.ts";
import { gcsStorage } from "../../src/storage/gcs/index.ts";
import { traced } from "../../src/storage/index.ts";
import { memoryStorage } from "../../src/storage/memory.ts";
import type { Storage } from "../../src/storage/port.ts";
import { r2Storage, s3Storage, tigrisStorage } from "../../src/storage/s3/index.ts";
import { withSettings } from "../../src/storage/with-settings.ts";

/** Neither base64 nor URLs leave it as it is. */
const SECRET = "hunter2/+=planted~secret&more";
const KEY_BASE64 = Buffer.from(SECRET).toString("base64");

/** Ways in which a text is written somewhere. */
function formsOf(secret: string): string[] {
  const bytes = Buffer.from(secret);
  const base64 = bytes.toString("base64");
  return [
    secret,
    encodeURIComponent(secret),
    encodeURIComponent(encodeURIComponent(secret)),
    encodeURI(secret),
    base64,
    base64.replace(/=+$/, ""),
    bytes.toString("base64url"),
    encodeURIComponent(base64),
    bytes.toString("hex"),
    JSON.stringify(secret).slice(1, -1),
    secret.slice(0, 16),
  ];
}

/** What the server does with the next requests; `undefined`: it breaks the connection. */
let status: number | undefined;
let server: Server;
let url = "";

beforeAll(async () => {
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      if (status === undefined) return response.destroy();
      const said = `${request.url} ${JSON.stringify(request.headers)} ${Buffer.concat(chunks)}`;
      const echo = encodeURIComponent(said);
      response.writeHead(status, {
        location: `http://${SECRET.slice(0, 7)}@127.0.0.1:1/${echo}`,
        "x-amz-bucket-region": echo,
        etag: `"${echo}"`,
        "x-ms-error-code": echo,
        "www-authenticate": echo,
      });
      const xml = said.replaceAll("<", "&lt;");
      response.end(`<Error><Code>${xml}</Code><Message>${xml}</Message></Error>`);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => server.close());

const here = () => ({ endpointUrl: url, allowHttp: true });
const keys = { accessKeyId: "AKID", secretAccessKey: SECRET, sessionToken: SECRET };
const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const PEM = privateKey.export({ type: "pkcs8", format: "pem" }).toString();

const PEM_LINE = PEM.split("\n")[3] ?? "";

/** Storages with a secret, and the secret. */
const SUBJECTS: readonly (readonly [string, string, () => Storage])[] = [
  ["keys of S3", SECRET, () => s3Storage({ bucket: "bucket", ...here(), ...keys })],
  [
    "a header of S3",
    SECRET,
    () => {
      const headers = { "x-amz-server-side-encryption-customer-key": SECRET };
      return s3Storage({ bucket: "bucket", ...here(), anonymous: true, headers });
    },
  ],
  [
    "a callback of S3",
    SECRET,
    () => s3Storage({ bucket: "bucket", ...here(), getCredentials: async () => keys }),
  ],
  ["keys of R2", SECRET, () => r2Storage({ bucket: "bucket", ...here(), ...keys })],
  [
    "keys of Tigris",
    SECRET,
    () => tigrisStorage({ bucket: "bucket", region: "auto", ...here(), ...keys }),
  ],
  [
    "a token of Google Cloud Storage",
    SECRET,
    () => gcsStorage({ bucket: "bucket", ...here(), bearerToken: SECRET }),
  ],
  [
    "a service account",
    PEM_LINE,
    () =>
      gcsStorage({
        bucket: "bucket",
        ...here(),
        serviceAccountKey: {
          client_email: "who@example.org",
          private_key: PEM,
          private_key_id: "id",
          token_uri: `${url}/token`,
        },
      }),
  ],
  [
    "a key of Azure",
    KEY_BASE64,
    () => azureStorage({ account: "account", container: "box", ...here(), accessKey: KEY_BASE64 }),
  ],
  [
    "a signature of Azure",
    SECRET,
    () => {
      const sasToken = `sv=2024-11-04&sig=${encodeURIComponent(SECRET)}`;
      return azureStorage({ account: "account", container: "box", ...here(), sasToken });
    },
  ],
  [
    "a token of Azure",
    SECRET,
    () => azureStorage({ account: "account", container: "box", ...here(), bearerToken: SECRET }),
  ],
];

/** Every operation, one after the other; what each throws, and what a trace says of it. */
async function everything(storage: Storage): Promise<unknown[]> {
  const found: unknown[] = [];
  const seen = traced(storage, (event) => found.push(event));
  const put = { objectKind: "other", metadata: { a: "b" } } as const;
  const condition = { ifMatch: { etag: '"1"', generation: "1" } };
  const operations: (() => Promise<unknown>)[] = [
    () => seen.get("object"),
    () => seen.get("object", { range: { start: 0, end: 9 } }),
    () => seen.getIfChanged("object", { etag: '"1"', generation: "1" }),
    () => seen.head("object"),
    () => seen.put("object", new Uint8Array(9), put),
    () => seen.put("object", new Uint8Array(9), { ...put, condition }),
    () => seen.put("object", new Uint8Array(300), put),
    () => seen.copy("object", "other", {}),
    () => seen.delete(["object", "other"]),
    async () => {
      for await (const entry of seen.list("")) found.push(entry);
    },
    () => Repository.open(seen),
  ];
  for (const operation of operations) {
    try {
      await operation(); // What it finds is the server's: versions are passed on as they are.
    } catch (error) {
      found.push(error);
    }
  }
  return found;
}

/** All ways in which a value is shown or sent. */
function shown(values: readonly unknown[]): string {
  const texts = values.flatMap((value) => {
    const json = JSON.stringify(value, (_, inner: unknown) =>
      inner instanceof Uint8Array ? "" : inner,
    );
    const sent = value instanceof Error ? JSON.stringify(encodeError(value)) : "";
    const stack = value instanceof Error ? String(value.stack) : "";
    return [inspect(value, { depth: 12, showHidden: true }), json ?? "", sent, stack];
  });
  return texts.join("\n");
}

describe.each(SUBJECTS)("%s", (_, secret, open) => {
  test.each([200, 301, 400, 401, 403, 404, 409, 412, 416, 500, 503, undefined])(
    "are not told where the server answers %s",
    async (answer) => {
      // The tokens of an account are asked for with more patience than this test has.
      status = secret === PEM_LINE && (answer ?? 500) >= 500 ? 403 : answer;
      const storage = withSettings(open(), {
        retries: { maxTries: 1 },
        minimumSizeForMultipartUpload: 200,
      });

      const found = await everything(storage);
      await storage.close();

      const text = shown(found);
      expect(found.filter((value) => value instanceof Error).length).toBeGreaterThan(3);
      for (const form of formsOf(secret)) expect(text).not.toContain(form);
    },
  );

  test("are not in the id, the description or the printed storage", async () => {
    const storage = open();
    const text = shown([storage, storage.id, storage.describe(), `${storage}`]);
    await storage.close();

    for (const form of formsOf(secret)) expect(text).not.toContain(form);
  });
});

test("a fork's bytes tell nothing of the storage", async () => {
  const storage: Storage = Object.assign(Object.create(memoryStorage()), { id: SECRET });
  const inner = memoryStorage();
  for (const name of ["get", "getIfChanged", "put", "head", "copy", "list", "delete", "close"])
    Object.assign(storage, {
      [name]: (inner as never as Record<string, () => void>)[name]?.bind(inner),
    });
  Object.assign(storage, {
    capabilities: inner.capabilities,
    describe: () => ({ type: "memory", token: SECRET }),
  });
  const repository = await Repository.create(storage);
  const session = await repository.writableSession("main");
  const bytes = (await (await session.fork()).toBytes()) as Uint8Array;
  const text = Buffer.from(bytes).toString("latin1");

  for (const form of formsOf(SECRET)) expect(text).not.toContain(form);
});
