"""A model comes back from its file as it was saved; whatever else is in a file gets one line, and changes nothing."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import pickle
import struct
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import load_file
from safetensors.numpy import save as safetensors_bytes

from mnist_gui import model_file
from mnist_gui.history import Snapshot
from mnist_gui.model_file import ModelFileError, ModelRecord
from mnist_gui.nn import architectures
from mnist_gui.recipe import LIMITS, RECIPES, Limits, Recipe

sys.path.append(str(Path(__file__).parent))  # when this file is run by itself
from cost import cost_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from mnist_gui.nn.network import Network

SHAPES = {"conv1.weights": (2, 1, 3, 3), "conv1.bias": (2,), "dense1.weights": (10, 338), "dense1.bias": (10,)}
RECORD = ModelRecord("notebook", Recipe(seed=3, learning_rate=0.1), "letters", 2.5, 0.25, 0.875)


def make_network(dtype: str = "float32") -> Network:
    network = architectures.build("notebook", dtype)
    network.initialize(np.random.default_rng(0))
    return network


def saved_bytes() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.safetensors"
        model_file.save(path, make_network(), RECORD)
        return path.read_bytes()


SOUND = saved_bytes()
HEADER = 8 + struct.unpack("<Q", SOUND[:8])[0]  # where the numbers begin


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a sound model is."""
    path = tmp_path / "model.safetensors"
    path.write_bytes(SOUND)
    return path


def refusal(path: Path) -> str:
    """The one line with which a file is refused."""
    with pytest.raises(ModelFileError) as caught:
        model_file.load(path)
    message = str(caught.value)
    assert str(path) in message
    assert "\n" not in message
    return message


def write_model(
    path: Path,
    change_tensors: Callable[[dict[str, np.ndarray]], object] = lambda tensors: None,
    change_description: Callable[[dict], object] = lambda description: None,
) -> None:
    """Write the sound model with something changed, as another program might have."""
    tensors = {name: np.ascontiguousarray(part) for name, part in make_network().named().items()}
    description = json.loads(json.loads(SOUND[8:HEADER])["__metadata__"]["mnist_gui"])
    description.pop("sha256")
    change_tensors(tensors)
    change_description(description)
    path.write_bytes(safetensors_bytes(tensors, {"mnist_gui": json.dumps(description)}))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_what_is_saved_is_loaded(tmp_path: Path, dtype: str) -> None:
    network = make_network(dtype)
    record = ModelRecord("notebook", Recipe(dtype=dtype), "letters", 2.5, 0.25, 0.875)
    model_file.save(tmp_path / "model", network, record)
    loaded, loaded_record = model_file.load(tmp_path / "model")
    assert loaded_record == record
    assert loaded.architecture == "notebook"
    assert loaded.dtype == network.dtype
    np.testing.assert_array_equal(loaded.parameters, network.parameters)
    images = np.random.default_rng(1).random((5, 28, 28), np.float32)
    np.testing.assert_array_equal(loaded.probabilities(images), network.probabilities(images))


@pytest.mark.parametrize("upright", [False, True])
def test_a_file_says_how_its_network_wants_its_images(tmp_path: Path, upright: bool) -> None:
    record = ModelRecord("notebook", Recipe(upright=upright))
    model_file.save(tmp_path / "m.safetensors", make_network(), record)
    assert model_file.load(tmp_path / "m.safetensors")[1] == record


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=RECIPES)
def test_a_network_that_was_never_evaluated_is_saved_too(tmp_path: Path, recipe: Recipe) -> None:
    record = ModelRecord("notebook", recipe)
    model_file.save(tmp_path / "model", make_network(recipe.dtype), record)
    assert model_file.load(tmp_path / "model")[1] == record


def test_the_parameters_of_a_loaded_network_can_be_trained(path: Path) -> None:
    network, _ = model_file.load(path)
    network.backpropagate(np.zeros((1, 28, 28), np.uint8), np.array([3]))
    network.parameters -= network.gradients
    assert not np.array_equal(network.parameters, model_file.load(path)[0].parameters)


def test_other_tools_read_the_file(path: Path) -> None:
    tensors = load_file(path)
    assert {name: tensor.shape for name, tensor in tensors.items()} == SHAPES
    assert {tensor.dtype for tensor in tensors.values()} == {np.dtype(np.float32)}
    for name, part in make_network().named().items():
        np.testing.assert_array_equal(tensors[name], part)
    description = json.loads(json.loads(SOUND[8:HEADER])["__metadata__"]["mnist_gui"])
    assert description["format_version"] == 1
    assert description["architecture"] == "notebook"
    assert description["recipe"]["seed"] == 3
    assert (description["data"], description["epochs"]) == ("letters", 2.5)
    assert (description["test_loss"], description["test_accuracy"]) == (0.25, 0.875)


# What is not a model.


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    assert "No such file" in refusal(tmp_path / "nowhere.safetensors")


def test_a_folder_is_refused(tmp_path: Path) -> None:
    assert "that is not a file" in refusal(tmp_path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes here")
def test_a_pipe_is_refused_without_waiting_for_it(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert "that is not a file" in refusal(tmp_path / "pipe")


def test_an_enormous_file_is_refused_unread(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.truncate(path, 10**9)  # takes no room on the disk
    monkeypatch.delattr(Path, "read_bytes")
    assert "far too large" in refusal(path)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\0",
        bytes(8),
        bytes(1000),
        b"\xff" * 1000,
        b"Dear reader,\nthis is a text.\n",
        b"\x89PNG\r\n\x1a\n" + bytes(100),
        SOUND + b"\0",
        SOUND[8:],
        safetensors_bytes({}),
        safetensors_bytes({"weight": np.zeros((3, 4), np.float32)}),
        safetensors_bytes({"weight": np.zeros((3, 4), np.float32)}, {"format": "pt"}),
        *(
            safetensors_bytes({"weight": np.zeros(3, np.float32)}, {"mnist_gui": text})
            for text in ("", "{", "[]", "null", "1", '"x"', "{}", "[" * 100_000)
        ),
        safetensors_bytes({"weight": np.zeros(3, np.float16)}, {"mnist_gui": "{}"}),
    ],
    ids=lambda content: repr(content[:12] + content[-20:]),
)
def test_what_is_not_a_model_is_refused(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    refusal(path)


@pytest.mark.parametrize("length", [1, 7, 8, 9, HEADER - 1, HEADER, HEADER + 1, len(SOUND) // 2, len(SOUND) - 1])
def test_a_model_that_is_cut_is_refused(path: Path, length: int) -> None:
    os.truncate(path, length)
    assert "damaged" in refusal(path)


class Trap:
    """Runs code where it is unpickled."""

    def __reduce__(self) -> tuple[Callable[[str], None], tuple[str]]:
        return spring, ("!",)


sprung: list[str] = []


def spring(text: str) -> None:
    sprung.append(text)


@pytest.mark.parametrize("protocol", [0, 2, 5])
def test_a_pickle_is_refused_and_not_run(path: Path, protocol: int) -> None:
    content = pickle.dumps(Trap(), protocol)
    pickle.loads(content)
    assert sprung == ["!"]  # the trap works
    sprung.clear()
    path.write_bytes(content)
    refusal(path)
    assert sprung == []


# What is a model, but not a sound one.


@pytest.mark.parametrize("name", SHAPES)
def test_a_missing_part_is_named(path: Path, name: str) -> None:
    write_model(path, lambda tensors: tensors.pop(name))
    assert f"{name} is missing" in refusal(path)


def test_a_part_too_many_is_named(path: Path) -> None:
    write_model(path, lambda tensors: tensors.update({"conv2\nbias": np.zeros(3, np.float32)}))
    assert r"'conv2\nbias' does not belong" in refusal(path)


@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize(
    "change",
    [lambda a: a[:-1], lambda a: a[None], lambda a: a.ravel()[:1], lambda a: a[:0]],
    ids=["shorter", "more axes", "one number", "empty"],
)
def test_a_wrong_shape_is_named(path: Path, name: str, change: Callable[[np.ndarray], np.ndarray]) -> None:
    write_model(path, lambda tensors: tensors.update({name: np.ascontiguousarray(change(tensors[name]))}))
    assert f"{name} should be float32 of shape {SHAPES[name]}, and is" in refusal(path)


def test_a_wrong_dtype_is_named(path: Path) -> None:
    write_model(path, lambda tensors: tensors.update({"dense1.bias": np.zeros(10)}))
    assert "dense1.bias should be float32 of shape (10,), and is float64" in refusal(path)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_value_that_is_not_finite_is_refused(path: Path, value: float) -> None:
    write_model(path, lambda tensors: tensors["dense1.weights"].__setitem__((4, 17), value))
    assert "dense1.weights holds values that are not finite" in refusal(path)


@pytest.mark.parametrize("version", [0, 2, 99, "1", None, [1], {}])
def test_another_format_is_refused(path: Path, version: object) -> None:
    write_model(path, change_description=lambda d: d.update(format_version=version))
    message = refusal(path)
    assert f"model format {version!r}" in message
    assert "newer version" in message


@pytest.mark.parametrize("architecture", ["deep thought", "", "conv\n"])
def test_an_unknown_architecture_is_named(path: Path, architecture: str) -> None:
    write_model(path, change_description=lambda d: d.update(architecture=architecture))
    assert repr(architecture) in refusal(path)


@pytest.mark.parametrize("key", ["format_version", "architecture", "recipe", "data", "epochs", "test_loss"])
def test_an_incomplete_description_is_refused(path: Path, key: str) -> None:
    write_model(path, change_description=lambda d: d.pop(key))
    refusal(path)


WRONG = [None, True, -1, 10**400, float("nan"), float("inf"), "\n", "x" * 10_000, [], {}, [1], {"a": 1}]
# A recipe may lack settings that came later: they have their defaults.
SOUND_AFTER_ALL = [("data", "\n"), ("data", "x" * 10_000), ("test_loss", None), ("test_accuracy", None), ("recipe", {})]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        (key, value)
        for key in ("architecture", "data", "epochs", "test_loss", "test_accuracy", "recipe")
        for value in WRONG
        if (key, value) not in SOUND_AFTER_ALL
    ],
    ids=lambda value: repr(value)[:10],
)
def test_a_description_of_another_type_is_refused(path: Path, key: str, value: object) -> None:
    write_model(path, change_description=lambda d: d.update({key: value}))
    assert len(refusal(path)) < len(str(path)) + 200


@pytest.mark.parametrize(("key", "value"), SOUND_AFTER_ALL, ids=lambda value: repr(value)[:10])
def test_a_description_may_leave_things_open(path: Path, key: str, value: object) -> None:
    write_model(path, change_description=lambda d: d.update({key: value}))
    np.testing.assert_array_equal(model_file.load(path)[0].parameters, make_network().parameters)


@pytest.mark.parametrize("key", ["epochs", "batch_size", "learning_rate", "schedule", "momentum", "weight_decay"])
@pytest.mark.parametrize("value", WRONG, ids=lambda value: repr(value)[:10])
def test_a_recipe_of_another_type_is_refused(path: Path, key: str, value: object) -> None:
    write_model(path, change_description=lambda d: d["recipe"].update({key: value}))
    assert f"recipe's {key} can't be" in refusal(path)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("epochs", 0),
        ("batch_size", 0),
        ("batch_size", 32.0),
        ("seed", -1),
        ("seed", "42"),
        ("dtype", "float16"),
        ("dtype", ["float32"]),
        ("as_notebook", 0),
        ("as_notebook", "no"),
        ("schedule", "steps"),
    ],
)
def test_a_recipe_that_can_not_be_is_refused(path: Path, key: str, value: object) -> None:
    write_model(path, change_description=lambda d: d["recipe"].update({key: value}))
    assert f"recipe's {key} can't be {value!r}" in refusal(path)


def test_a_setting_that_came_later_is_named(path: Path) -> None:
    write_model(path, change_description=lambda d: d["recipe"].update(luck=1))
    message = refusal(path)
    assert "'luck'" in message
    assert "newer version" in message


changes = st.lists(st.tuples(st.integers(0, HEADER + 100), st.integers(1, 255)), min_size=1, max_size=4)


@settings(max_examples=300, deadline=None)
@given(changes)
def test_a_damaged_file_is_loaded_or_refused(flips: list[tuple[int, int]]) -> None:
    content = bytearray(SOUND)
    for place, flip in flips:
        content[place] ^= flip
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.safetensors"
        path.write_bytes(content)
        try:
            network, record = model_file.load(path)
        except ModelFileError:
            refusal(path)
        else:
            assert np.isfinite(network.parameters).all()
            assert record.recipe.batch_size >= 1


# Whole or not at all.


def full_disk(*_: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize(("module", "name"), [(os, "fsync"), (Path, "replace")])
@pytest.mark.parametrize("there_before", [True, False])
def test_where_saving_fails_nothing_changes(
    path: Path, monkeypatch: pytest.MonkeyPatch, module: object, name: str, there_before: bool
) -> None:
    if not there_before:
        path.unlink()
    before = contents(path.parent)
    monkeypatch.setattr(module, name, full_disk)
    with pytest.raises(ModelFileError) as caught:
        model_file.save(path, architectures.build("notebook"), RECORD)
    assert str(caught.value) == f"The model can't be saved as {path}: No space left on device."
    assert contents(path.parent) == before


def test_interrupted_saving_changes_nothing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        model_file.save(path, architectures.build("notebook"), RECORD)
    assert contents(path.parent) == {path.name: SOUND}


def test_saving_again_replaces_the_file(path: Path) -> None:
    model_file.save(path, architectures.build("notebook"), RECORD)
    assert list(contents(path.parent)) == [path.name]
    assert not model_file.load(path)[0].parameters.any()


@pytest.mark.parametrize("name", ["nowhere/model", "model.safetensors/model", "nul\0"])
def test_a_place_that_does_not_exist_is_named(path: Path, name: str) -> None:
    with pytest.raises(ModelFileError, match=r"^The model can't be saved as [^\n]*$"):
        model_file.save(path.parent / name, make_network(), RECORD)
    assert contents(path.parent) == {path.name: SOUND}


def test_a_folder_is_not_replaced(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match="not a file"):
        model_file.save(tmp_path, make_network(), RECORD)


# Figures that can't be, and answers that are none.


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("test_accuracy", 1e299),
        ("test_accuracy", 1.01),
        ("test_accuracy", 99),
        ("test_accuracy", -0.1),
        ("test_loss", float("inf")),
        ("test_loss", 1e299),
        ("test_loss", -1),
        ("epochs", 1e299),
        ("epochs", float("inf")),
        ("epochs", -1),
    ],
)
def test_a_figure_that_can_not_be_is_refused(path: Path, key: str, value: float) -> None:
    write_model(path, change_description=lambda d: d.update({key: value}))
    assert f"{key} can't be {value!r}, it is from 0 to " in refusal(path)


@pytest.mark.parametrize(("name", "limits"), LIMITS.items())
def test_a_recipe_s_numbers_keep_within_the_limits(path: Path, name: str, limits: Limits) -> None:
    def write(value: float) -> None:
        write_model(path, change_description=lambda d: d["recipe"].update({name: value}))

    for value in limits:
        write(value)
        model_file.load(path)
    for value in (limits.least - 1, limits.most * 2):
        write(value)
        assert f"recipe's {name} can't be {value!r}" in refusal(path)


def test_weights_whose_answers_are_no_numbers_are_refused(path: Path) -> None:
    write_model(path, lambda tensors: tensors["dense1.weights"].fill(3e38))
    assert "its answers are not finite" in refusal(path)


def test_values_of_a_file_are_quoted_in_a_short_line(path: Path) -> None:
    write_model(path, change_description=lambda d: d.update(format_version="<h1>A b" * 2_000))
    assert len(refusal(path)) < len(str(path)) + 200
    write_model(path, change_description=lambda d: d["recipe"].update({"x" * 10_000: 1}))
    assert len(refusal(path)) < len(str(path)) + 200


def test_a_long_name_of_a_data_set_is_cut(path: Path) -> None:
    write_model(path, change_description=lambda d: d.update(data="<b>two</b>\nlines" * 1000))
    data = model_file.load(path)[1].data
    assert len(data) == 100
    assert data.isprintable()


# The checksum.


def test_the_checksum_is_that_of_the_tensors_by_name(path: Path) -> None:
    description = json.loads(json.loads(SOUND[8:HEADER])["__metadata__"]["mnist_gui"])
    tensors = load_file(path)
    content = b"".join(tensors[name].tobytes() for name in sorted(tensors))
    assert description["sha256"] == hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize("place", [HEADER, HEADER + 1000, len(SOUND) - 1])
def test_a_single_bit_that_fell_over_is_noticed(path: Path, place: int) -> None:
    content = bytearray(SOUND)
    content[place] ^= 1
    path.write_bytes(content)
    assert "damaged" in refusal(path)


@pytest.mark.parametrize("value", [None, 7, "", "x" * 64, ["0"]])
def test_another_checksum_is_no_checksum(path: Path, value: object) -> None:
    write_model(path, change_description=lambda d: d.update(sha256=value))
    if value is None:  # as earlier versions saved it
        model_file.load(path)
    else:
        assert "damaged" in refusal(path)


# Files that mean harm: little memory, and an answer soon.


def header_alone(header: dict) -> bytes:
    content = json.dumps(header).encode()
    return struct.pack("<Q", len(content)) + content


@pytest.mark.skipif(os.name != "posix", reason="memory is measured as POSIX does")
@pytest.mark.parametrize(
    "make",
    [
        lambda: header_alone({f"t{i}": {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]} for i in range(200_000)}),
        lambda: header_alone({"__metadata__": {"mnist_gui": "[" * 30_000_000 + "]" * 30_000_000}}),
        lambda: header_alone({"__metadata__": {"mnist_gui": "[" + "[0]," * 15_000_000 + "0]"}}),
        lambda: safetensors_bytes({"conv1.weights": np.zeros(24_000_000, np.float32)}, {"mnist_gui": "{}"}),
    ],
    ids=["empty tensors", "nested metadata", "wide metadata", "large tensor"],
)
def test_a_file_that_means_harm_is_refused_cheaply(path: Path, make: Callable[[], bytes]) -> None:
    path.write_bytes(make())
    cost = cost_of("from mnist_gui import model_file\nrun = model_file.load", path)
    assert cost.refused
    assert cost.seconds < 2
    assert cost.megabytes < 300


# The history that may be kept with a model.


def moments(network: Network, count: int = 4) -> list[Snapshot]:
    return [
        Snapshot(10 * i, i / 2, None if i < 2 else 0.9, np.full(network.parameters.size, i, np.float32))
        for i in range(count)
    ]


def test_moments_of_training_are_kept_with_a_model(tmp_path: Path) -> None:
    network, path = architectures.build("notebook"), tmp_path / "model.safetensors"
    model_file.save(path, network, ModelRecord("notebook"), moments(network))
    loaded, _ = model_file.load(path)
    np.testing.assert_array_equal(loaded.parameters, network.parameters)
    for kept, got in zip(moments(network), model_file.load_history(path), strict=True):
        assert (kept.step, kept.epoch, kept.test_accuracy) == (got.step, got.epoch, got.test_accuracy)
        np.testing.assert_array_equal(kept.parameters, got.parameters)


def test_a_model_without_moments_has_none(tmp_path: Path) -> None:
    model_file.save(tmp_path / "model.safetensors", architectures.build("notebook"), ModelRecord("notebook"))
    assert model_file.load_history(tmp_path / "model.safetensors") == ()


@pytest.mark.parametrize(
    "damage",
    ["missing", "order", "shape", "values", "dtype", "negative steps", "endless epochs", "accuracies", "answers"],
)
def test_damaged_moments_spoil_the_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: str) -> None:
    network, path = architectures.build("notebook"), tmp_path / "model.safetensors"
    good = model_file._history_tensors(moments(network))
    bad = {
        "missing": {name: tensor for name, tensor in good.items() if name != "history.epochs"},
        "order": good | {"history.steps": good["history.steps"][::-1].copy()},
        "shape": good | {"history.parameters": good["history.parameters"][:, 1:].copy()},
        "values": good | {"history.parameters": good["history.parameters"] * np.float32("nan")},
        "dtype": good | {"history.steps": good["history.steps"].astype(np.float32)},
        "negative steps": good | {"history.steps": good["history.steps"] - 1},
        "endless epochs": good | {"history.epochs": good["history.epochs"] + np.inf},
        "accuracies": good | {"history.test_accuracies": good["history.test_accuracies"] * 2},
        "answers": good | {"history.parameters": np.full_like(good["history.parameters"], 3e38)},
    }[damage]
    monkeypatch.setattr(model_file, "_history_tensors", lambda history: bad)
    model_file.save(path, network, ModelRecord("notebook"), moments(network))
    for read in (model_file.load, model_file.load_history):
        with pytest.raises(ModelFileError, match="the history of its training is damaged"):
            read(path)


def test_a_file_is_read_once_for_all_that_it_holds(tmp_path: Path) -> None:
    network, path = make_network(), tmp_path / "model.safetensors"
    model_file.save(path, network, RECORD, moments(network))
    saved = model_file.read(path)
    np.testing.assert_array_equal(saved.network.parameters, network.parameters)
    assert saved.record == RECORD
    assert [snapshot.step for snapshot in saved.history] == [0, 10, 20, 30]
