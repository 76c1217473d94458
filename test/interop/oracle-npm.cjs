/**
 * The official npm binding behind the same JSON lines as `oracle.py`, with what it can do:
 * it knows no kinds of chunks, no forks, no solvers. Argument: the folder it is installed in.
 */
const { createRequire } = require("node:module");
const { createWriteStream } = require("node:fs");
const { join } = require("node:path");
const { createInterface } = require("node:readline");

const official = createRequire(join(process.argv[2], "package.json"))("@earthmover/icechunk");
const answers = createWriteStream(null, { fd: 3 });
const opened = new Map();

const encode = (bytes) => Buffer.from(bytes).toString("base64");
const storageOf = ({ path }) => official.Storage.newLocalFilesystem(path);
const versionOf = (version) => version ?? { branch: "main" };

async function repositoryOf(params) {
  const kept = opened.get(params.path);
  if (params.reuse && kept !== undefined) return kept;
  const access = params.virtualPrefix === undefined ? null : { [params.virtualPrefix]: null };
  const repository = await official.Repository.open(await storageOf(params), null, access);
  opened.set(params.path, repository);
  return repository;
}

async function create(params) {
  const config = { inlineChunkThresholdBytes: params.inlineBytes };
  if (params.splitChunks !== undefined) {
    const dimensions = [{ condition: "Any", num_chunks: params.splitChunks }];
    config.manifest = {
      splitting: { split_sizes: [[{ path_matches: { regex: ".*" } }, dimensions]] },
    };
  }
  const repository = await official.Repository.create(
    await storageOf(params),
    config,
    params.specVersion,
  );
  await repository.saveConfig();
}

async function dump(params) {
  const repository = await repositoryOf(params);
  const session = await repository.readonlySession(versionOf(params.version));
  const keys = (await session.store.list()).sort();
  const nodes = new Map();
  for (const key of keys.filter((key) => /(^|\/)zarr\.json$/.test(key))) {
    const path = `/${key.replace(/\/?zarr\.json$/, "")}`;
    const metadata = Buffer.from(await session.store.get(key)).toString();
    const isArray = JSON.parse(metadata).node_type === "array";
    nodes.set(path, { path, metadata, ...(isArray ? { chunks: [] } : {}) });
  }
  for (const key of keys.filter((key) => !/(^|\/)zarr\.json$/.test(key))) {
    const [, path, coordinates] = /^(.*?)\/?c((?:\/\d+)*)$/.exec(key);
    const row = { coordinates: coordinates.split("/").slice(1).map(Number) };
    try {
      row.bytes = encode(await session.store.get(key));
    } catch (error) {
      row.unreadable = String(error.message).split("\n")[0];
    }
    nodes.get(`/${path}`).chunks.push(row);
  }
  return { snapshotId: session.snapshotId, keys, nodes: [...nodes.values()] };
}

async function history(params) {
  const list = await (await repositoryOf(params)).ancestry(versionOf(params.version));
  return list.map(({ id, parentId, message, metadata }) => ({
    id,
    parentId: parentId ?? null,
    message,
    metadata,
  }));
}

async function refs(params) {
  const repository = await repositoryOf(params);
  const lookUp = async (names, look) =>
    Object.fromEntries(await Promise.all(names.map(async (name) => [name, await look(name)])));
  return {
    branches: await lookUp(await repository.listBranches(), (name) =>
      repository.lookupBranch(name),
    ),
    tags: await lookUp(await repository.listTags(), (name) => repository.lookupTag(name)),
  };
}

async function write(params) {
  const session = await (await repositoryOf(params)).writableSession(params.branch ?? "main");
  for (const step of params.steps) {
    if (step.set !== undefined)
      await session.store.set(step.set, Buffer.from(step.bytes, "base64"));
    else if (step.delete !== undefined) await session.store.delete(step.delete);
    else if (step.deleteDir !== undefined) await session.store.deleteDir(step.deleteDir);
    else if (step.virtual !== undefined) {
      const { virtual, location, offset, length } = step;
      await session.store.setVirtualRef(virtual, location, offset, length, null, null, true);
    } else throw new Error(`unknown step ${JSON.stringify(step)}`);
  }
  if (params.solver !== undefined) await session.rebase();
  return session[params.how ?? "commit"](params.message);
}

/** Calls one of the repository's own methods on refs. */
async function manage(params) {
  const allowed = ["createBranch", "createTag", "deleteTag"];
  if (!allowed.includes(params.call)) throw new Error(params.call);
  await (await repositoryOf(params))[params.call](...params.arguments);
}

const METHODS = { create, dump, history, manage, refs, write };

async function answerAll() {
  for await (const line of createInterface({ input: process.stdin })) {
    const { id, method, params } = JSON.parse(line);
    let answer;
    try {
      if (METHODS[method] === undefined) throw new Error(`unknown method ${method}`);
      answer = { id, result: (await METHODS[method](params)) ?? null };
    } catch (error) {
      answer = { id, error: { name: error.name, message: String(error.message).split("\n")[0] } };
    }
    answers.write(`${JSON.stringify(answer)}\n`);
  }
}

void answerAll();
