"""Data sets are found by their content in every layout in which people have them, and said to be so in one line."""

from __future__ import annotations

import gzip
import io
import os
import struct
import zipfile
import zlib
from typing import TYPE_CHECKING

import numpy as np
import pytest
from idx_files import encode
from PIL import Image

from mnist_gui import data
from mnist_gui.data import drawn, samples

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

OFFICIAL = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")


@pytest.fixture(scope="module")
def arrays() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Drawn digits: 120 for training, 40 for testing."""
    images, labels = drawn.images(160, seed=31)
    return images[:120], labels[:120], images[120:], labels[120:]


def write(folder: Path, names: tuple[str, ...], contents: list[bytes]) -> Path:
    for name, content in zip(names, contents, strict=True):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def write_idx(folder: Path, arrays, names=OFFICIAL, pack: Callable[[bytes], bytes] = bytes) -> Path:
    return write(folder, names, [pack(encode(array)) for array in arrays])


def check(dataset: data.Dataset, arrays, remarks: int = 1) -> None:
    """The arrays are those, and so many remarks are made, the first of which says what was found."""
    found = (dataset.train_images, dataset.train_labels, dataset.test_images, dataset.test_labels)
    for actual, expected in zip(found, arrays, strict=True):
        np.testing.assert_array_equal(actual, expected, strict=True)
        assert not actual.flags.writeable
    assert len(dataset.remarks) == remarks, dataset.remarks
    assert not remarks or dataset.remarks[0].startswith("Found ")
    assert all("\n" not in remark for remark in dataset.remarks)


def refusal(source: Path, **options: bool) -> str:
    with pytest.raises(data.DataError) as caught:
        data.load(source, **options)
    message = str(caught.value)
    assert "\n" not in message
    assert len(message) < 600
    return message


def zipped(contents: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in contents.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def test_official_names_need_no_remark(tmp_path: Path, arrays) -> None:
    check(data.load(write_idx(tmp_path / "plain", arrays)), arrays, remarks=0)
    names = tuple(f"{name}.gz" for name in OFFICIAL)
    check(data.load(write_idx(tmp_path / "packed", arrays, names, gzip.compress)), arrays, remarks=0)


@pytest.mark.parametrize(
    "rename",
    [
        pytest.param(lambda name: name.replace("-idx", ".idx"), id="dots"),
        pytest.param(lambda name: name.replace("-idx", ".idx") + ".gz", id="dots, packed"),
        pytest.param(lambda name: "MNIST/raw/" + name, id="torchvision"),
        pytest.param(lambda name: f"{name}/{name.replace('-idx', '.idx')}", id="unpacked by Windows"),
        pytest.param(lambda name: "emnist-mnist-" + name.replace("t10k", "test"), id="long names"),
        pytest.param(lambda name: name.replace("t10k", "val").replace("-ubyte", ""), id="validation"),
        pytest.param(
            lambda name: ("training/" if "train" in name else "testing/") + name.split("-")[1], id="folders of parts"
        ),
        pytest.param(lambda name: str(len(name)) + "x" * OFFICIAL.index(name), id="names that say nothing"),
    ],
)
@pytest.mark.parametrize("pack", [bytes, gzip.compress, lambda content: gzip.compress(gzip.compress(content))])
def test_names_and_packing_may_be_any(tmp_path: Path, arrays, rename, pack) -> None:
    names = tuple(map(rename, OFFICIAL))
    dataset = data.load(write_idx(tmp_path / "set", arrays, names, pack))
    check(dataset, arrays, remarks=2 if "emnist" in names[0] else 1)
    assert "120 training images" in dataset.remarks[0]
    assert "40 test images" in dataset.remarks[0]


def test_a_zip_is_a_folder(tmp_path: Path, arrays) -> None:
    packed = zipped({name: gzip.compress(encode(array)) for name, array in zip(OFFICIAL, arrays, strict=True)})
    write(tmp_path, ("archive.zip",), [packed])
    check(data.load(tmp_path / "archive.zip"), arrays)
    single = [zipped({name: encode(array)}) for name, array in zip(OFFICIAL, arrays, strict=True)]
    check(data.load(write(tmp_path / "singly", tuple(f"{name}.zip" for name in OFFICIAL), single)), arrays)


def test_emnist_s_digits_are_chosen_among_its_sets_and_turned(tmp_path: Path, arrays) -> None:
    lying = [array.transpose(0, 2, 1) if array.ndim == 3 else array for array in arrays]
    for kind in ("digits", "letters", "balanced", "mnist"):
        contents = lying if kind in ("digits", "mnist") else [np.minimum(array, 40) for array in lying]
        names = tuple(f"emnist-{kind}-{name.replace('t10k', 'test')}.gz" for name in OFFICIAL)
        write_idx(tmp_path / "gzip", contents, names, gzip.compress)
    dataset = data.load(tmp_path / "gzip")
    check(dataset, arrays, remarks=2)
    assert "emnist-digits-train-images-idx3-ubyte.gz" in dataset.remarks[0]
    assert 'turned upright ("as stored"' in dataset.remarks[1]
    check(data.load(tmp_path / "gzip", as_stored=True), lying)


def test_letters_are_refused_by_their_number(tmp_path: Path, arrays) -> None:
    letters = np.arange(120, dtype=np.uint8) % 26 + 1
    names = tuple(f"emnist-letters-{name}" for name in OFFICIAL)
    message = refusal(write_idx(tmp_path / "letters", (arrays[0], letters, arrays[2], letters[:40]), names))
    assert "label 10 is 10; expected 0 to 9: the network has ten classes, and here are 26 (labels 1 to 26)" in message


@pytest.mark.parametrize("order", [">", "<"])
def test_qmnist_s_first_column_holds_the_labels(tmp_path: Path, arrays, order: str) -> None:
    def columns(labels: np.ndarray) -> bytes:
        rows = np.random.default_rng(0).integers(0, 9, (len(labels), 8))
        rows[:, 0] = labels
        return struct.pack(">4B2I", 0, 0, 0x0C, 2, *rows.shape) + rows.astype(f"{order}i4").tobytes()

    names = tuple(
        f"qmnist-{name.replace('t10k', 'test').replace('labels-idx1-ubyte', 'labels-idx2-int')}" for name in OFFICIAL
    )
    contents = [encode(array) if array.ndim == 3 else columns(array) for array in arrays]
    check(data.load(write(tmp_path / "qmnist", names, contents)), arrays)


def test_a_test_set_alone_is_for_evaluating(tmp_path: Path, arrays) -> None:
    write_idx(tmp_path / "alone", arrays[2:], OFFICIAL[2:])
    assert "is a test set alone (t10k-images-idx3-ubyte)" in refusal(tmp_path / "alone")
    dataset = data.load(tmp_path / "alone", test_alone=True)
    check(dataset, (arrays[0][:0], arrays[1][:0], *arrays[2:]))
    assert "none for training" in dataset.remarks[0]


@pytest.mark.parametrize(
    "names",
    [
        ("x_train", "y_train", "x_test", "y_test"),
        ("train_images", "train_labels", "test_images", "test_labels"),
        ("X_train", "Y_train", "X_test", "Y_test"),
        ("training_images", "training_labels", "test_images", "test_labels"),
        ("trainX", "trainy", "testX", "testy"),
        ("train_data", "train_target", "val_data", "val_target"),
        ("images/train", "labels/train", "images/test", "labels/test"),
    ],
    ids=lambda names: names[0],
)
@pytest.mark.parametrize("packed", [True, False])
def test_npz_in_common_layouts(tmp_path: Path, arrays, names: tuple[str, ...], packed: bool) -> None:
    save = np.savez_compressed if packed else np.savez
    save(tmp_path / "mnist.npz", **dict(zip(names, arrays, strict=True)))
    check(data.load(tmp_path / "mnist.npz"), arrays)
    assert data.load(tmp_path / "mnist.npz").name == "mnist.npz"


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda array: array[..., None] if array.ndim == 3 else array, id="a channel at the end"),
        pytest.param(lambda array: array[:, None] if array.ndim == 3 else array, id="a channel in front"),
        pytest.param(lambda array: array.reshape(len(array), -1), id="flat"),
        pytest.param(lambda array: (array / 255).astype(np.float32) if array.ndim == 3 else array, id="0 to 1"),
        pytest.param(lambda array: array if array.ndim == 3 else np.eye(10)[array], id="one-hot"),
        pytest.param(lambda array: array if array.ndim == 3 else array.astype(np.int64), id="integer labels"),
        pytest.param(lambda array: array if array.ndim == 3 else array.astype(float), id="float labels"),
        pytest.param(np.asfortranarray, id="in Fortran's order"),
        pytest.param(
            lambda array: np.repeat(array[..., None], 3, axis=3) if array.ndim == 3 else array, id="in colours"
        ),
    ],
)
def test_npz_of_other_forms(tmp_path: Path, arrays, change) -> None:
    contents = dict(zip(("x_train", "y_train", "x_test", "y_test"), map(change, arrays), strict=True))
    np.savez(tmp_path / "mnist.npz", **contents)
    check(data.load(tmp_path / "mnist.npz"), arrays)


def test_npy_files_in_a_folder(tmp_path: Path, arrays) -> None:
    for name, array in zip(("x_train", "y_train", "x_test", "y_test"), arrays, strict=True):
        np.save(tmp_path / f"{name}.npy", array)
    check(data.load(tmp_path), arrays)


def test_an_npz_that_would_run_code_is_refused(tmp_path: Path, arrays) -> None:
    np.savez(tmp_path / "bad.npz", x_train=np.array([print], object), y_train=arrays[1], allow_pickle=True)
    assert "holds 'object'" in refusal(tmp_path / "bad.npz")


def test_an_npz_that_promises_too_much_is_refused(tmp_path: Path) -> None:
    for shape in ((2**40, 28, 28), (1000, 2**31, 2**31), (400_000, 1000, 1000), (449_999, 0, 28)):
        header = io.BytesIO()
        np.lib.format.write_array_header_1_0(header, {"descr": "|u1", "fortran_order": False, "shape": shape})
        labels = io.BytesIO()
        np.save(labels, np.zeros(shape[0] if shape[0] < 2**20 else 10, np.uint8))
        content = zipped({"x.npy": header.getvalue(), "y.npy": labels.getvalue()})
        write(tmp_path, ("huge.npz",), [content])
        refusal(tmp_path / "huge.npz")


def rows(images: np.ndarray, labels: np.ndarray) -> bytes:
    table = np.concatenate([labels[:, None], images.reshape(len(images), -1)], axis=1)
    return "\n".join(",".join(map(str, row)) for row in table.tolist()).encode()


def test_csv_in_two_files(tmp_path: Path, arrays) -> None:
    contents = [rows(*arrays[:2]), rows(*arrays[2:])]
    check(data.load(write(tmp_path / "named", ("mnist_test.csv", "mnist_train.csv"), contents[::-1])), arrays)
    check(data.load(write(tmp_path / "unnamed", ("a.csv", "b.csv"), contents[::-1])), arrays)
    packed = [gzip.compress(content) for content in contents]
    check(data.load(write(tmp_path / "packed", ("train.csv.gz", "test.csv.gz"), packed)), arrays)


def test_one_table_is_split(tmp_path: Path, arrays) -> None:
    write(tmp_path, ("digits.csv",), [rows(*arrays[:2])])
    dataset = data.load(tmp_path / "digits.csv")
    chosen = np.arange(120) % samples.EVERY == samples.EVERY - 1
    check(dataset, (arrays[0][~chosen], arrays[1][~chosen], arrays[0][chosen], arrays[1][chosen]))
    assert "120 images (digits.csv), of which every 7th is kept for testing" in dataset.remarks[0]


def test_a_table_without_labels_is_not_used(tmp_path: Path, arrays) -> None:
    bare = b"\n".join(line.partition(b",")[2] for line in rows(*arrays[2:]).split(b"\n"))
    write(
        tmp_path, ("train.csv", "test.csv", "sample_submission.csv"), [rows(*arrays[:2]), bare, b"ImageId,Label\n1,0"]
    )
    dataset = data.load(tmp_path)
    assert dataset.remarks[1] == "test.csv has no labels and is not used."
    assert len(dataset.train_labels) + len(dataset.test_labels) == 120
    assert "28×28 pixels a line, but no labels" in refusal(tmp_path / "test.csv")


def save_pictures(folder: Path, images: np.ndarray, labels: np.ndarray, names: list[str] | None = None) -> None:
    for number, (image, label) in enumerate(zip(images, labels, strict=True)):
        path = folder / (names[label] if names else str(label)) / f"{number:04}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(path)


def by_class(images: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    order = np.argsort(labels, kind="stable")
    return images[order], labels[order]


@pytest.mark.parametrize("names", [("training", "testing"), ("train", "test"), ("Train", "val"), ("x/train", "x/test")])
def test_pictures_by_class(tmp_path: Path, arrays, names: tuple[str, str]) -> None:
    save_pictures(tmp_path / names[0], *arrays[:2])
    save_pictures(tmp_path / names[1], *arrays[2:])
    for hidden in ("Thumbs.db", ".DS_Store"):
        (tmp_path / names[0] / "0" / hidden).write_bytes(b"hidden")
    check(data.load(tmp_path), (*by_class(*arrays[:2]), *by_class(*arrays[2:])))


def test_pictures_of_one_level_are_split(tmp_path: Path, arrays) -> None:
    save_pictures(tmp_path, *arrays[:2])
    images, labels = by_class(*arrays[:2])
    chosen = np.arange(120) % samples.EVERY == samples.EVERY - 1
    check(data.load(tmp_path), (images[~chosen], labels[~chosen], images[chosen], labels[chosen]))


def test_classes_with_names_are_told(tmp_path: Path, arrays) -> None:
    names = ["bag", "boot", "coat", "dress", "pullover", "sandal", "shirt", "sneaker", "trousers", "tee"]
    save_pictures(tmp_path, *arrays[:2], names)
    dataset = data.load(tmp_path)
    assert dataset.remarks[1].startswith("The classes by name: 0 is bag, 1 is boot, 2 is coat,")
    save_pictures(tmp_path, arrays[0][:1], np.array([0]), ["umbrella"])
    assert "pictures of 11 classes (bag, boot, coat …); the network has ten" in refusal(tmp_path)


def test_pictures_of_other_sizes_and_colours_are_fitted(tmp_path: Path, arrays) -> None:
    for number, (image, label) in enumerate(zip(*arrays[:2], strict=True)):
        path = tmp_path / f"{label}" / f"{number:04}.png"
        path.parent.mkdir(exist_ok=True)
        Image.fromarray(255 - image).resize((140, 140), Image.Resampling.NEAREST).convert("RGB").save(path)
    dataset = data.load(tmp_path)
    chosen = np.arange(120) % 7 == 6
    expected = by_class(*arrays[:2])[0][~chosen]
    assert {image.tobytes() for image in dataset.train_images} == {image.tobytes() for image in expected}
    assert dataset.remarks[1] == "Images: 120 pictures of other sizes were fitted into 28×28."
    assert "black on white was turned" in dataset.remarks[2]


def test_files_that_are_no_pictures_are_left_out(tmp_path: Path, arrays) -> None:
    save_pictures(tmp_path, *arrays[:2])
    (tmp_path / "3" / "list.json").write_text("[]")
    dataset = data.load(tmp_path)
    assert dataset.remarks[1] == "Images: files that are no pictures were left out: 1."
    assert len(dataset.train_labels) + len(dataset.test_labels) == 120


def test_a_broken_picture_is_named(tmp_path: Path, arrays) -> None:
    save_pictures(tmp_path, *arrays[:2])
    (tmp_path / "3" / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    assert "broken.png" in refusal(tmp_path)


@pytest.mark.parametrize("size", [(6000, 6000), (1, 30_000_000)])
def test_a_huge_picture_is_refused_before_it_is_decoded(
    tmp_path: Path, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "0").mkdir()
    rows = zlib.compress(bytes((1 + size[0] // 8 + 1) * 8), 1)  # which break off early
    png = b"\x89PNG\r\n\x1a\n"
    parts = ((b"IHDR", struct.pack(">2I5B", *size, 1, 0, 0, 0, 0)), (b"IDAT", rows), (b"tEXt", bytes(60_000)))
    for kind, content in parts:
        png += struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
    (tmp_path / "0" / "huge.png").write_bytes(png)
    monkeypatch.setattr("mnist_gui.ink.open_picture", None)
    assert "is too large: " in refusal(tmp_path)


def test_images_of_other_sizes_are_fitted(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    images, labels = rng.integers(0, 17, (70, 8, 8), np.uint8), rng.integers(0, 10, 70, np.uint8)
    np.savez(tmp_path / "digits.npz", images=images, labels=labels)
    dataset = data.load(tmp_path / "digits.npz")
    assert dataset.train_images.shape == (60, 28, 28)
    assert dataset.test_images.shape == (10, 28, 28)
    assert "8×8" in dataset.remarks[1]
    assert "pixels from 0 to 16 were scaled" in dataset.remarks[2]


def test_what_was_changed_is_said_and_can_be_left(tmp_path: Path, arrays) -> None:
    changed = [np.where(array < 128, 255, 0).astype(np.uint8) if array.ndim == 3 else array for array in arrays]
    write_idx(tmp_path / "inverted", changed)
    dataset = data.load(tmp_path / "inverted")
    assert dataset.remarks == ('Images: black on white was turned to white on black ("as stored" leaves them).',)
    np.testing.assert_array_equal(dataset.train_images, 255 - changed[0])
    check(data.load(tmp_path / "inverted", as_stored=True), changed, remarks=0)


def test_a_part_for_validation_is_left_where_there_is_a_test_set(tmp_path: Path, arrays) -> None:
    names = ("train_images", "train_labels", "test_images", "test_labels", "val_images", "val_labels")
    contents = [array if array.ndim == 3 else array[:, None] for array in (*arrays, *arrays[:2])]
    np.savez(tmp_path / "mnist.npz", **dict(zip(names, contents, strict=True)))
    check(data.load(tmp_path / "mnist.npz"), arrays)
    for name, part in (("train", arrays[:2]), ("val", arrays[:2]), ("test", arrays[2:])):
        save_pictures(tmp_path / "pictures" / name, *part)
    check(data.load(tmp_path / "pictures"), (*by_class(*arrays[:2]), *by_class(*arrays[2:])))


def test_a_zip_of_pictures_is_to_be_unpacked(tmp_path: Path) -> None:
    write(tmp_path, ("archive.zip",), [zipped({f"7/{number}.png": b"" for number in range(60)})])
    assert "archive.zip is a zip of more than 50 files: unpack it first" in refusal(tmp_path / "archive.zip")


def test_two_data_sets_in_a_folder_are_named(tmp_path: Path, arrays) -> None:
    for name in ("first", "second"):
        write_idx(tmp_path / name, arrays)
    assert "holds 2 data sets (first, second): name the folder or file of one" in refusal(tmp_path)


def test_what_is_no_data_set_is_named(tmp_path: Path) -> None:
    assert "holds no files that are read; wanted are MNIST's four files" in refusal(tmp_path)
    for name in ("letter.doc", "notes.txt", "x" * 200, "song.mp3"):
        (tmp_path / name).write_bytes(b"\xd0\xcf\x11\xe0")
    message = refusal(tmp_path)
    assert "letter.doc, notes.txt, song.mp3 and 1 more" in message
    (tmp_path / "song.mp3").unlink()
    assert "x" * 61 not in refusal(tmp_path)


def test_a_part_that_is_damaged_is_not_passed_over(tmp_path: Path, arrays) -> None:
    names = tuple(f"{name}.gz" for name in OFFICIAL)
    write_idx(tmp_path / "set", arrays, names, gzip.compress)
    (tmp_path / "set" / names[2]).write_bytes(b"<html>404 Not Found</html>")
    assert f"{names[2]} is no such file: its magic number is 0x3c68746d" in refusal(tmp_path / "set")


@pytest.mark.skipif(os.name != "posix", reason="about pipes as POSIX has them")
def test_pipes_and_devices_are_passed_over_or_refused(tmp_path: Path, arrays) -> None:
    write_idx(tmp_path, arrays)
    os.mkfifo(tmp_path / "a-pipe")
    (tmp_path / "zero").symlink_to("/dev/zero")
    check(data.load(tmp_path), arrays, remarks=0)
    for name in ("a-pipe", "zero"):
        assert "is not a file" in refusal(tmp_path / name)


def test_reading_reports_and_can_be_ended(tmp_path: Path, arrays) -> None:
    write(tmp_path, ("a.csv",), [rows(*arrays[:2])])
    reports: list[tuple[int, int]] = []
    data.load(tmp_path, progress=lambda done, total: reports.append((done, total)))
    size = (tmp_path / "a.csv").stat().st_size
    assert reports[-1] == (size, size)

    class Cancelled(Exception):  # noqa: N818 -- nothing went wrong
        pass

    def cancel(done: int, total: int) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        data.load(tmp_path, progress=cancel)
    save_pictures(tmp_path / "pictures", *arrays[:2])
    with pytest.raises(Cancelled):
        data.load(tmp_path / "pictures", progress=cancel)


def test_too_many_images_are_refused(tmp_path: Path, arrays, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(samples, "MAX_IMAGES", 100)
    write_idx(tmp_path / "idx", arrays)
    assert "120 images; 100 are read" in refusal(tmp_path / "idx")
    write(tmp_path, ("a.csv",), [rows(*arrays[:2])])
    assert "holds more than 100 images" in refusal(tmp_path / "a.csv")
