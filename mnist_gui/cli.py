"""The command line. Each command imports what it needs when it runs, so that ``--help`` answers at once."""

from __future__ import annotations

import argparse
import io
import json
import os
import sys
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from mnist_gui import __version__
from mnist_gui.errors import UserError, quoted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from mnist_gui.data.dataset import Dataset
    from mnist_gui.model_file import ModelRecord
    from mnist_gui.nn.network import Network
    from mnist_gui.training import Epoch, Progress, Recipe

_COMMANDS: Final = ("train", "evaluate", "predict")
_UPRIGHT: Final = "Accuracies are on images made upright: slant, size and proportions are taken out."


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command, or open the window where there is none.

    Parameters
    ----------
    arguments : sequence of str, optional
        By default those that the program was started with.

    Returns
    -------
    int
        The exit status: 0, or 1 if something is wrong with the world. (Wrong usage exits with 2.)
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a file's name may be in any encoding
    try:
        try:
            options = _options(list(sys.argv[1:] if arguments is None else arguments))
            status: int = options.run(options)
        finally:
            sys.stdout.flush()  # here, and not at the interpreter's exit, where an error has no handler
    except UserError as error:
        return _fail(str(error))
    except BrokenPipeError:
        _discard_output()  # its reader has gone (`| head`): end quietly
        return 1
    except OSError as error:  # the disk that takes our output is full
        _discard_output()
        return _fail(f"{error.strerror or error}.")
    except MemoryError:
        return _fail("There is not enough memory for this.")
    except OverflowError as error:
        return _fail(f"A number is too large: {error}.")
    except KeyboardInterrupt:
        return _fail("Interrupted.")
    return status


def _options(words: list[str]) -> argparse.Namespace:
    """Understand the words of a command; a first word that is neither a command nor an option is a file's name."""
    parser = _parser()
    if words[:1] == ["--"]:  # so that a file may be called anything
        words = words[1:]
    elif not words or words[0].startswith("-") or words[0] in _COMMANDS:
        return parser.parse_args(words)
    if len(words) > 1:
        parser.error(f"{quoted(words[0])} is no command, and of files one is opened at a time")
    return argparse.Namespace(run=_window, file=Path(words[0]) if words else None)


def _fail(message: str) -> int:
    print(f"mnist-gui: {' '.join(message.splitlines())}", file=sys.stderr)
    return 1


def _discard_output() -> None:
    """Let the interpreter flush in vain at its exit, where a second error would be printed."""
    with suppress(OSError):  # not a real file under some test runners
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="mnist-gui",
        usage="%(prog)s [-h] [--version] [FILE | COMMAND ...]",
        description="Draw a digit, train a small NumPy CNN from nothing, and look inside it. "
        "Without a command, the window opens; with a FILE, which may be a model or a picture, it opens with that.",
        epilog="MNIST_GUI_DATA names a folder with the four MNIST files, plain or .gz.",
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    parser.set_defaults(run=_window, file=None)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", prog=parser.prog)

    train = commands.add_parser("train", help="train a network from nothing", description="Train from nothing.")
    train.add_argument("--recipe", type=_recipe, default="default", help="default or notebook (the published run)")
    train.add_argument("--architecture", type=_architecture, default="notebook", metavar="NAME")
    _add_data(train)
    train.add_argument("--epochs", type=_whole("epochs"), metavar="N")
    train.add_argument("--batch-size", type=_whole("batch_size"), metavar="N")
    train.add_argument("--learning-rate", type=_learning_rate, metavar="X")
    train.add_argument("--seed", type=_whole("seed"), metavar="N")
    train.add_argument("--output", type=Path, metavar="FILE", help="where to save the model (.safetensors)")
    train.set_defaults(run=_train)

    evaluate = commands.add_parser("evaluate", help="evaluate a model on test images")
    evaluate.add_argument("model", type=Path, metavar="MODEL")
    _add_data(evaluate)
    evaluate.set_defaults(run=_evaluate)

    predict = commands.add_parser("predict", help="read the digit in each picture")
    predict.add_argument(
        "pictures", nargs="+", metavar="PICTURE", help="any picture of one digit, a folder of them, or a pattern"
    )
    predict.add_argument("--model", type=Path, metavar="MODEL", help="by default the one that ships")
    predict.add_argument("--json", action="store_true", help="print a JSON list with all probabilities")
    predict.set_defaults(run=_predict)
    return parser


def _add_data(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--data",
        default="mnist",
        metavar="mnist|drawn|PATH",
        help="MNIST (downloaded at need), digits drawn by rule, or a folder or file: four files like MNIST's, CSV, "
        ".npz, pictures in a folder for each class",
    )
    parser.add_argument(
        "--as-stored",
        action="store_true",
        help="leave images in the units, colours and orientation in which they are stored",
    )


def _whole(name: str) -> Callable[[str], int]:
    def whole_number(text: str) -> int:
        from mnist_gui.recipe import LIMITS

        least, most = LIMITS[name]
        with suppress(ValueError):
            if "_" not in text and least <= int(text) <= most:
                return int(text)
        raise argparse.ArgumentTypeError(f"{quoted(text)} is not a whole number from {least:.0f} to {most:.0f}")

    return whole_number


def _learning_rate(text: str) -> float:
    from mnist_gui.recipe import LIMITS

    least, most = LIMITS["learning_rate"]
    with suppress(ValueError):
        if "_" not in text and least <= float(text) <= most:
            return float(text)
    raise argparse.ArgumentTypeError(f"{quoted(text)} is not a number from {least:.9f} to {most:,.0f}")


def _recipe(name: str) -> str:
    from mnist_gui.training import RECIPES

    if name not in RECIPES:
        raise argparse.ArgumentTypeError(f"{quoted(name)} is none of {', '.join(RECIPES)}")
    return name


def _architecture(name: str) -> str:
    from mnist_gui.nn.architectures import ARCHITECTURES

    if name not in ARCHITECTURES:
        raise argparse.ArgumentTypeError(f"{quoted(name)} is none of {', '.join(ARCHITECTURES)}")
    return name


def _window(options: argparse.Namespace) -> int:
    if options.file is not None and not options.file.is_file():
        raise UserError(f"{options.file} is neither a command nor a file: mnist-gui --help lists the commands.")
    from mnist_gui.gui.app import run

    return run(options.file)


def _load_data(options: argparse.Namespace, *, test_alone: bool = False) -> Dataset:
    """Load a data set, with a bar and remarks on standard error."""
    from mnist_gui import data
    from mnist_gui.data import mnist

    bar: Any = None

    def progress(done: int, total: int) -> None:
        nonlocal bar
        if bar is None:
            from tqdm import tqdm

            name = "MNIST" if options.data == "mnist" else "Data"
            bar = tqdm(total=total, unit="B", unit_scale=True, desc=name, disable=None, delay=0.5)
        bar.update(done - bar.n)

    try:
        dataset = data.load(
            options.data, progress=progress, as_stored=options.as_stored, test_alone=test_alone, whole=False
        )
    except mnist.NoDownloadError as error:
        advice = f"If you have MNIST's four files, name their folder with --data or {mnist.VARIABLE}"
        raise UserError(f"{error}. {advice}") from error
    finally:
        if bar is not None:
            bar.close()
    for remark in dataset.remarks:
        print(remark, file=sys.stderr)
    return dataset


def _train(options: argparse.Namespace) -> int:
    from mnist_gui import model_file
    from mnist_gui.nn import architectures
    from mnist_gui.training import recipe_for, suited, train
    from mnist_gui.verdict import nothing_learned

    given = {
        "epochs": options.epochs,
        "batch_size": options.batch_size,
        "learning_rate": options.learning_rate,
        "seed": options.seed,
    }
    recipe = recipe_for(options.recipe, options.architecture)
    recipe = replace(recipe, **{name: value for name, value in given.items() if value is not None})
    if options.output:
        _check_output(options.output)
    data = _load_data(options)
    recipe = suited(recipe, data)
    if recipe.upright:
        print(_UPRIGHT, file=sys.stderr)
    network = architectures.build(options.architecture, recipe.dtype)

    last, interrupted = _run(train(network, data, recipe))
    if interrupted:
        network.parameters[:] = last.parameters  # what the record below is about, to the step
        print(f"Stopped after {_epochs(last):.1f} of {recipe.epochs} epochs.", file=sys.stderr)
    saved = False
    if options.output:
        tested = last.epochs[-1] if last.finished else None
        record = model_file.ModelRecord(
            architecture=options.architecture,
            recipe=recipe,
            data=data.name,
            epochs=_epochs(last),
            test_loss=tested.test_loss if tested else None,
            test_accuracy=tested.test_accuracy if tested else None,
        )
        saved = _save(options.output, network, record)
    if not interrupted:
        print(f"\nTest Results:\n{_test_line(network, data, recipe)}", flush=True)
    remark = nothing_learned(last)
    if remark:
        print(remark, file=sys.stderr)
    # With --output, Ctrl-C saves the model and exits 0; without, 1.
    return 0 if saved or not (interrupted or options.output) else 1


def _save(path: Path, network: Network, record: ModelRecord) -> bool:
    """Save a model where it was wanted and return True; or else where the user's data are kept, and return False."""
    from mnist_gui import model_file

    try:
        model_file.save(path, network, record)
    except model_file.ModelFileError as error:
        _fail(f"{error} It is kept as {model_file.rescue(path.name, network, record)}.")
        return False
    print(f"Saved {path}", file=sys.stderr)
    return True


def _run(training: Iterator[Progress | None]) -> tuple[Progress, bool]:
    """Print epochs as they end; return the last progress, and whether Ctrl-C came before the end."""
    import numpy as np
    from tqdm import tqdm

    last: Progress | None = None
    quiet = np.errstate(over="ignore", invalid="ignore")  # a run that diverges says so in one line of its own
    with quiet, tqdm(unit="step", disable=None, leave=False, dynamic_ncols=True) as bar:
        try:
            for progress in training:
                if progress is None:
                    continue
                bar.total = progress.steps
                bar.update(progress.step - bar.n)
                printed = len(last.epochs) if last else 0
                last = progress
                for number, epoch in enumerate(progress.epochs[printed:], start=printed + 1):
                    with tqdm.external_write_mode(file=sys.stderr):
                        print(_epoch_line(progress.recipe, number, epoch), flush=True)
        except KeyboardInterrupt:
            if last is None:
                raise
            return last, True
    assert last is not None
    return last, False


def _epochs(progress: Progress) -> float:
    return progress.step / progress.steps_per_epoch


def _check_output(path: Path) -> None:
    """Refuse before training what would fail after it."""
    target = Path(os.path.realpath(path))
    if target.exists() and not target.is_file():
        raise UserError(f"--output {path} is not a file: give the name of one, old or new.")
    if not (target.parent.is_dir() and os.access(target.parent, os.W_OK)):
        raise UserError(f"--output {path} can't be written: there is no folder {target.parent} that allows it.")


def _epoch_line(recipe: Recipe, number: int, epoch: Epoch) -> str:
    from mnist_gui.notebook import printed_training_loss

    head = f"Epoch {number}/{recipe.epochs}"
    if recipe.as_notebook:
        loss = printed_training_loss(epoch.loss, recipe.batch_size)
        return f"{head}, Loss: {loss:.4f}, Accuracy: {epoch.accuracy:.2%}"
    return f"{head}, Loss: {epoch.loss:.4f}, Accuracy: {epoch.accuracy:.2%}, Test accuracy: {epoch.test_accuracy:.2%}"


def _test_line(network: Network, data: Dataset, recipe: Recipe) -> str:
    from mnist_gui.notebook import printed_test_loss
    from mnist_gui.training import evaluate

    result = evaluate(network, recipe.prepare(data.test_images), data.test_labels)
    loss = printed_test_loss(result.losses, recipe.batch_size) if recipe.as_notebook else result.loss
    return f"Loss: {loss:.4f}, Accuracy: {result.accuracy:.2%}"


def _evaluate(options: argparse.Namespace) -> int:
    from threadpoolctl import threadpool_limits

    from mnist_gui import model_file

    network, record = model_file.load(options.model)
    data = _load_data(options, test_alone=True)
    if record.recipe.upright:
        print(_UPRIGHT, file=sys.stderr)
    with threadpool_limits(1, user_api="blas"):
        print(_test_line(network, data, record.recipe))
    return 0


def _predict(options: argparse.Namespace) -> int:
    from mnist_gui import assets, model_file
    from mnist_gui.picture_file import find_pictures

    network, record = model_file.load(options.model or assets.SHIPPED_MODEL)
    answers: list[dict[str, Any]] = []
    status = 0
    for text in options.pictures:
        paths: list[Path] = []
        try:
            paths = find_pictures(text)
        except UserError as error:
            status = _fail(str(error))
        for path in paths:
            try:
                answers.append(_read_picture(network, record.recipe, path))
            except UserError as error:
                status = _fail(str(error))
                continue
            if not options.json:
                print(_answer_line(answers[-1]))
    if options.json:
        print(json.dumps(answers, indent=2))
    return status


def _read_picture(network: Network, recipe: Recipe, path: Path) -> dict[str, Any]:
    from mnist_gui import ink, picture_file

    read = ink.explain_picture(picture_file.open_picture(path))
    if read.image is None:
        nothing = {"digit": None, "confidence": None, "probabilities": None}
        return {"file": str(path), **nothing, "reason": str(read.reason)}
    probabilities = network.probabilities(recipe.prepare(read.image[None]))[0].astype(float)
    return {
        "file": str(path),
        "digit": int(probabilities.argmax()),
        "confidence": float(probabilities.max()),
        "probabilities": probabilities.tolist(),
        "reason": None,
    }


def _answer_line(answer: dict[str, Any]) -> str:
    digit, reason = answer["digit"], answer["reason"]
    read = f"no digit ({reason})" if digit is None else f"{digit} ({answer['confidence']:.1%})"
    return f"{answer['file']}: {read}"
