"""Small repositories for the tests, written by whichever official Python engine runs this.

    python official_repositories.py write FOLDER     makes FOLDER/history and FOLDER/splits
    python official_repositories.py upgrade FOLDER   turns the repository in FOLDER into spec 2

Each has what readers must know: all kinds of chunk references, branches, tags, a deleted tag,
manifests in splits, a configuration. An engine of spec 2 adds all that only spec 2 can hold.
"""

import datetime
import sys

import icechunk as ic
import numpy as np
import zarr

HAS_SPEC_2 = int(ic.__version__.split(".")[0]) >= 2
PREFIX = "s3://testbucket/"
# Old enough that nothing expires and nothing is collected: only the ops log grows.
LONG_AGO = datetime.datetime(2020, 1, 1, tzinfo=datetime.timezone.utc)
MODIFIED = datetime.datetime(2025, 1, 1, tzinfo=datetime.timezone.utc)


def create(path, config):
    container = ic.VirtualChunkContainer(PREFIX, ic.s3_store(region="us-east-1"))
    config.set_virtual_chunk_container(container)
    repository = ic.Repository.create(
        ic.local_filesystem_storage(path),
        config=config,
        authorize_virtual_chunk_access={PREFIX: None},
    )
    repository.save_config()
    return repository


def configuration(**manifest):
    config = ic.RepositoryConfig.default()
    config.inline_chunk_threshold_bytes = 12
    if manifest:
        config.manifest = ic.ManifestConfig(**manifest)
    return config


def commit(repository, message, change, branch="main", metadata=None):
    session = repository.writable_session(branch)
    change(zarr.open_group(session.store, mode="a"), session.store)
    return session.commit(message, metadata=metadata)


def structure(root, store):
    group = root.create_group("group1", attributes={"this": "is a nice group", "size": 42.0})
    group.create_array("big_chunks", shape=(10, 10), chunks=(5, 5), dtype="f4", fill_value=np.nan)
    group.create_array("small_chunks", shape=(5,), chunks=(1,), dtype="i1", fill_value=8)


def fill(root, store):
    root["group1/big_chunks"][:] = 42.0
    root["group1/small_chunks"][:] = 84


def point_outside(root, store):
    key, location = "group1/big_chunks/c", f"{PREFIX}can_read_old/chunk-"
    store.set_virtual_ref(f"{key}/0/0", f"{location}1", offset=0, length=100, checksum=MODIFIED)
    store.set_virtual_ref(f"{key}/0/1", f"{location}2", offset=7, length=100, checksum='"etag"')
    store.set_virtual_ref(f"{key}/1/0", f"{location}3", offset=1, length=100)


def nest(root, store):
    inner = root.create_group("group2").create_group("more").create_group("group4")
    inner.create_array("inner", shape=(10, 10), chunks=(5, 5), dtype="f4", fill_value=np.nan)


def delete_chunk(root, store):
    zarr.core.sync.sync(store.delete("group1/small_chunks/c/4"))


def write_history(path):
    repository = create(path, configuration())
    commit(repository, "empty structure", structure)
    filled = commit(repository, "fill data", fill, metadata={"by": "a test", "list": [1, 2.5, None]})
    commit(repository, "set virtual chunk", point_outside)
    repository.create_branch("my-branch", repository.lookup_branch("main"))
    deleted = commit(repository, "delete a chunk", delete_chunk, "my-branch")
    commit(repository, "some more structure", nest, "my-branch")
    repository.create_tag("it works!", deleted)
    repository.create_tag("it also works!", repository.lookup_branch("main"))
    repository.create_tag("deleted", repository.lookup_branch("main"))
    repository.delete_tag("deleted")
    repository.create_branch("short-lived", filled)
    repository.delete_branch("short-lived")
    repository.create_branch("moved", filled)
    repository.reset_branch("moved", deleted)
    if HAS_SPEC_2:
        write_what_spec_2_adds(repository)


def write_what_spec_2_adds(repository):
    session = repository.writable_session("my-branch")
    zarr.open_group(session.store)["group1"].attrs["this"] = "was amended"
    session.amend("some more structure, amended", metadata={"amended": True})
    session = repository.rearrange_session("my-branch")
    session.move("/group2/more", "/group2/moved")
    session.commit("move a group")
    session = repository.writable_session("my-branch")
    zarr.open_group(session.store)["group1/small_chunks"][0] = 1
    session.flush("on no branch")
    repository.set_metadata({"title": "a test", "nested": {"list": [1, 2.5, None, "ü"]}})
    repository.expire_snapshots(LONG_AGO)
    repository.garbage_collect(LONG_AGO)
    repository.set_feature_flag("move_node", False)
    repository.set_feature_flag("move_node", None)
    changed = repository.config
    changed.inline_chunk_threshold_bytes = 10
    reopened = repository.reopen(config=changed)
    reopened.save_config()


def write_splits(path):
    def split(sizes):
        by_name = ic.ManifestSplitCondition.name_matches("split_*")
        return {"splitting": ic.ManifestSplittingConfig.from_dict({by_name: sizes})}

    axis, named = ic.ManifestSplitDimCondition.Axis, ic.ManifestSplitDimCondition.DimensionName
    sizes = {axis(0): 1, named("longitude"): 1, ic.ManifestSplitDimCondition.Any(): 3}
    repository = create(path, configuration(**split(sizes)))

    def make(root, store):
        group = root.create_group("group1")
        names = {"dimension_names": [None, "longitude"], "fill_value": np.nan}
        group.create_array("split_array", shape=(10, 10), chunks=(3, 3), dtype="f4", **names)
        group.create_array("small_chunks", shape=(5,), chunks=(1,), dtype="i1", fill_value=8)

    def write(big, small):
        def change(root, store):
            root["group1/split_array"][:] = np.arange(100).reshape(10, 10) + big
            root["group1/small_chunks"][:] = small

        return change

    commit(repository, "empty structure", make)
    sizes = {axis(0): 2, named("longitude"): 2}
    repository = repository.reopen(config=configuration(**split(sizes)))
    repository.save_config()
    commit(repository, "write data", write(120, 0))
    commit(repository, "write data again", write(12, 1))
    sizes = {axis(0): 1, named("longitude"): 1}
    repository = repository.reopen(config=configuration(**split(sizes)))
    repository.save_config()
    commit(repository, "write data again with more splits", write(14, 3))


def upgrade(path):
    repository = ic.Repository.open(ic.local_filesystem_storage(path))
    ic.upgrade_icechunk_repository(repository, dry_run=False)


command, folder = sys.argv[1:]
if command == "upgrade":
    upgrade(folder)
else:
    write_history(f"{folder}/history")
    write_splits(f"{folder}/splits")
