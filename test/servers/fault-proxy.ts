/**
 * A proxy between a client and a server that loses, cuts and delays what passes: toxiproxy, steered
 * over its HTTP interface. Requests are signed for the proxy's own address, so signatures hold.
 */
import { freePort, type Server, startServer } from "./server.ts";

/** The name of the one proxy that a toxiproxy process holds here. */
const PROXY = "upstream";

/** Starts a proxy of its own before `upstream` (a server, or any address on loopback). */
export async function createProxy(upstream: { readonly url: string }): Promise<FaultProxy> {
  const toxiproxy = await startServer("toxiproxy");
  const port = await freePort();
  const proxy = new FaultProxy(toxiproxy, port);
  try {
    await proxy.open(new URL(upstream.url).host);
  } catch (error) {
    await proxy.stop();
    throw error;
  }
  return proxy;
}

export interface CutOptions {
  /** How many bytes a connection passes in that direction before it is closed; default 0. */
  readonly afterBytes?: number;
  /** The share of connections that are cut, from 0 to 1; default 1. */
  readonly share?: number;
}

/**
 * What passes through `url` reaches the server as it is until a fault is set. One fault of each
 * kind at a time: a second one replaces the first. Faults concern connections from their first
 * byte: a client that keeps connections alive opens new ones first, or `disconnect` closes them.
 */
export class FaultProxy implements AsyncDisposable {
  readonly url: string;
  readonly #toxiproxy: Server;
  readonly #listen: string;

  constructor(toxiproxy: Server, port: number) {
    this.#toxiproxy = toxiproxy;
    this.#listen = `127.0.0.1:${port}`;
    this.url = `http://${this.#listen}`;
  }

  /** @internal */
  async open(upstream: string): Promise<void> {
    await this.#ask("POST", "/proxies", {
      name: PROXY,
      listen: this.#listen,
      upstream,
      enabled: true,
    });
  }

  /** Lets requests reach the server and loses its replies, or all but their first bytes. */
  cutReplies({ afterBytes = 0, share = 1 }: CutOptions = {}): Promise<void> {
    return this.#set("limit_data", "downstream", { bytes: afterBytes }, share);
  }

  /** Cuts requests, so that the server sees none of them, or their first bytes. */
  cutRequests({ afterBytes = 0, share = 1 }: CutOptions = {}): Promise<void> {
    return this.#set("limit_data", "upstream", { bytes: afterBytes }, share);
  }

  /** Lets requests reach the server; the connection is reset after `ms`, without a reply. */
  holdReplies(ms: number, { share = 1 }: { readonly share?: number } = {}): Promise<void> {
    return this.#set("timeout", "downstream", { timeout: ms }, share);
  }

  /** Adds `ms` to every reply, more or less `jitterMs`. */
  delay(ms: number, { jitterMs = 0 }: { readonly jitterMs?: number } = {}): Promise<void> {
    return this.#set("latency", "downstream", { latency: ms, jitter: jitterMs }, 1);
  }

  /** Closes all connections, and refuses new ones until `reset`. */
  async disable(): Promise<void> {
    await this.#ask("POST", `/proxies/${PROXY}`, { enabled: false });
  }

  /** Closes all connections, and takes new ones; faults stay. */
  async disconnect(): Promise<void> {
    await this.disable();
    await this.#ask("POST", `/proxies/${PROXY}`, { enabled: true });
  }

  /** Takes away all faults, and lets connections through again. */
  async reset(): Promise<void> {
    await this.#ask("POST", "/reset");
  }

  /** Ends the proxy, not the server behind it. */
  stop(): Promise<void> {
    return this.#toxiproxy.stop();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #set(
    type: string,
    stream: "upstream" | "downstream",
    attributes: Readonly<Record<string, number>>,
    toxicity: number,
  ): Promise<void> {
    const name = `${type}-${stream}`;
    const toxics = `/proxies/${PROXY}/toxics`;
    await this.#ask("DELETE", `${toxics}/${name}`, undefined, 404);
    await this.#ask("POST", toxics, { name, type, stream, toxicity, attributes });
  }

  async #ask(method: string, path: string, body?: unknown, alsoFine = 200): Promise<void> {
    const response = await fetch(`${this.#toxiproxy.url}${path}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (response.ok || response.status === alsoFine) return;
    throw new Error(`toxiproxy answers ${method} ${path} with ${response.status} ${text}`);
  }
}
