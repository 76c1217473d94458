/** What each fault of the proxy does to a request, and whether the server has seen it. */
import { AwsClient } from "aws4fetch";
import { expect, test } from "vitest";
import { describeWith } from "./describe-with.ts";
import { createProxy, type FaultProxy } from "./fault-proxy.ts";
import { type Server, startServer } from "./server.ts";

const DELAY_MS = 200;

/** A server with a bucket, a proxy before it, and a client that signs for either. */
async function world(): Promise<{
  readonly server: Server;
  readonly proxy: FaultProxy;
  readonly client: AwsClient;
  [Symbol.asyncDispose](): Promise<void>;
}> {
  const server = await startServer("versitygw");
  await server.createBucket("bucket");
  const proxy = await createProxy(server);
  const { accessKeyId, secretAccessKey, region } = server;
  const client = new AwsClient({ accessKeyId, secretAccessKey, region, service: "s3", retries: 0 });
  return {
    server,
    proxy,
    client,
    [Symbol.asyncDispose]: async () => {
      await proxy.stop();
      await server.stop();
    },
  };
}

async function statusOf(client: AwsClient, url: string, body?: string): Promise<number> {
  const response = await client.fetch(
    url,
    body === undefined
      ? {}
      : { method: "PUT", body, headers: { "x-amz-content-sha256": await sha256(body) } },
  );
  await response.arrayBuffer();
  return response.status;
}

async function sha256(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return Buffer.from(digest).toString("hex");
}

describeWith(["versitygw", "toxiproxy"], "the fault proxy", () => {
  test("passes signed requests and their replies", async () => {
    await using place = await world();
    const { proxy, client, server } = place;

    expect(await statusOf(client, `${proxy.url}/bucket/key`, "body")).toBe(200);
    expect(await statusOf(client, `${server.url}/bucket/key`)).toBe(200);
  });

  test("loses the reply to a request that the server has carried out", async () => {
    await using place = await world();
    const { proxy, client, server } = place;
    await proxy.cutReplies();

    await expect(statusOf(client, `${proxy.url}/bucket/key`, "body")).rejects.toThrow();

    expect(await statusOf(client, `${server.url}/bucket/key`)).toBe(200);
  });

  test("holds a reply and then resets, after the server has carried the request out", async () => {
    await using place = await world();
    const { proxy, client, server } = place;
    await proxy.holdReplies(50);

    await expect(statusOf(client, `${proxy.url}/bucket/key`, "body")).rejects.toThrow();

    expect(await statusOf(client, `${server.url}/bucket/key`)).toBe(200);
  });

  test("cuts a request, of which the server stores nothing", async () => {
    await using place = await world();
    const { proxy, client, server } = place;
    await proxy.cutRequests({ afterBytes: 50_000 });

    const body = "b".repeat(200_000);
    await expect(statusOf(client, `${proxy.url}/bucket/key`, body)).rejects.toThrow();

    expect(await statusOf(client, `${server.url}/bucket/key`)).toBe(404);
  });

  test("cuts within a reply, after as many bytes as it is told", async () => {
    await using place = await world();
    const { proxy, client, server } = place;
    await statusOf(client, `${server.url}/bucket/key`, "b".repeat(200_000));
    await proxy.cutReplies({ afterBytes: 10_000 });

    const response = await client.fetch(`${proxy.url}/bucket/key`);

    expect(response.status).toBe(200);
    await expect(response.arrayBuffer()).rejects.toThrow();
  });

  test("delays replies by as much as it is told", async () => {
    await using place = await world();
    const { proxy, client } = place;
    await proxy.delay(DELAY_MS);

    const began = performance.now();
    await statusOf(client, `${proxy.url}/bucket/key`, "body");

    expect(performance.now() - began).toBeGreaterThan(DELAY_MS * 0.9);
  });

  test("refuses connections while it is disabled, and lets them through after a reset", async () => {
    await using place = await world();
    const { proxy, client } = place;
    await proxy.disable();
    await expect(statusOf(client, `${proxy.url}/bucket/key`, "body")).rejects.toThrow();

    await proxy.reset();

    expect(await statusOf(client, `${proxy.url}/bucket/key`, "body")).toBe(200);
  });

  test("takes faults away by a reset, also from connections that stay open", async () => {
    await using place = await world();
    const { proxy, client } = place;
    await proxy.delay(60_000);
    await proxy.reset();

    expect(await statusOf(client, `${proxy.url}/bucket/key`, "body")).toBe(200);
  });

  test("sets a fault that replaces the one of its kind before", async () => {
    await using place = await world();
    const { proxy, client } = place;
    await proxy.cutReplies();
    await proxy.cutReplies({ afterBytes: 100_000 });

    expect(await statusOf(client, `${proxy.url}/bucket/key`, "body")).toBe(200);
  });
});
