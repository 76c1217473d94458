/** Public entry `icefloe/storage/azure`: containers of Azure Blob Storage. */
export { azureStorage } from "./azure.ts";
export type { AzureCredentials } from "./credentials.ts";
export type { AzureStorageOptions } from "./options.ts";
