/** `npm start` on object stores: a bucket of the user's, and a server that it starts itself. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Repository } from "../../src/index.ts";
import type { Storage } from "../../src/storage/port.ts";
import { describeWith } from "./describe-with.ts";
import { type Server, startServer } from "./server.ts";
import { STORES } from "./stores.ts";

const BUCKET = "start";
const ROOT = join(import.meta.dirname, "../..");
const [[, s3On]] = STORES as [(typeof STORES)[number]];
type Environment = Readonly<Record<string, string>>;

/** The command, with nothing in the environment about S3 but what is said. */
async function start(args: readonly string[], environment: Environment = {}) {
  const plain = Object.entries(process.env).filter(([name]) => !name.startsWith("AWS_"));
  const child = spawn(process.execPath, [join(ROOT, "scripts", "start.mjs"), ...args], {
    env: { ...Object.fromEntries(plain), ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  let errors = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    errors += text.replace(/^building dist.*\n/m, "");
  });
  const [code] = (await once(child, "close")) as [number | null];
  return { code, output, errors };
}

async function pathsIn(storage: Storage): Promise<string[]> {
  const paths: string[] = [];
  for await (const { path } of storage.list("")) paths.push(path);
  return paths;
}

/** What the demonstration leaves below `storage`. */
async function expectResult(open: (name: string) => Storage): Promise<void> {
  const messages: Record<string, string[]> = {};
  for (const name of ["tasks", "processes", "uncooperative"]) {
    const repository = await Repository.open(open(name));
    const ancestry = await repository.ancestry("main").toArray();
    messages[name] = ancestry.map(({ message }) => message);
  }
  expect(messages["tasks"]?.[0]).toBe("precipitation, written by 84 tasks");
  expect(messages["processes"]?.[0]).toMatch(/^precipitation, written by [1-4] processes$/);
  expect(messages["uncooperative"]?.slice(0, 4).sort()).toEqual(
    [1, 2, 3, 4].map((writer) => `writer ${writer} was here`),
  );
}

/** What a run prints that has done everything. */
function expectShown({ code, errors, output }: Awaited<ReturnType<typeof start>>): void {
  expect({ code, errors }).toEqual({ code: 0, errors: "" });
  expect(
    output.match(/ read 60480 values of [0-9A-Z]{20}: identical to the source$/gm),
  ).toHaveLength(2);
  const done = JSON.parse(/^done: (.*)$/m.exec(output)?.[1] ?? "[]") as number[];
  expect(done.sort()).toEqual([1, 2, 3, 4]);
}

describeWith(["versitygw"], "npm start on S3", () => {
  let server: Server;
  let environment: Environment;
  beforeAll(async () => {
    server = await startServer("versitygw");
    await server.createBucket(BUCKET);
    environment = {
      AWS_ENDPOINT_URL: server.url,
      AWS_ALLOW_HTTP: "true",
      AWS_ACCESS_KEY_ID: server.accessKeyId,
      AWS_SECRET_ACCESS_KEY: server.secretAccessKey,
    };
  });
  afterAll(() => server.stop());

  test("writes below a prefix of the user's, with credentials from the environment", async () => {
    const other = s3On(server, BUCKET, "own-else");
    await other.put("kept", Uint8Array.of(1), { objectKind: "other" });

    const run = await start([`s3://${BUCKET}/own/`], environment);

    expectShown(run);
    expect(run.output).toContain(`s3://${BUCKET}/own/processes\n`);
    expect(run.output).not.toContain(server.secretAccessKey);
    await expectResult((name) => s3On(server, BUCKET, `own/${name}`));
    expect(await pathsIn(other)).toEqual(["kept"]);
  });

  test("leaves a prefix as it is that is not empty", async () => {
    const storage = s3On(server, BUCKET, "taken");
    await storage.put("mine", Uint8Array.of(1), { objectKind: "other" });

    const { code, output, errors } = await start([`s3://${BUCKET}/taken`], environment);

    expect({ code, output }).toEqual({ code: 1, output: "" });
    expect(errors).toBe(
      `s3://${BUCKET}/taken is not empty: it holds "mine". npm start needs a prefix of its own; it has changed nothing\n`,
    );
    expect(await pathsIn(storage)).toEqual(["mine"]);
  });

  test.each([
    [
      "a secret that is wrong",
      `s3://${BUCKET}/a`,
      { AWS_SECRET_ACCESS_KEY: "wrong-secret" },
      /SignatureDoesNotMatch/,
    ],
    [
      "a key that nobody knows",
      `s3://${BUCKET}/a`,
      { AWS_ACCESS_KEY_ID: "nobody" },
      /XAdminUserNotFound/,
    ],
    [
      "a bucket that is not there",
      "s3://no-such-bucket/a",
      {},
      /NoSuchBucket: there is no such bucket/,
    ],
    ["an endpoint that is not encrypted", `s3://${BUCKET}/a`, { AWS_ALLOW_HTTP: "" }, /allowHttp/],
    ["a scheme that names no store", "ftp://host/a", {}, /names no storage/],
    ["a server that only reads", "http://127.0.0.1:9/a", {}, /several processes can write to/],
  ])("says of %s in one line what is wrong, with code 1", async (_, url, changed, reason) => {
    const { code, output, errors } = await start([url], { ...environment, ...changed });

    expect({ code, output }).toEqual({ code: 1, output: "" });
    expect(errors).toMatch(/^[^\n]+\n$/);
    expect(errors).toMatch(reason);
    for (const secret of ["wrong-secret", server.secretAccessKey])
      expect(errors).not.toContain(secret);
  });

  test("--s3 starts a server, shows everything on it, and ends it", async () => {
    const run = await start(["--s3"]);

    expectShown(run);
    const url = /^versitygw serves S3 at (http:\S+), until this ends$/m.exec(run.output)?.[1];
    await expect(fetch(url ?? "")).rejects.toThrow("fetch failed");
  });
});

test("--s3 says in one line that Go is missing", async () => {
  const folder = await mkdtemp(join(tmpdir(), "icefloe-start-"));
  try {
    const folders = (process.env["PATH"] ?? "").split(delimiter);
    for (const name of ["node", "npm", "git"]) {
      const found = folders.map((each) => join(each, name)).find((path) => existsSync(path));
      await symlink(found ?? name, join(folder, name));
    }

    const { code, errors } = await start(["--s3"], {
      PATH: folder,
      ICEFLOE_SERVERS: join(folder, "servers"),
    });

    expect({ code, errors }).toEqual({
      code: 1,
      errors: "versitygw: not installed: it needs go, which is not installed\n",
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
