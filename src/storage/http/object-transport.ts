/** How requests of object stores leave: on Node by its own `http`, elsewhere by `fetch`. */
import type { Runtime } from "../../base/runtime.ts";
import { nodeTransport } from "./node/transport.ts";
import { fetchTransport, type Transport } from "./transport.ts";

/** Connections to object stores. */
export interface ObjectTransport {
  /** Sends requests; `connectTimeoutMs`: how long a connection may take, where that can be said. */
  sender(connectTimeoutMs: number | undefined): Transport;
  /** Ends the connections. */
  close(): void;
}

/** The best way of this platform. */
export function objectTransport(runtime: Runtime): ObjectTransport {
  const node = nodeTransport(runtime);
  if (node !== undefined) return node;
  const send = fetchTransport((input, init) => globalThis.fetch(input, init));
  return { sender: () => send, close: () => undefined };
}
