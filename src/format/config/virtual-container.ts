/**
 * Containers of virtual chunks: a URL prefix, and how what lies below it is read. Credentials are
 * no part of them; the headers of an HTTP container are, and are persisted in the clear.
 * Spec: docs/semantics.md "Virtual chunk containers".
 */

/** How a bucket that speaks S3 is reached. */
export interface S3StoreOptions {
  readonly region?: string | undefined;
  readonly endpointUrl?: string | undefined;
  readonly anonymous?: boolean | undefined;
  readonly allowHttp?: boolean | undefined;
  readonly forcePathStyle?: boolean | undefined;
  readonly networkStreamTimeoutSeconds?: number | undefined;
  readonly requesterPays?: boolean | undefined;
  readonly checksumAlgorithm?: "crc32" | "crc32c" | "crc64_nvme" | "sha1" | "sha256" | undefined;
}

/** How an HTTP server is reached. `headers` are sent with every request and persisted: no secrets. */
export interface HttpStoreOptions {
  readonly opts?: Readonly<Record<string, string>> | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** Where the objects of a container live. */
export type ObjectStoreConfig =
  | { readonly type: "InMemory" }
  | { readonly type: "LocalFileSystem"; readonly field0: string }
  | { readonly type: "Http"; readonly field0: HttpStoreOptions }
  | { readonly type: "S3Compatible"; readonly field0: S3StoreOptions }
  | { readonly type: "S3"; readonly field0: S3StoreOptions }
  | { readonly type: "Gcs"; readonly field0: Readonly<Record<string, string>> }
  | { readonly type: "Azure"; readonly field0: Readonly<Record<string, string>> }
  | { readonly type: "Tigris"; readonly field0: S3StoreOptions };

/** A place that virtual references may point into. */
export interface VirtualChunkContainer {
  /** Lets locations be written `vcc://<name>/<rest>`; not empty, without a slash. */
  readonly name?: string | undefined;
  /** Ends in a slash. */
  readonly urlPrefix: string;
  readonly store: ObjectStoreConfig;
}

const STORES_OF_SCHEME: Readonly<Record<string, readonly ObjectStoreConfig["type"][]>> = {
  s3: ["S3", "S3Compatible", "Tigris"],
  gs: ["Gcs"],
  gcs: ["Gcs"],
  az: ["Azure"],
  azure: ["Azure"],
  abfs: ["Azure"],
  tigris: ["Tigris"],
  http: ["Http"],
  https: ["Http"],
  file: ["LocalFileSystem"],
};

/** Scheme, host and the rest of a URL. */
const URL_PARTS = /^([a-zA-Z][a-zA-Z0-9+.-]*):\/\/([^/?#]*)([^?#]*)$/;

/** What is wrong with a container. */
interface ContainerProblem {
  readonly key: "name" | "urlPrefix" | "store";
  readonly expected: string;
  readonly found: unknown;
}

/** Why official clients would not use `container`; `undefined` if they would. */
export function containerProblem(container: VirtualChunkContainer): ContainerProblem | undefined {
  const { name, urlPrefix, store } = container;
  const badPrefix = (expected: string): ContainerProblem => {
    return { key: "urlPrefix", expected, found: urlPrefix };
  };
  if (name !== undefined && (name === "" || name.includes("/"))) {
    return { key: "name", expected: "a name that is not empty and has no slash", found: name };
  }
  if (!urlPrefix.endsWith("/")) return badPrefix("a URL that ends in a slash");
  const [, scheme, host, path] = URL_PARTS.exec(urlPrefix) ?? [];
  if (scheme === undefined || path === undefined) return badPrefix("a URL without query or hash");
  const key = scheme.toLowerCase();
  const stores = Object.hasOwn(STORES_OF_SCHEME, key) ? STORES_OF_SCHEME[key] : undefined;
  if (stores === undefined) {
    return badPrefix(`a URL of scheme ${Object.keys(STORES_OF_SCHEME).join(", ")}`);
  }
  if (!stores.includes(store.type)) {
    return { key: "store", expected: `a store of type ${stores.join(" or ")}`, found: store.type };
  }
  if (key !== "file") return host === "" ? badPrefix("a URL with a host") : undefined;
  if (host === "" && path.length < 2) return badPrefix("a URL with a path");
  if (/(^|\/)\.\.?\//.test(path)) return badPrefix("a URL without . and .. in its path");
  return undefined;
}

/**
 * The containers of a persisted configuration that can be used, each prefix with its slash. Those
 * that official clients would not use are left out: old repositories list several by default.
 */
export function usableContainers(
  containers: Readonly<Record<string, VirtualChunkContainer>>,
): Record<string, VirtualChunkContainer> {
  const usable = Object.entries(containers).map(([key, container]) => {
    const { urlPrefix } = container;
    const closed = urlPrefix.endsWith("/") ? urlPrefix : `${urlPrefix}/`;
    return [key, { ...container, urlPrefix: closed }] as const;
  });
  return Object.fromEntries(usable.filter(([, container]) => !containerProblem(container)));
}
