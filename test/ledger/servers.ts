/**
 * The ledger on real object stores: writers are killed, the server too, and a proxy cuts replies.
 * Prints what it counted.
 *
 * Arguments: bundled worker, bundled verifier, then `--server versitygw` (several times; default:
 * all), `--python program` (official writers among ours, on S3), `--processes 8 --commits 25
 * --kills 32 --server-kills 4 --seed 1`.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { createProxy, type FaultProxy } from "../servers/fault-proxy.ts";
import { missingServers, type ServerName } from "../servers/programs.ts";
import { type Server, startServer } from "../servers/server.ts";
import { type CampaignReport, runCampaign } from "./driver.ts";
import type { StorageAddress } from "./storage.ts";

const TYPES = {
  versitygw: "s3",
  minio: "s3",
  "fake-gcs-server": "gcs",
  azurite: "azure",
} as const satisfies Partial<Record<ServerName, StorageAddress["type"]>>;

type LedgerServer = keyof typeof TYPES;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    server: { type: "string", multiple: true, default: Object.keys(TYPES) },
    python: { type: "string" },
    processes: { type: "string", default: "8" },
    commits: { type: "string", default: "25" },
    kills: { type: "string", default: "32" },
    "server-kills": { type: "string", default: "4" },
    seed: { type: "string", default: "1" },
  },
});
const [workerFile, verifyFile] = positionals as [string, string];
const processes = Number(values.processes);
const commits = Number(values.commits);
const serverKills = Number(values["server-kills"]);
const seed = Number(values.seed);

const BUCKET = "ledger";
/** A part of the connections through the proxy ends in the midst of whatever passes that byte. */
const CUT_AFTER_BYTES = [3_000, 0, 9_000, 300];
const CUT_SHARE = 0.4;

let passed = 0;
let failed = 0;

function check(name: string, isTrue: boolean): void {
  if (isTrue) passed += 1;
  else failed += 1;
  process.stdout.write(`${isTrue ? "ok" : "FAILED"}: ${name}\n`);
}

/** Kills and restarts a server, and cuts replies elsewhere, each time so many commits are there. */
class Disturbance {
  kills = 0;
  readonly #server: Server;
  readonly #proxy: FaultProxy;
  #underWay: Promise<void> = Promise.resolve();

  constructor(server: Server, proxy: FaultProxy) {
    this.#server = server;
    this.#proxy = proxy;
  }

  onAcknowledged(count: number): void {
    const step = Math.floor((processes * commits) / (serverKills + 1));
    if (count % step !== 0 || this.kills === serverKills) return;
    this.kills++;
    this.#underWay = this.#underWay.then(() => this.#strike(this.kills));
  }

  async #strike(number: number): Promise<void> {
    // Azurite keeps its index in memory: killed, it forgets what it has acknowledged.
    if (this.#server.name !== "azurite") await this.#server.kill9();
    await this.#server.restart();
    await this.cutReplies(number);
  }

  cutReplies(number: number): Promise<void> {
    const afterBytes = CUT_AFTER_BYTES[(number + seed) % CUT_AFTER_BYTES.length] as number;
    return this.#proxy.cutReplies({ afterBytes, share: CUT_SHARE });
  }

  end(): Promise<void> {
    return this.#underWay;
  }
}

async function runOn(name: LedgerServer, python: string | undefined): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "icefloe-ledger-"));
  await using server = await startServer(name);
  await using proxy = await createProxy(server);
  await server.createBucket(BUCKET);
  const { accessKeyId, secretAccessKey } = server;
  const addressAt = (url: string): StorageAddress => ({
    type: TYPES[name],
    url,
    bucket: BUCKET,
    accessKeyId,
    secretAccessKey,
  });
  const disturbance = new Disturbance(server, proxy);
  await disturbance.cutReplies(0);
  const isOfficial = (writer: number): boolean => python !== undefined && writer % 4 === 3;
  const report = await runCampaign({
    folder,
    address: addressAt(server.url),
    // Every other writer goes through the proxy.
    addressOf: (writer) => addressAt(writer % 2 === 0 ? proxy.url : server.url),
    commandOf: (writer) =>
      isOfficial(writer) ? [python as string, "test/ledger/official_worker.py"] : undefined,
    onAcknowledged: (count) => disturbance.onAcknowledged(count),
    workerFile,
    verifyFile,
    processes,
    commits,
    kills: Number(values.kills),
    seed,
  });
  await disturbance.end();
  rmSync(folder, { recursive: true, force: true });
  judge(python === undefined ? name : `${name}, official writers among ours`, report, isOfficial);
  check(`${name}: killed ${serverKills} times`, disturbance.kills === serverKills);
}

/** What official writers lose by themselves is told, not counted against us. */
function judge(
  name: string,
  report: CampaignReport,
  isOfficial: (writer: number) => boolean,
): void {
  const isOurs = (finding: string): boolean =>
    !isOfficial(Number(/^(?:writer |ledger\/c\/)(\d+)/.exec(finding)?.[1]));
  process.stdout.write(`\n${name}: ${JSON.stringify(report)}\n`);
  check(
    `${name}: ${processes} x ${commits} commits are acknowledged`,
    report.acknowledged === processes * commits,
  );
  for (const fault of ["lost", "torn", "doubled"] as const) {
    const ours = report[fault].filter(isOurs);
    check(`${name}: ${ours.length} of our commits ${fault}`, ours.length === 0);
    if (ours.length < report[fault].length)
      process.stdout.write(`${report[fault].length - ours.length} of the official ones ${fault}\n`);
  }
  check(`${name}: no writer ended but by a kill or at its end`, report.crashes.length === 0);
  check(`${name}: writers were killed inside commits`, report.killsInsideCommit > 0);
}

for (const name of values.server as LedgerServer[]) {
  if (!(name in TYPES)) throw new Error(`--server: ${name} is none of ${Object.keys(TYPES)}`);
  const missing = missingServers(name, "toxiproxy");
  if (missing === undefined) await runOn(name, undefined);
  else check(`${name}: ${missing}`, false);
}
if (values.python !== undefined) await runOn("versitygw", values.python);
process.stdout.write(`\n${passed} passed, ${failed} failed\n`);
process.exitCode = failed === 0 ? 0 : 1;
