/** The machinery itself: servers that start, die, come back and leave nothing behind. */
import { spawn } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { dirname } from "node:path";
import { AwsClient } from "aws4fetch";
import { expect, test } from "vitest";
import { describeWith } from "./describe-with.ts";
import { missingServers, type ServerName } from "./programs.ts";
import { type Server, startServer } from "./server.ts";

const S3_SERVERS: readonly ServerName[] = ["versitygw", "minio"];
const OTHERS: readonly ServerName[] = ["fake-gcs-server", "azurite"];

function s3(server: Server): AwsClient {
  const { accessKeyId, secretAccessKey, region } = server;
  return new AwsClient({ accessKeyId, secretAccessKey, region, service: "s3", retries: 0 });
}

async function put(server: Server, path: string, body: string): Promise<number> {
  const response = await s3(server).fetch(`${server.url}/${path}`, { method: "PUT", body });
  await response.arrayBuffer();
  return response.status;
}

async function get(server: Server, path: string): Promise<string> {
  const response = await s3(server).fetch(`${server.url}/${path}`);
  return response.text();
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    if ((error as { code?: string }).code === "ESRCH") return false;
    throw error;
  }
}

for (const name of S3_SERVERS) {
  describeWith([name], name, () => {
    test("starts, and stores an object in a bucket that was made", async () => {
      await using server = await startServer(name);
      await server.createBucket("made");

      expect(await put(server, "made/key", "body")).toBe(200);
      expect(await get(server, "made/key")).toBe("body");
    });

    test("keeps its objects and its port over kill -9 and a restart", async () => {
      await using server = await startServer(name);
      await server.createBucket("kept");
      await put(server, "kept/key", "body");
      const before = { pid: server.pid, url: server.url };

      await server.kill9();
      const isGone = !isAlive(before.pid);
      await server.restart();

      expect(isGone).toBe(true);
      expect(server.pid).not.toBe(before.pid);
      expect(server.url).toBe(before.url);
      expect(await get(server, "kept/key")).toBe("body");
    });

    test("refuses a wrong secret", async () => {
      await using server = await startServer(name);
      const { accessKeyId } = server;
      const client = new AwsClient({ accessKeyId, secretAccessKey: "wrong", retries: 0 });
      const response = await client.fetch(`${server.url}/bucket`, {
        method: "PUT",
        aws: { service: "s3", region: server.region },
      });

      expect(response.status).toBe(403);
    });
  });
}

for (const name of OTHERS) {
  describeWith([name], name, () => {
    test("starts, makes a bucket, and keeps it over SIGTERM and a restart", async () => {
      await using server = await startServer(name);
      await server.createBucket("kept");
      await server.restart();

      await expect(server.createBucket("kept")).rejects.toThrow(/does not make bucket kept: 409/);
    });
  });
}

describeWith(["versitygw"], "a server", () => {
  test("that is stopped leaves no process and no folder", async () => {
    const server = await startServer("versitygw");
    const { pid, dataFolder } = server;
    const wasThere = existsSync(dataFolder);

    await server.stop();

    expect(wasThere).toBe(true);
    expect(isAlive(pid)).toBe(false);
    expect(existsSync(dirname(dataFolder))).toBe(false);
    expect(() => server.pid).toThrow("versitygw is not running");
  });

  test("that keeps its objects elsewhere leaves them there", async () => {
    await using holder = await startServer("versitygw");
    await holder.createBucket("folder");
    const dataFolder = `${holder.dataFolder}/folder`;
    const server = await startServer("versitygw", { dataFolder });
    await server.createBucket("kept");

    await server.stop();

    expect(readdirSync(dataFolder)).toContain("kept");
  });

  test("that is to listen on a port that is taken does not start", async () => {
    await using first = await startServer("versitygw");
    const { port } = first;

    await expect(startServer("versitygw", { port })).rejects.toThrow(`port ${port} is taken`);
  });

  test("that ends at once says so with its log", async () => {
    const environment = { VGW_CERT: "no-certificate.pem" };

    await expect(startServer("versitygw", { environment })).rejects.toThrow(
      /^versitygw on port \d+ ended at once: .*TLS/s,
    );
  });

  test("ends when the process that started it is killed with -9", async () => {
    const starter = spawn(process.execPath, ["scripts/run.mjs", "test/servers/starter.ts"], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const said = await new Promise<string>((resolve, reject) => {
      starter.stdout.once("data", (data: Uint8Array) => resolve(String(data)));
      starter.once("exit", (code) => reject(new Error(`the starter ended with code ${code}`)));
    });
    const { starterPid, serverPid, folder } = JSON.parse(said) as {
      readonly starterPid: number;
      readonly serverPid: number;
      readonly folder: string;
    };
    const wasAlive = isAlive(serverPid) && existsSync(folder);

    process.kill(starterPid, "SIGKILL");

    expect(wasAlive).toBe(true);
    await expect
      .poll(() => isAlive(serverPid) || existsSync(folder), { timeout: 60_000 })
      .toBe(false);
  });
});

test("a server that is not installed is named, with what installs it", () => {
  expect(missingServers("versitygw", "minio") ?? "").toMatch(
    /^$|^not installed: .*; node scripts\/servers\/install\.mjs /,
  );
});
