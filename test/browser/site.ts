/** A page with the bundled core on a loopback server, and a Chromium that looks at it. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize, resolve } from "node:path";
import { build } from "esbuild";
import { type BrowserContext, chromium, type Page } from "playwright-core";

const ROOT = resolve(import.meta.dirname, "../..");
const CHROMIUM = process.env["CHROMIUM_PATH"] ?? "/usr/bin/chromium";
const TYPES: Readonly<Record<string, string>> = { ".js": "text/javascript", ".html": "text/html" };
const PAGE = '<!doctype html><title>icefloe</title><script type="module" src="/page.js"></script>';
/** Without these Chromium asks for hosts that a closed network refuses. */
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** A loopback server of bundled programs; a test may put more files into the folder. */
export interface ProgramServer {
  readonly url: string;
  readonly folder: string;
  close(): Promise<void>;
}

/** A tab on a page of the server. */
export interface Tab {
  readonly page: Page;
  /** Errors that the page has thrown. */
  readonly problems: readonly string[];
}

/** What a test needs of the running site. */
export interface Site extends ProgramServer, Tab {}

/** Bundles the page, serves its folder (and whatever a test puts there), opens it. */
export async function openSite(): Promise<Site> {
  const server = await serveBundled({ page: "page.ts" });
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
  const tab = await openTab(await browser.newContext(), server.url);
  const close = async (): Promise<void> => {
    await browser.close();
    await server.close();
  };
  return { ...server, ...tab, close };
}

/** Bundles programs of this folder, by the names they are served under, and serves them; `page` is the page's. */
export async function serveBundled(
  programs: Readonly<Record<string, string>>,
): Promise<ProgramServer> {
  mkdirSync(join(ROOT, ".cache"), { recursive: true });
  const folder = mkdtempSync(join(ROOT, ".cache", "browser-"));
  const files = Object.entries(programs).map(([name, file]) => [
    name,
    join(import.meta.dirname, file),
  ]);
  await build({
    entryPoints: Object.fromEntries(files),
    outdir: folder,
    bundle: true,
    splitting: true,
    minify: true,
    format: "esm",
    platform: "browser",
    logLevel: "error",
  });
  const server = await serve(folder);
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const close = async (): Promise<void> => {
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
    rmSync(folder, { recursive: true, force: true });
  };
  return { url, folder, close };
}

/** A browser that keeps what its pages store in `profile`; its tabs share it. */
export function openProfile(profile: string): Promise<BrowserContext> {
  return chromium.launchPersistentContext(profile, { executablePath: CHROMIUM, args: FLAGS });
}

/** Opens the server's page, once its program has run. */
export async function openTab(context: BrowserContext, url: string): Promise<Tab> {
  const page = await context.newPage();
  const problems: string[] = [];
  page.on("pageerror", (error) => problems.push(String(error)));
  await page.goto(url);
  await page.waitForFunction("globalThis.icefloePage !== undefined");
  return { page, problems };
}

/** Static files with byte ranges, as any web server has them. */
function serve(folder: string): Promise<Server> {
  const server = createServer((request, response) => {
    const path = normalize(decodeURIComponent((request.url ?? "/").split("?")[0] as string));
    const type = TYPES[extname(path)] ?? "application/octet-stream";
    if (path === "/") return response.writeHead(200, { "content-type": "text/html" }).end(PAGE);
    let bytes: Buffer;
    try {
      bytes = readFileSync(join(folder, path));
    } catch {
      return response.writeHead(404).end();
    }
    const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "");
    if (range === null) return response.writeHead(200, { "content-type": type }).end(bytes);
    const [start, end] = [Number(range[1]), Math.min(Number(range[2]), bytes.length - 1)];
    const headers = {
      "content-type": type,
      "content-range": `bytes ${start}-${end}/${bytes.length}`,
    };
    return response.writeHead(206, headers).end(bytes.subarray(start, end + 1));
  });
  return new Promise((ready) => server.listen(0, "127.0.0.1", () => ready(server)));
}
