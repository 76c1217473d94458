/** Starts a server, says which, and stays: for the test that kills it. */
import { dirname } from "node:path";
import { startServer } from "./server.ts";

const LIFE_MS = 600_000;

const server = await startServer("versitygw");
process.stdout.write(
  `${JSON.stringify({
    starterPid: process.pid,
    serverPid: server.pid,
    folder: dirname(server.dataFolder),
  })}\n`,
);
setTimeout(() => process.exit(1), LIFE_MS);
