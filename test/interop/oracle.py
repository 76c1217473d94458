"""The official Python engine behind JSON lines: a request a line on stdin, an answer a line on
descriptor 3 (the engine itself prints warnings on stdout).

A request is {"id", "method", "params"}, an answer {"id", "result"} or {"id", "error"}. Bytes are
base64. Repositories are opened anew for every request, unless it says {"reuse": true}: then the
one opened before is used, with whatever it has cached.
"""

import asyncio
import base64
import json
import os
import sys
import warnings

answers = os.fdopen(3, "w", encoding="utf-8")
warnings.simplefilter("ignore")

import icechunk as ic  # noqa: E402
import netcdf_files  # noqa: E402
import numpy as np  # noqa: E402
import xarray as xr  # noqa: E402
import zarr  # noqa: E402
from xarray_cases import CASES, describe_difference  # noqa: E402
from xarray_times import stale_answers  # noqa: E402
from zarr.core.buffer import default_buffer_prototype  # noqa: E402

ic.set_logs_filter("error")
loop = asyncio.new_event_loop()
opened = {}
KINDS = {1: "native", 2: "virtual", 3: "inline"}


def encode(data):
    return base64.b64encode(bytes(data)).decode()


def run(coroutine):
    return loop.run_until_complete(coroutine)


STORES = {"s3": ic.s3_storage, "gcs": ic.gcs_storage, "azure": ic.azure_storage}


def storage_of(params):
    """A local folder, or where a store's options say: {"store": "s3", "options": {"bucket": ...}}."""
    if "store" in params:
        return STORES[params["store"]](**params["options"])
    return ic.local_filesystem_storage(params["path"])


def place_of(params):
    return json.dumps(params["options"]) if "store" in params else params["path"]


def authorization(params):
    prefix = params.get("virtualPrefix")
    return {prefix: ic.credentials.LocalFileSystemAccess} if prefix else None


def repository_of(params):
    place = place_of(params)
    if params.get("reuse") and place in opened:
        return opened[place]
    repository = ic.Repository.open(
        storage_of(params), authorize_virtual_chunk_access=authorization(params)
    )
    opened[place] = repository
    return repository


def version_of(params, key="version"):
    version = params.get(key) or {"branch": "main"}
    names = {"branch": "branch", "tag": "tag", "snapshotId": "snapshot_id"}
    return {names[name]: value for name, value in version.items()}


def create(params):
    config = ic.RepositoryConfig.default()
    if "inlineBytes" in params:
        config.inline_chunk_threshold_bytes = params["inlineBytes"]
    if "splitChunks" in params:
        sizes = {
            ic.ManifestSplitCondition.AnyArray(): {
                ic.ManifestSplitDimCondition.Any(): params["splitChunks"]
            }
        }
        config.manifest = ic.ManifestConfig(
            splitting=ic.ManifestSplittingConfig.from_dict(sizes)
        )
    prefix = params.get("virtualPrefix")
    if prefix:
        store = ic.local_filesystem_store(prefix.removeprefix("file://"))
        config.set_virtual_chunk_container(ic.VirtualChunkContainer(prefix, store))
    repository = ic.Repository.create(
        storage_of(params),
        config=config,
        spec_version=params.get("specVersion"),
        authorize_virtual_chunk_access=authorization(params),
    )
    repository.save_config()
    opened[place_of(params)] = repository


async def collect(iterator):
    return [item async for item in iterator]


async def read(store, key):
    buffer = await store.get(key, default_buffer_prototype())
    return None if buffer is None else buffer.to_bytes()


async def chunks_of(store, path):
    rows = []
    async for coords, kinds, paths, offsets, lengths, _ in store.array_chunk_iterator(path):
        for i in range(len(kinds)):
            coordinates = [int(c) for c in coords[i]]
            kind = KINDS[int(kinds[i])]
            row = {"coordinates": coordinates, "kind": kind, "length": int(lengths[i])}
            if kind == "virtual":
                row.update(location=paths[i], offset=int(offsets[i]))
            rows.append(row)
    rows.sort(key=lambda row: row["coordinates"])
    for row in rows:
        key = "/".join([path.strip("/"), "c", *map(str, row["coordinates"])]).lstrip("/")
        try:
            row["bytes"] = encode(await read(store, key))
        except ic.IcechunkError as error:
            if row["kind"] != "virtual":
                raise
            row["unreadable"] = error.kind
    return rows


async def dump_session(session):
    store = session.store
    keys = await collect(store.list())
    nodes = []
    for key in sorted(key for key in keys if key == "zarr.json" or key.endswith("/zarr.json")):
        path = "/" + key.removesuffix("zarr.json").rstrip("/")
        metadata = (await read(store, key)).decode()
        node = {"path": path, "metadata": metadata}
        if json.loads(metadata)["node_type"] == "array":
            node["chunks"] = await chunks_of(store, path)
        nodes.append(node)
    return {"snapshotId": session.snapshot_id, "keys": sorted(keys), "nodes": nodes}


def dump(params):
    """Everything that one version holds: keys, metadata, chunk references and chunk bytes."""
    session = repository_of(params).readonly_session(**version_of(params))
    return run(dump_session(session))


def micros(moment):
    return int(moment.timestamp()) * 1_000_000 + moment.microsecond


def history(params):
    return [
        {
            "id": entry.id,
            "parentId": entry.parent_id,
            "writtenAtMicros": micros(entry.written_at),
            "message": entry.message,
            "metadata": entry.metadata,
        }
        for entry in repository_of(params).ancestry(**version_of(params))
    ]


def refs(params):
    repository = repository_of(params)
    return {
        "branches": {name: repository.lookup_branch(name) for name in repository.list_branches()},
        "tags": {name: repository.lookup_tag(name) for name in repository.list_tags()},
    }


def diff_value(diff):
    return {
        "newGroups": sorted(diff.new_groups),
        "newArrays": sorted(diff.new_arrays),
        "deletedGroups": sorted(diff.deleted_groups),
        "deletedArrays": sorted(diff.deleted_arrays),
        "updatedGroups": sorted(diff.updated_groups),
        "updatedArrays": sorted(diff.updated_arrays),
        "updatedChunks": {
            path: sorted([list(c) for c in coordinates])
            for path, coordinates in diff.updated_chunks.items()
        },
    }


def diff(params):
    repository = repository_of(params)
    start, end = version_of(params, "from"), version_of(params, "to")
    named = {f"from_{name}": value for name, value in start.items()}
    named |= {f"to_{name}": value for name, value in end.items()}
    return diff_value(repository.diff(**named))


async def apply(session, steps):
    store = session.store
    buffer_class = default_buffer_prototype().buffer
    for step in steps:
        if "set" in step:
            data = base64.b64decode(step["bytes"])
            await store.set(step["set"], buffer_class.from_bytes(data))
        elif "delete" in step:
            await store.delete(step["delete"])
        elif "deleteDir" in step:
            await store.delete_dir(step["deleteDir"])
        elif "clear" in step:
            await store.clear()
        elif "virtual" in step:
            store.set_virtual_ref(
                step["virtual"],
                step["location"],
                offset=step["offset"],
                length=step["length"],
            )
        else:
            raise ValueError(f"unknown step {step}")


SOLVERS = {"detector": ic.ConflictDetector, "basic": ic.BasicConflictSolver}


def write(params):
    """Runs steps on a writable session, then commits, amends, flushes or only tells its status."""
    repository = repository_of(params)
    session = repository.writable_session(params.get("branch", "main"))
    run(apply(session, params["steps"]))
    how = params.get("how", "commit")
    if how == "status":
        return diff_value(session.status())
    if how in ("amend", "flush"):
        return getattr(session, how)(params["message"], metadata=params.get("metadata"))
    solver = params.get("solver")
    return session.commit(
        params["message"],
        metadata=params.get("metadata"),
        rebase_with=SOLVERS[solver]() if solver else None,
    )


def keys_after(params):
    """The keys that a session shows after steps on what was committed, in a repository of its own."""
    repository = ic.Repository.create(ic.in_memory_storage())
    if params["committed"]:
        setup = repository.writable_session("main")
        run(apply(setup, params["committed"]))
        setup.commit("before")
    session = repository.writable_session("main")
    run(apply(session, params["steps"]))
    return sorted(run(collect(session.store.list())))


def virtual_columns(params):
    """The coordinates of chunks after columns were set in a repository of their own."""
    repository = ic.Repository.create(ic.in_memory_storage())
    session = repository.writable_session("main")
    run(apply(session, params["steps"]))
    session.store.set_virtual_refs_arr(
        params["array"],
        chunk_grid_shape=tuple(params["gridShape"]),
        locations=params["locations"],
        offsets=np.array(params["offsets"], dtype=np.uint64),
        lengths=np.array(params["lengths"], dtype=np.uint64),
        validate_containers=False,
    )
    return [
        [chunk["coordinates"], chunk["kind"]]
        for chunk in run(chunks_of(session.store, params["array"]))
    ]


held = {}


def hold(params):
    """Runs steps on a session that is kept, based on the branch as it is now."""
    session = repository_of(params).writable_session("main")
    run(apply(session, params["steps"]))
    held[params["name"]] = session


def release(params):
    """Commits a session that was kept, rebasing over what others have committed meanwhile."""
    solver = SOLVERS[params["solver"]]()
    return held.pop(params["name"]).commit(params["message"], rebase_with=solver)


def fork_and_merge(params):
    """Each list of steps runs on a fork of its own that crosses a pickle; then one commit."""
    import pickle

    session = repository_of(params).writable_session("main")
    forks = []
    for steps in params["forks"]:
        fork = pickle.loads(pickle.dumps(session.fork()))
        run(apply(fork, steps))
        forks.append(fork)
    session.merge(*forks)
    return session.commit(params["message"])


def manage(params):
    """Calls one of the repository's own methods on refs."""
    allowed = ("create_branch", "delete_branch", "reset_branch", "create_tag", "delete_tag")
    if params["call"] not in allowed:
        raise ValueError(params["call"])
    getattr(repository_of(params), params["call"])(*params["arguments"])


def manifests(params):
    files = repository_of(params).list_manifest_files(params["snapshotId"])
    return [{"id": file.id, "numChunkRefs": file.num_chunk_refs} for file in files]


def inspect(params):
    repository = repository_of(params)
    return {
        "snapshot": repository.inspect_snapshot(params["snapshotId"]),
        "transactionLog": repository.inspect_transaction_log(params["snapshotId"]),
    }


def ops_log(params):
    return [type(update.kind).__name__ for update in repository_of(params).ops_log()]


async def content_of(store):
    keys = await collect(store.list())
    return {key: (await read(store, key)).decode() for key in keys}


def disagreements(params):
    """Where the repository is not what it should be: every version, its history, all names."""
    repository = ic.Repository.open(storage_of(params))
    wrong = []

    def compare(what, expected, found):
        if expected != found:
            wrong.append(f"{what}: expected {expected}, found {found}")

    branches = {name: repository.lookup_branch(name) for name in repository.list_branches()}
    tags = {name: repository.lookup_tag(name) for name in repository.list_tags()}
    compare("branches", params["branches"], branches)
    compare("tags", params["tags"], tags)
    for name, chain in params["ancestry"].items():
        ids = [entry.id for entry in repository.ancestry(branch=name)]
        compare(f"history of {name}", chain, ids)
    for snapshot_id, expected in params["snapshots"].items():
        session = repository.readonly_session(snapshot_id=snapshot_id)
        found = run(content_of(session.store))
        compare(f"snapshot {snapshot_id}", expected, found)
    return wrong


def array_value(values):
    values = np.asarray(values)
    little = values.astype(values.dtype.newbyteorder("<"))
    return {"dtype": str(values.dtype), "shape": list(values.shape), "bytes": encode(little.tobytes())}


def zarr_read(params):
    """One array through zarr-python."""
    store = repository_of(params).readonly_session(**version_of(params)).store
    array = zarr.open_array(store, path=params["array"], mode="r")
    return array_value(array[...]) | {
        "attributes": dict(array.attrs),
        "chunks": list(array.chunks),
        "shards": None if array.shards is None else list(array.shards),
        "dimensionNames": list(array.metadata.dimension_names or []),
    }


def zarr_write(params):
    """Creates arrays through zarr-python, writes a ramp into each, and commits."""
    session = repository_of(params).writable_session("main")
    root = zarr.open_group(session.store, mode="a")
    for array in params["arrays"]:
        made = root.create_array(
            array["path"],
            shape=tuple(array["shape"]),
            chunks=tuple(array["chunks"]),
            dtype=array["dtype"],
            dimension_names=array.get("dimensionNames"),
            **({"shards": tuple(array["shards"])} if "shards" in array else {}),
        )
        made[...] = np.arange(made.size).reshape(made.shape).astype(array["dtype"])
    return session.commit(params["message"])


def xarray_read(params):
    """A group through xarray, undecoded."""
    store = repository_of(params).readonly_session(**version_of(params)).store
    options = {"consolidated": False, "decode_cf": False, "group": params.get("group")}
    with xr.open_zarr(store, chunks=None, **options) as dataset:
        dataset.load()
        return {
            "sizes": dict(dataset.sizes),
            "variables": {
                str(name): array_value(variable.values) | {"dims": list(variable.dims)}
                for name, variable in dataset.variables.items()
            },
        }


def xarray_write_cases(params):
    """Writes each case of the table into a group of its own, and commits."""
    session = repository_of(params).writable_session("main")
    for group, name in params["groups"].items():
        CASES[name]().to_zarr(session.store, group=group, mode="w", consolidated=False)
    return session.commit("cases")


def xarray_check_cases(params):
    """What xarray finds different between each case and its group; nothing where identical."""
    store = repository_of(params).readonly_session("main").store
    found = {}
    for group, name in params["groups"].items():
        try:
            with xr.open_zarr(store, group=group, consolidated=False, chunks=None) as dataset:
                found[name] = describe_difference(CASES[name](), dataset.load())
        except Exception as error:  # To be shown beside the case.
            found[name] = f"{type(error).__name__}: {error}"
    return {name: difference for name, difference in found.items() if difference}


def xarray_check_file(params):
    """What xarray finds different between a NetCDF file and a group."""
    store = repository_of(params).readonly_session("main").store
    options = {"consolidated": False, "chunks": None, "group": params.get("group")}
    of_file = {"group": params.get("fileGroup")}
    with xr.open_zarr(store, **options) as stored:
        with xr.open_dataset(params["file"], **of_file) as source:
            return describe_difference(source.load(), stored.load())


def xarray_write_file(params):
    """Copies a NetCDF file into a group, and commits."""
    session = repository_of(params).writable_session("main")
    with xr.open_dataset(params["file"]) as source:
        source.to_zarr(session.store, group=params["group"], mode="w", consolidated=False)
    return session.commit("file")


def xarray_write_region(params):
    """Writes the part of a case at positions `start` to `end` of a dimension, region "auto"."""
    session = repository_of(params).writable_session("main")
    part = slice(params["start"], params["end"])
    dataset = CASES[params["name"]]().isel({params["dim"]: part})
    dataset = dataset[[name for name, v in dataset.data_vars.items() if params["dim"] in v.dims]]
    kept = [name for name, v in dataset.coords.items() if params["dim"] in v.dims]
    dataset = dataset.drop_vars([name for name in dataset.coords if name not in kept])
    dataset.to_zarr(session.store, group=params["group"], region="auto", consolidated=False)
    return session.commit("region")


def netcdf_write(params):
    netcdf_files.write(params["file"], params["format"])


def xarray_times(params):
    """Answers in a table of times that xarray no longer gives."""
    with open(params["file"], encoding="utf-8") as file:
        return stale_answers(json.load(file))


def netcdf_write_case(params):
    netcdf_files.write_case(params["file"], params["name"])


def netcdf_cases(_):
    return list(netcdf_files.CASES)


def versions(_):
    return {"icechunk": ic.__version__, "zarr": zarr.__version__, "xarray": xr.__version__}


METHODS = {
    "create": create,
    "diff": diff,
    "disagreements": disagreements,
    "dump": dump,
    "forkAndMerge": fork_and_merge,
    "history": history,
    "hold": hold,
    "inspect": inspect,
    "keysAfter": keys_after,
    "manage": manage,
    "manifests": manifests,
    "netcdfCases": netcdf_cases,
    "netcdfWrite": netcdf_write,
    "netcdfWriteCase": netcdf_write_case,
    "opsLog": ops_log,
    "refs": refs,
    "release": release,
    "versions": versions,
    "virtualColumns": virtual_columns,
    "write": write,
    "xarrayCheckCases": xarray_check_cases,
    "xarrayCheckFile": xarray_check_file,
    "xarrayRead": xarray_read,
    "xarrayTimes": xarray_times,
    "xarrayWriteCases": xarray_write_cases,
    "xarrayWriteFile": xarray_write_file,
    "xarrayWriteRegion": xarray_write_region,
    "zarrRead": zarr_read,
    "zarrWrite": zarr_write,
}


def describe(error):
    description = {
        "name": type(error).__name__,
        "kind": getattr(error, "kind", None),
        "message": str(error).split("\n")[0],
    }
    if isinstance(error, ic.RebaseFailedError):
        description["conflicts"] = [
            {"type": str(conflict.conflict_type), "path": conflict.path}
            for conflict in error.conflicts
        ]
    return description


def main():
    for line in sys.stdin:
        request = json.loads(line)
        answer = {"id": request["id"]}
        try:
            answer["result"] = METHODS[request["method"]](request.get("params") or {})
        except Exception as error:  # Every failure is the caller's to judge.
            answer["error"] = describe(error)
        answers.write(json.dumps(answer, allow_nan=True) + "\n")
        answers.flush()


main()
