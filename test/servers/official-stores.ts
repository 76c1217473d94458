/** How the official engine is told where a repository is on each server. */
import { startXmlGateway } from "./gcs-xml.ts";
import type { Server } from "./server.ts";

/** The same folder of a bucket that a storage of `stores.ts` means. */
export interface OfficialStore {
  /** Parameters of every call to the oracle. */
  readonly parameters: Readonly<Record<string, unknown>>;
  stop(): Promise<void>;
}

type Make = (server: Server, bucket: string, prefix: string) => Promise<OfficialStore>;

const s3: Make = async ({ url, accessKeyId, secretAccessKey, region }, bucket, prefix) => ({
  parameters: {
    store: "s3",
    options: {
      bucket,
      prefix,
      region,
      endpoint_url: url,
      allow_http: true,
      force_path_style: true,
      access_key_id: accessKeyId,
      secret_access_key: secretAccessKey,
    },
  },
  stop: async () => undefined,
});

const azure: Make = async ({ url, accessKeyId, secretAccessKey }, container, prefix) => ({
  parameters: {
    store: "azure",
    options: {
      account: accessKeyId,
      container,
      prefix,
      access_key: secretAccessKey,
      config: { azure_storage_endpoint: `${url}/${accessKeyId}`, allow_http: "true" },
    },
  },
  stop: async () => undefined,
});

/** An account that asks nobody for a token: `anonymous` asks the cloud's metadata address for one. */
const gcs: Make = async (server, bucket, prefix) => {
  const gateway = await startXmlGateway(server);
  const account = {
    gcs_base_url: gateway.url,
    disable_oauth: true,
    client_email: "",
    private_key: "",
    private_key_id: "",
  };
  return {
    parameters: {
      store: "gcs",
      options: {
        bucket,
        prefix,
        service_account_key: JSON.stringify(account),
        config: { allow_http: "true" },
      },
    },
    stop: () => gateway.stop(),
  };
};

/** Tells the official engine of a folder in a bucket of `server`. */
export function officialStoreOn(
  server: Server,
  bucket: string,
  prefix: string,
): Promise<OfficialStore> {
  if (server.name === "azurite") return azure(server, bucket, prefix);
  if (server.name === "fake-gcs-server") return gcs(server, bucket, prefix);
  return s3(server, bucket, prefix);
}
