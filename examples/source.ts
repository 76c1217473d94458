/**
 * What the examples write: a NetCDF file, a grid in JSON ({ width, height, values }, rows from
 * north to south), a sample of the xarray tutorials by name, or numbers made up here.
 */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { Dataset, type DownloadProgress, openNetcdf, openTutorial } from "icefloe/dataset/node";

/** Opens the dataset that `source` names; lazily, if it is a file. */
export async function openSource(source?: string): Promise<Dataset> {
  if (source === undefined) return gridDataset(madeUpGrid(360, 168));
  if (source.endsWith(".json")) return gridDataset(JSON.parse(await readFile(source, "utf8")));
  return existsSync(source)
    ? openNetcdf(source)
    : openTutorial(source, { onProgress: showDownload });
}

function gridDataset(grid: { width: number; height: number; values: number[] }): Dataset {
  const { width, height, values } = grid;
  const latitude = Float64Array.from({ length: height }, (_, i) => 87 - i);
  const longitude = Float64Array.from({ length: width }, (_, i) => i - 180);
  return new Dataset({
    variables: {
      precipitation: {
        dims: ["latitude", "longitude"],
        data: Int32Array.from(values),
        attributes: { units: "mm", long_name: "annual precipitation" },
      },
    },
    coordinates: {
      latitude: { dims: ["latitude"], data: latitude, attributes: { units: "degrees_north" } },
      longitude: { dims: ["longitude"], data: longitude, attributes: { units: "degrees_east" } },
    },
    attributes: { title: "Annual precipitation" },
  });
}

function madeUpGrid(width: number, height: number) {
  const values = Array.from({ length: width * height }, (_, i) => (i * 7919) % 2500);
  return { width, height, values };
}

function showDownload({ receivedBytes, totalBytes }: DownloadProgress): void {
  if (receivedBytes === totalBytes) console.log(`fetched ${totalBytes} bytes`);
}
