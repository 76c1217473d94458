import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { encodeRepoInfo } from "../../../src/format/repo/write.ts";
import { encodeSnapshot } from "../../../src/format/snapshot/write.ts";
import { encodeTransactionLog } from "../../../src/format/transaction-log/write.ts";
import { verifyFlatBuffer } from "./flatbuffer-verifier.ts";
import { officialFile } from "./official-files.ts";
import { REPO, SNAPSHOT, TRANSACTION_LOG } from "./schemas.ts";
import { repositories, snapshots, transactionLogs } from "./values.ts";

describe("whatever a file holds, verifiers take", () => {
  test("snapshots", () => {
    fc.assert(
      fc.property(snapshots, (snapshot) => verifyFlatBuffer(encodeSnapshot(snapshot), SNAPSHOT)),
    );
  });

  test("transaction logs", () => {
    fc.assert(
      fc.property(transactionLogs, (log) =>
        verifyFlatBuffer(encodeTransactionLog(log), TRANSACTION_LOG),
      ),
    );
  });

  test("repositories", () => {
    fc.assert(fc.property(repositories, (repo) => verifyFlatBuffer(encodeRepoInfo(repo), REPO)));
  });
});

describe("the verifier", () => {
  test.each([
    ["TV3", SNAPSHOT],
    ["TV6", SNAPSHOT],
    ["TV5", REPO],
  ] as const)("takes the official engine's %s", (name, schema) => {
    expect(() => verifyFlatBuffer(officialFile(name).payload, schema)).not.toThrow();
  });

  test("refuses a table that lacks a required field, and a number that is not aligned", () => {
    const { payload } = officialFile("TV3");

    expect(() => verifyFlatBuffer(payload, REPO)).toThrow();
    const shifted = new Uint8Array(payload.length + 4);
    shifted.set(payload.subarray(0, 8));
    shifted.set(payload.subarray(8), 12);
    shifted[0] = (payload[0] as number) + 4;
    expect(() => verifyFlatBuffer(shifted, SNAPSHOT)).toThrow("not aligned to 8");
  });
});
