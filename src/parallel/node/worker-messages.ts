/** What a worker process or thread says to its coordinator. */

import type { ErrorJson } from "../../base/errors.ts";
import { IcefloeError } from "../../base/errors.ts";

/** A message from a worker process. */
export type FromWorker =
  | { readonly type: "ready" }
  | {
      readonly type: "result";
      readonly id: string;
      readonly attempt: number;
      readonly bytes: Uint8Array;
    }
  | {
      readonly type: "progress";
      readonly id: string;
      readonly attempt: number;
      readonly progress: unknown;
    }
  | {
      readonly type: "error";
      readonly id: string;
      readonly attempt: number;
      readonly error: WorkerError;
    };

/** An error as it crosses the boundary. */
export type WorkerError = ErrorJson | { readonly name: string; readonly message: string };

/** The error that a worker sent, as an Error again. */
export function errorFromWorker(json: WorkerError): Error {
  if ("kind" in json) return IcefloeError.fromJSON(json);
  const error = new Error(json.message);
  error.name = json.name;
  return error;
}
