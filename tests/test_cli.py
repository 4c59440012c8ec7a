"""The command line keeps its contract: results on standard output, one line for what is wrong, status 0, 1 or 2."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image, ImageDraw

import mnist_gui
from mnist_gui import cli, data, ink, model_file
from mnist_gui.data.upright import make_upright
from mnist_gui.nn import architectures
from mnist_gui.recipe import Recipe
from mnist_gui.training import evaluate

sys.path.append(str(Path(__file__).parent / "data"))  # when this file is run by itself
from idx_files import write_data_set

if TYPE_CHECKING:
    from collections.abc import Iterator

TEST_LINE = re.compile(r"Loss: \d+\.\d{4}, Accuracy: \d+\.\d\d%")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A data set of 30 + 20 images of noise."""
    write_data_set(tmp_path / "noise")
    return tmp_path / "noise"


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A fresh model."""
    network = architectures.build("notebook")
    network.initialize(np.random.default_rng(0))
    model_file.save(tmp_path / "fresh.safetensors", network, model_file.ModelRecord("notebook"))
    return tmp_path / "fresh.safetensors"


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """A one, dark on light."""
    return draw_line(tmp_path / "one.png")


def draw_line(path: Path, ink: str = "black", paper: str = "white", size: tuple[int, int] = (200, 300)) -> Path:
    image = Image.new("RGB", size, paper)
    ImageDraw.Draw(image).line((size[0] * 0.55, size[1] * 0.15, size[0] * 0.45, size[1] * 0.85), ink, size[0] // 10)
    image.save(path)
    return path


def start(*arguments: object, **options: object) -> subprocess.Popen[str]:
    """Start the program as a person does."""
    command = [sys.executable, "-m", "mnist_gui", *map(str, arguments)]
    buffered = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "env": buffered, **options}
    return subprocess.Popen(command, **pipes)


def run(*arguments: object, **options: object) -> tuple[int, str, str]:
    """Run the program as a person does: its status, output and errors."""
    with start(*arguments, **options) as process:
        output, errors = process.communicate(timeout=60)
    return process.returncode, output, errors


def call(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    """Run the program in this process: its status, output and errors."""
    try:
        status = cli.main([str(argument) for argument in arguments])
    except SystemExit as end:
        status = int(end.code or 0)
    return status, *capsys.readouterr()


def failure(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    """The one line with which something wrong with the world is told."""
    status, output, errors = call(capsys, *arguments)
    assert (status, output) == (1, "")
    assert errors.startswith("mnist-gui: ")
    assert errors.endswith("\n")
    assert errors.count("\n") == 1
    return errors


# Help and usage.


@pytest.mark.parametrize("arguments", [["--version"], ["--help"], ["train", "--help"], ["predict", "-h"]])
def test_help_answers_at_once(arguments: list[str]) -> None:
    program = (
        "import sys\nfrom mnist_gui.cli import main\ntry:\n    main(sys.argv[1:])\n"
        "except SystemExit as end:\n    print(end.code, *sys.modules, file=sys.stderr)\n"
    )
    command = [sys.executable, "-c", program, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    status, *modules = done.stderr.split()
    assert status == "0"
    assert not {"numpy", "PySide6", "PIL", "tqdm"} & set(modules)
    assert done.stdout.startswith(f"mnist-gui {mnist_gui.__version__}" if "--version" in arguments else "usage: ")


def test_the_version_is_the_package_s() -> None:
    assert run("--version") == (0, f"mnist-gui {mnist_gui.__version__}\n", "")


def test_help_names_all_commands(capsys: pytest.CaptureFixture[str]) -> None:
    status, output, errors = call(capsys, "--help")
    assert (status, errors) == (0, "")
    for word in ("train", "evaluate", "predict", "MNIST_GUI_DATA"):
        assert word in output


@pytest.mark.parametrize("name", ["--epochs", "--batch-size"])
@pytest.mark.parametrize("value", ["0", "-1", "1.5", "", "ten", "nan", "1e3", "1_0", "1,000"])
def test_a_wrong_count_is_wrong_usage(capsys: pytest.CaptureFixture[str], name: str, value: str) -> None:
    status, output, errors = call(capsys, "train", f"{name}={value}")
    assert (status, output) == (2, "")
    assert f"argument {name}: '{value}' is not a whole number from 1 to " in errors


@pytest.mark.parametrize(
    "value", ["0", "-0.1", "nan", "inf", "-inf", "1e999", "1e7", "1e-10", "", "fast", "1_0", "0,35"]
)
def test_a_wrong_rate_is_wrong_usage(capsys: pytest.CaptureFixture[str], value: str) -> None:
    status, output, errors = call(capsys, "train", f"--learning-rate={value}")
    assert (status, output) == (2, "")
    assert f"argument --learning-rate: '{value}' is not a number from 0.000000001 to 1,000,000" in errors


@pytest.mark.parametrize("value", ["-1", "4294967296", "9" * 40, "0.5"])
def test_a_wrong_seed_is_wrong_usage(capsys: pytest.CaptureFixture[str], value: str) -> None:
    status, output, errors = call(capsys, "train", f"--seed={value}")
    assert (status, output) == (2, "")
    assert f"argument --seed: '{value}' is not a whole number from 0 to 4294967295" in errors


@pytest.mark.parametrize("seed", [0, 2**32 - 1])
@pytest.mark.parametrize("recipe", ["default", "notebook"])
def test_the_first_and_the_last_seed_are_fine(
    capsys: pytest.CaptureFixture[str], folder: Path, seed: int, recipe: str
) -> None:
    assert call(capsys, "train", "--recipe", recipe, "--data", folder, "--epochs=1", f"--seed={seed}")[0] == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["train", "--recipe", "secret"], "'secret' is none of default, notebook"),
        (["train", "--architecture", "tower"], "'tower' is none of notebook"),
        (["train", "--lr", "1"], "unrecognized arguments"),
        (["train", "--seed", "9" * 5000], "'99999"),
        (["one.png", "two.png"], "'one.png' is no command, and of files one is opened at a time"),
        (["evaluate"], "required: MODEL"),
        (["predict"], "required: PICTURE"),
        (["predict", "--json"], "required: PICTURE"),
    ],
    ids=lambda value: " ".join(value)[:40] if isinstance(value, list) else "",
)
def test_wrong_usage_has_status_2(capsys: pytest.CaptureFixture[str], arguments: list[str], message: str) -> None:
    status, output, errors = call(capsys, *arguments)
    assert (status, output) == (2, "")
    assert message in errors


# Something is wrong with the world.


@pytest.mark.parametrize("arguments", [["train"], ["train", "--recipe", "notebook"], ["evaluate", "MODEL"]])
def test_without_data_and_network_one_line_shows_the_way(
    capsys: pytest.CaptureFixture[str], model: Path, arguments: list[str]
) -> None:
    message = failure(capsys, *(model if argument == "MODEL" else argument for argument in arguments))
    assert "can't be downloaded" in message
    assert "--data or MNIST_GUI_DATA" in message


def test_a_data_folder_that_is_missing_is_named(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert f"{tmp_path / 'nowhere'} can't be read" in failure(capsys, "train", "--data", tmp_path / "nowhere")


def test_damaged_data_is_named(capsys: pytest.CaptureFixture[str], folder: Path, model: Path) -> None:
    path = folder / "t10k-images-idx3-ubyte.gz"
    os.truncate(path, 100)
    for command in (["train"], ["evaluate", model]):
        assert str(path) in failure(capsys, *command, "--data", folder)


def test_a_line_break_in_a_name_breaks_no_line(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    failure(capsys, "train", "--data", tmp_path / "two\nlines")


@pytest.mark.parametrize("name", ["", "noise", "nowhere/model", "noise/t10k-images-idx3-ubyte.gz/model"])
def test_an_output_that_cannot_be_written_is_refused_before_training(
    capsys: pytest.CaptureFixture[str], folder: Path, name: str
) -> None:
    # There is no data either: the output is looked at first.
    assert "--output" in failure(capsys, "train", "--data", "nowhere", "--output", folder.parent / name)


@pytest.mark.skipif(os.name != "posix", reason="about devices as POSIX has them")
def test_a_device_is_refused_as_an_output_before_training(capsys: pytest.CaptureFixture[str]) -> None:
    assert "--output /dev/null is not a file" in failure(capsys, "train", "--data", "nowhere", "--output", "/dev/null")


def test_a_model_that_is_none_is_named(capsys: pytest.CaptureFixture[str], folder: Path, picture: Path) -> None:
    for command in (["evaluate", picture, "--data", folder], ["predict", picture, "--model", picture]):
        assert f"{picture} is not a model" in failure(capsys, *command)
    assert "No such file" in failure(capsys, "evaluate", "nowhere", "--data", folder)


def test_a_picture_that_is_none_is_named(capsys: pytest.CaptureFixture[str], model: Path, tmp_path: Path) -> None:
    assert f"{model} is not a picture" in failure(capsys, "predict", model, "--model", model)
    assert "nowhere.png" in failure(capsys, "predict", "nowhere.png", "--model", model)
    (tmp_path / "empty").mkdir()
    assert "empty holds no pictures" in failure(capsys, "predict", tmp_path / "empty", "--model", model)
    assert "*.png matches no files" in failure(capsys, "predict", tmp_path / "empty" / "*.png", "--model", model)


def test_a_rate_that_diverges_ends_in_one_line(folder: Path) -> None:
    output = folder.parent / "model"
    rate = ("--architecture", "deep", "--learning-rate", "1e6", "--epochs", "100")
    status, lines, errors = run("train", "--data", folder, *rate, "--output", output)
    assert status == 1
    assert "Test Results" not in lines
    assert re.fullmatch(r"mnist-gui: Training diverged at step \d+: [^\n]+\n", errors)
    assert not output.exists()


@pytest.mark.parametrize(
    ("error", "says"), [(MemoryError(), "not enough memory"), (OverflowError("int too large"), "A number is too large")]
)
def test_too_little_memory_ends_in_one_line(
    capsys: pytest.CaptureFixture[str], folder: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, says: str
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr("mnist_gui.training.train", fail)
    assert says in failure(capsys, "train", "--data", folder)


# Train and evaluate.


def test_train_prints_epochs_and_test_results(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    status, output, errors = call(capsys, "train", "--data", folder, "--epochs", 2, "--batch-size", 7)
    *epochs, blank, title, test, end = output.split("\n")
    assert (status, errors) == (0, "")
    assert len(epochs) == 2
    for number, line in enumerate(epochs, start=1):
        assert re.fullmatch(rf"Epoch {number}/2, {TEST_LINE.pattern}, Test accuracy: \d+\.\d\d%", line)
    assert (blank, title, end) == ("", "Test Results:", "")
    assert TEST_LINE.fullmatch(test)
    assert epochs[-1].endswith(f"Test accuracy: {test.partition('Accuracy: ')[2]}")


@pytest.mark.parametrize("recipe", ["default", "notebook"])
def test_a_saved_model_is_evaluated_to_the_same_line(
    capsys: pytest.CaptureFixture[str], folder: Path, recipe: str
) -> None:
    path = folder.parent / "model.safetensors"
    train = ["train", "--data", folder, "--recipe", recipe, "--epochs", 2, "--batch-size", 8, "--seed", 5]
    status, output, errors = call(capsys, *train, "--output", path)
    assert (status, errors) == (0, f"Saved {path}\n")
    assert call(capsys, "evaluate", path, "--data", folder) == (0, output.splitlines()[-1] + "\n", "")

    _, record = model_file.load(path)
    assert (record.architecture, record.data, record.epochs) == ("notebook", "noise", 2)
    assert (record.recipe.name, record.recipe.epochs, record.recipe.batch_size, record.recipe.seed) == (recipe, 2, 8, 5)
    assert record.test_accuracy is not None
    assert output.endswith(f"Accuracy: {record.test_accuracy:.2%}\n")


def test_the_same_command_makes_the_same_file(capsys: pytest.CaptureFixture[str], folder: Path, tmp_path: Path) -> None:
    for name in ("a", "b"):
        assert call(capsys, "train", "--data", folder, "--epochs=2", "--output", tmp_path / name)[0] == 0
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_the_variable_names_the_data(
    capsys: pytest.CaptureFixture[str], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MNIST_GUI_DATA", str(folder))
    assert call(capsys, "train", "--epochs=1") == call(capsys, "train", "--epochs=1", "--data", folder)


def test_standard_output_holds_results_only(folder: Path, model: Path) -> None:
    status, output, errors = run("train", "--data", folder, "--epochs=1", "--output", model)
    assert (status, errors) == (0, f"Saved {model}\n")
    assert [line.partition(" ")[0] for line in output.splitlines()] == ["Epoch", "", "Test", "Loss:"]


def test_a_model_whose_folder_vanished_is_kept_elsewhere(
    capsys: pytest.CaptureFixture[str], folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mnist_gui.training import train

    output = tmp_path / "mine" / "model.safetensors"

    def train_and_vanish(network, data, recipe):
        yield from train(network, data, recipe)
        shutil.rmtree(output.parent)

    monkeypatch.setattr("mnist_gui.training.train", train_and_vanish)
    for name in ("model.safetensors", "model-2.safetensors"):
        output.parent.mkdir()
        status, lines, errors = call(capsys, "train", "--data", folder, "--epochs=1", "--output", output)
        kept = model_file.models_folder() / name
        assert status == 1
        assert "Test Results" in lines
        assert errors == (
            f"mnist-gui: The model can't be saved as {output}: No such file or directory. It is kept as {kept}.\n"
        )
        assert model_file.load(kept)[1].epochs == 1


def test_a_run_that_learned_nothing_says_so(
    capsys: pytest.CaptureFixture[str], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mnist_gui.verdict.nothing_learned", lambda progress: "The network learned nothing.")
    status, output, errors = call(capsys, "train", "--data", folder, "--epochs=1")
    assert (status, errors) == (0, "The network learned nothing.\n")
    assert "learned" not in output


# Predict.


def test_predict_reads_each_picture(capsys: pytest.CaptureFixture[str], tmp_path: Path, model: Path) -> None:
    dark = draw_line(tmp_path / "dark.png")
    light = draw_line(tmp_path / "light.jpg", "white", "black", (90, 70))
    Image.new("L", (50, 50), 200).save(tmp_path / "blank.png")
    files = [dark, light, tmp_path / "blank.png"]
    status, output, errors = call(capsys, "predict", *files, "--model", model)
    assert (status, errors) == (0, "")
    first, second, third = output.splitlines()
    assert re.fullmatch(rf"{re.escape(str(dark))}: \d \(\d+\.\d%\)", first)
    assert re.fullmatch(rf"{re.escape(str(light))}: \d \(\d+\.\d%\)", second)
    assert third == f"{tmp_path / 'blank.png'}: no digit (nothing on the paper)"

    status, output, errors = call(capsys, "predict", *files, "--model", model, "--json")
    assert (status, errors) == (0, "")
    answers = json.loads(output)
    assert [list(answer) for answer in answers] == [["file", "digit", "confidence", "probabilities", "reason"]] * 3
    assert [answer["file"] for answer in answers] == list(map(str, files))
    for answer, line in zip(answers[:2], (first, second), strict=True):
        assert len(answer["probabilities"]) == 10
        assert sum(answer["probabilities"]) == pytest.approx(1, abs=1e-6)
        assert answer["confidence"] == max(answer["probabilities"]) == answer["probabilities"][answer["digit"]]
        assert line.endswith(f"{answer['digit']} ({answer['confidence']:.1%})")
    nothing = dict.fromkeys(["digit", "confidence", "probabilities"])
    assert answers[2] == {"file": str(files[2]), **nothing, "reason": "nothing on the paper"}
    assert answers[0]["reason"] is None


def test_one_bad_picture_does_not_cost_the_others(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, model: Path, picture: Path
) -> None:
    (tmp_path / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\nbroken")
    files = [picture, tmp_path / "broken.png", tmp_path / "nowhere.png", draw_line(tmp_path / "last.png")]
    status, output, errors = call(capsys, "predict", *files, "--model", model)
    assert status == 1
    assert [line.partition(": ")[0] for line in output.splitlines()] == [str(files[0]), str(files[3])]
    first, second = errors.splitlines()
    assert first.startswith(f"mnist-gui: {files[1]} ")
    assert second.startswith(f"mnist-gui: {files[2]} ")

    status, output, again = call(capsys, "predict", *files, "--model", model, "--json")
    assert (status, again) == (1, errors)
    assert [answer["file"] for answer in json.loads(output)] == [str(files[0]), str(files[3])]


def test_folders_and_patterns_stand_for_the_pictures_in_them(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, model: Path
) -> None:
    folder = tmp_path / "pictures"
    (folder / "deeper.png").mkdir(parents=True)
    for name in ("b.png", "a.JPG", ".hidden.png", "[x].png"):
        draw_line(folder / name)
    (folder / "notes.txt").write_text("not a picture")

    def names(*arguments: object) -> list[str]:
        status, output, errors = call(capsys, "predict", *arguments, "--model", model)
        assert (status, errors) == (0, "")
        return [Path(line.partition(": ")[0]).name for line in output.splitlines()]

    assert names(folder) == ["[x].png", "a.JPG", "b.png"]
    assert names(folder / "*.png") == ["[x].png", "b.png"]
    assert names(tmp_path / "**" / "b.*") == ["b.png"]
    assert names(folder / "[x].png") == ["[x].png"]  # a file by this name is meant, not a pattern


def test_predict_asks_the_model_that_is_named(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, picture: Path
) -> None:
    for digit in (3, 8):
        network = architectures.build("notebook")
        network.named()["dense1.bias"][digit] = 5
        model_file.save(tmp_path / "model", network, model_file.ModelRecord("notebook"))
        _, output, _ = call(capsys, "predict", picture, "--model", tmp_path / "model", "--json")
        assert json.loads(output)[0]["digit"] == digit


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere names are text")
def test_a_name_that_is_no_text_is_printed_somehow(model: Path, picture: Path) -> None:
    odd = picture.rename(picture.with_name(os.fsdecode(b"\xff\xc3\xa9.png")))
    for environment in ({"PYTHONIOENCODING": "utf-8"}, {"PYTHONIOENCODING": "ascii"}):
        status, output, errors = run("predict", odd, "--model", model, env={**os.environ, **environment})
        assert (status, errors) == (0, "")
        assert r"\udcff" in output


# Ends before the end.


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Undo for the programs started here what shells do to a test run in the background: ignore Ctrl-C."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def interrupt_after_an_epoch(process: subprocess.Popen[str]) -> tuple[int, str]:
    """Press Ctrl-C in the middle of training: the status and the errors."""
    assert process.stdout is not None
    assert process.stdout.readline().startswith("Epoch 1/")
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=60)
    assert "Test Results" not in output
    return process.returncode, errors


@pytest.mark.usefixtures("interruptible")
@pytest.mark.skipif(os.name != "posix", reason="Windows sends Ctrl-C another way")
def test_ctrl_c_keeps_the_model_so_far(folder: Path) -> None:
    path = folder.parent / "model.safetensors"
    with start("train", "--data", folder, "--epochs", 10_000, "--output", path) as process:
        status, errors = interrupt_after_an_epoch(process)
    assert status == 0
    assert re.fullmatch(rf"Stopped after \d+\.\d of 10000 epochs\.\nSaved {re.escape(str(path))}\n", errors)
    network, record = model_file.load(path)
    assert 1 <= record.epochs < 10_000
    assert record.test_accuracy is None
    assert network.parameters.any()
    assert sorted(path.parent.iterdir()) == [path, folder]


@pytest.mark.usefixtures("interruptible")
@pytest.mark.skipif(os.name != "posix", reason="Windows sends Ctrl-C another way")
def test_ctrl_c_without_an_output_has_status_1(folder: Path) -> None:
    with start("train", "--data", folder, "--epochs", 10_000) as process:
        status, errors = interrupt_after_an_epoch(process)
    assert status == 1
    assert re.fullmatch(r"Stopped after \d+\.\d of 10000 epochs\.\n", errors)


@pytest.mark.parametrize("place", ["mnist_gui.data.load", "mnist_gui.training.train", "mnist_gui.model_file.save"])
def test_ctrl_c_at_another_time_ends_in_one_line(
    capsys: pytest.CaptureFixture[str], folder: Path, model: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    before = model.read_bytes()
    monkeypatch.setattr(place, interrupt)
    status, _, errors = call(capsys, "train", "--data", folder, "--epochs=1", "--output", model)
    assert (status, errors) == (1, "mnist-gui: Interrupted.\n")
    assert model.read_bytes() == before


def test_an_interrupted_model_is_that_of_its_record(
    capsys: pytest.CaptureFixture[str], folder: Path, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mnist_gui.training import train

    seen: list[np.ndarray] = []

    def train_and_interrupt(network, data, recipe):
        for progress in train(network, data, recipe):
            yield progress
            if progress is not None and len(progress.epochs) == 2:
                seen.append(progress.parameters)
                network.parameters += 1  # a step that no progress has told of
                raise KeyboardInterrupt

    monkeypatch.setattr("mnist_gui.training.train", train_and_interrupt)
    assert call(capsys, "train", "--data", folder, "--epochs=4", "--output", model)[0] == 0
    network, record = model_file.load(model)
    assert record.epochs == 2
    np.testing.assert_array_equal(network.parameters, seen[0])


@pytest.mark.skipif(os.name != "posix", reason="about pipes as POSIX has them")
def test_a_reader_that_leaves_causes_no_traceback(folder: Path) -> None:
    with start("train", "--data", folder, "--epochs", 10_000) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline().startswith("Epoch 1/")
        process.stdout.close()
        assert process.stderr.read() == ""
        assert process.wait(timeout=60) == 1


@pytest.mark.skipif(os.name != "posix", reason="about pipes as POSIX has them")
@pytest.mark.parametrize("command", ["evaluate", "predict", "--help"])
def test_a_reader_that_never_came_causes_no_traceback(folder: Path, model: Path, picture: Path, command: str) -> None:
    arguments: dict[str, list[object]] = {
        "evaluate": [model, "--data", folder],
        "predict": [picture, "--model", model, "--json"],
        "--help": [],
    }
    reader, writer = os.pipe()
    os.close(reader)
    try:
        assert run(command, *arguments[command], stdout=writer) == (1, None, "")
    finally:
        os.close(writer)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no disk that is always full")
@pytest.mark.parametrize("command", ["train", "evaluate", "predict", "--help", "--version"])
def test_a_full_disk_under_the_output_ends_in_one_line(folder: Path, model: Path, picture: Path, command: str) -> None:
    arguments: dict[str, list[object]] = {
        "train": ["--data", folder, "--epochs", 1],
        "evaluate": [model, "--data", folder],
        "predict": [picture, "--model", model],
        "--help": [],
        "--version": [],
    }
    with Path("/dev/full").open("w") as full:
        status, _, errors = run(command, *arguments[command], stdout=full)
    assert (status, errors) == (1, "mnist-gui: No space left on device.\n")


def test_a_full_disk_under_the_output_does_not_cost_the_model(
    capsys: pytest.CaptureFixture[str], folder: Path, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> str:
        raise BrokenPipeError

    monkeypatch.setattr(cli, "_test_line", fail)
    assert call(capsys, "train", "--data", folder, "--epochs=1", "--output", model)[0] == 1
    assert model_file.load(model)[1].epochs == 1


# The window.


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[Path | None]:
    """What the window was opened with."""
    opened: list[Path | None] = []
    app = type(sys)("mnist_gui.gui.app")
    app.run = lambda path: opened.append(path) or 7  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "mnist_gui.gui.app", app)
    return opened


def test_without_a_command_the_window_opens(opened: list[Path | None]) -> None:
    assert cli.main([]) == 7
    assert opened == [None]


def test_a_word_that_is_no_command_is_a_file_that_the_window_opens_with(
    opened: list[Path | None], picture: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert cli.main([str(picture)]) == 7
    odd = picture.rename(picture.with_name("--help"))
    monkeypatch.chdir(odd.parent)
    assert cli.main(["--", "--help"]) == 7
    assert opened == [picture, Path("--help")]


def test_a_word_that_is_neither_command_nor_file_is_named(
    capsys: pytest.CaptureFixture[str], opened: list[Path | None], tmp_path: Path
) -> None:
    for word in ("bake", tmp_path, ""):
        assert f"{word} is neither a command nor a file" in failure(capsys, word)
    assert opened == []


# Data as people have them.


def test_what_was_found_and_changed_is_said_on_standard_error(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    images = np.full((80, 28, 28), 250, np.uint8)
    images[:, 8:20, 13:15] = 0
    np.savez(tmp_path / "data.npz", images=images, labels=np.arange(80) % 10)
    status, output, errors = call(capsys, "train", "--data", tmp_path / "data.npz", "--epochs=1")
    assert status == 0
    assert "Found" not in output
    found, changed = errors.splitlines()
    assert found == "Found NumPy files: 80 images (data.npz/images.npy), of which every 7th is kept for testing."
    assert changed == 'Images: black on white was turned to white on black ("as stored" leaves them).'
    status, _, errors = call(capsys, "train", "--data", tmp_path / "data.npz", "--epochs=1", "--as-stored")
    assert (status, errors) == (0, f"{found}\n")


def test_a_test_set_alone_is_enough_to_evaluate(capsys: pytest.CaptureFixture[str], folder: Path, model: Path) -> None:
    for path in folder.glob("train*"):
        path.unlink()
    status, output, errors = call(capsys, "evaluate", model, "--data", folder)
    assert status == 0
    assert TEST_LINE.fullmatch(output.strip())
    assert "none for training" in errors
    assert "is a test set alone" in failure(capsys, "train", "--data", folder)


# Upright.


@pytest.mark.parametrize("upright", [False, True])
def test_a_network_reads_images_as_its_file_says(
    capsys: pytest.CaptureFixture[str], model: Path, folder: Path, picture: Path, upright: bool
) -> None:
    network, record = model_file.load(model)
    model_file.save(model, network, replace(record, recipe=Recipe(upright=upright)))
    prepare = make_upright if upright else np.asarray
    dataset = data.load(folder)
    expected = evaluate(network, prepare(dataset.test_images), dataset.test_labels)
    status, output, errors = call(capsys, "evaluate", model, "--data", folder)
    assert (status, output) == (0, f"Loss: {expected.loss:.4f}, Accuracy: {expected.accuracy:.2%}\n")
    assert ("upright" in errors) == upright
    seen = ink.from_file(picture)
    assert seen is not None
    _, output, _ = call(capsys, "predict", picture, "--model", model, "--json")
    probabilities = network.probabilities(prepare(seen[None]))[0]
    np.testing.assert_allclose(json.loads(output)[0]["probabilities"], probabilities, atol=1e-7)


def test_what_is_not_known_to_be_digits_is_trained_on_as_it_is(
    capsys: pytest.CaptureFixture[str], folder: Path, tmp_path: Path
) -> None:
    output = tmp_path / "model.safetensors"
    assert call(capsys, "train", "--data", folder, "--epochs", 1, "--output", output)[0] == 0
    assert not model_file.load(output)[1].recipe.upright
