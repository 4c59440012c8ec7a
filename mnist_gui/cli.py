"""The command line. Each command imports what it needs when it runs, so that ``--help`` answers at once."""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mnist_gui import __version__
from mnist_gui.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mnist_gui.data.dataset import Dataset
    from mnist_gui.nn.network import Network
    from mnist_gui.training import Epoch, Recipe


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
    options = _parser().parse_args(arguments)
    try:
        status: int = options.run(options)
        sys.stdout.flush()
    except UserError as error:
        print(f"mnist-gui: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        # The reader of our output is gone (`| head`): end quietly, also when the interpreter flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        print("mnist-gui: interrupted.", file=sys.stderr)
        return 1
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="mnist-gui",
        description="Draw a digit, train a small NumPy CNN from nothing, and look inside it. "
        "Without a command, the window opens.",
        epilog="MNIST_GUI_DATA names a folder with the four MNIST files, plain or .gz.",
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    parser.set_defaults(run=_window)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")

    train = commands.add_parser("train", help="train a network from nothing", description="Train from nothing.")
    train.add_argument("--recipe", type=_recipe, default="default", help="default or notebook (the published run)")
    train.add_argument("--architecture", type=_architecture, default="notebook", metavar="NAME")
    _add_data(train)
    train.add_argument("--epochs", type=_whole(1), metavar="N")
    train.add_argument("--batch-size", type=_whole(1), metavar="N")
    train.add_argument("--learning-rate", type=_positive, metavar="X")
    train.add_argument("--seed", type=_whole(0, 2**32 - 1), metavar="N")
    train.add_argument("--output", type=Path, metavar="FILE", help="where to save the model (.safetensors)")
    train.set_defaults(run=_train)

    evaluate = commands.add_parser("evaluate", help="evaluate a model on test images")
    evaluate.add_argument("model", type=Path, metavar="MODEL")
    _add_data(evaluate)
    evaluate.set_defaults(run=_evaluate)

    predict = commands.add_parser("predict", help="read the digit in each picture")
    predict.add_argument("images", type=Path, nargs="+", metavar="IMAGE", help="any picture of one digit")
    predict.add_argument("--model", type=Path, metavar="MODEL", help="by default the one that ships")
    predict.add_argument("--json", action="store_true", help="print a JSON list with all probabilities")
    predict.set_defaults(run=_predict)
    return parser


def _add_data(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--data",
        default="mnist",
        metavar="mnist|drawn|FOLDER",
        help="MNIST (downloaded at need), digits drawn by rule, or a folder with four files like MNIST's",
    )


def _whole(least: int, most: int | None = None) -> Callable[[str], int]:
    def whole_number(text: str) -> int:
        value = int(text)
        if value < least or (most is not None and value > most):
            raise argparse.ArgumentTypeError(f"{value} is not {least} or more" + (f", up to {most}" if most else ""))
        return value

    return whole_number


def _positive(text: str) -> float:
    value = float(text)
    if not (math.isfinite(value) and value > 0):
        raise argparse.ArgumentTypeError(f"{text} is not a number above 0")
    return value


def _recipe(name: str) -> Recipe:
    from mnist_gui.training import RECIPES

    if name not in RECIPES:
        raise argparse.ArgumentTypeError(f"{name!r} is none of {', '.join(RECIPES)}")
    return RECIPES[name]


def _architecture(name: str) -> str:
    from mnist_gui.nn.architectures import ARCHITECTURES

    if name not in ARCHITECTURES:
        raise argparse.ArgumentTypeError(f"{name!r} is none of {', '.join(ARCHITECTURES)}")
    return name


def _window(_: argparse.Namespace) -> int:
    from mnist_gui.gui.app import run

    return run()


def _load_data(source: str) -> Dataset:
    """Load a data set, with a bar on standard error if it has to be downloaded."""
    from mnist_gui import data

    bar: Any = None

    def progress(done: int, total: int) -> None:
        nonlocal bar
        if bar is None:
            from tqdm import tqdm

            bar = tqdm(total=total, unit="B", unit_scale=True, desc="MNIST", disable=None)
        bar.update(done - bar.n)

    try:
        return data.load(source, progress=progress)
    finally:
        if bar is not None:
            bar.close()


def _train(options: argparse.Namespace) -> int:
    from mnist_gui import model_file
    from mnist_gui.nn import architectures
    from mnist_gui.training import train

    given = {
        "epochs": options.epochs,
        "batch_size": options.batch_size,
        "learning_rate": options.learning_rate,
        "seed": options.seed,
    }
    recipe: Recipe = replace(options.recipe, **{name: value for name, value in given.items() if value is not None})
    if options.output:
        _check_output(options.output)
    data = _load_data(options.data)
    network = architectures.build(options.architecture, recipe.dtype)

    from tqdm import tqdm

    epochs: tuple[Epoch, ...] = ()
    step, steps_per_epoch, interrupted = 0, 1, False
    with tqdm(unit="step", disable=None, leave=False, dynamic_ncols=True) as bar:
        try:
            for progress in train(network, data, recipe):
                if progress is None:
                    continue
                bar.total = progress.steps
                bar.update(progress.step - bar.n)
                step, steps_per_epoch = progress.step, progress.steps_per_epoch
                for number, epoch in enumerate(progress.epochs[len(epochs) :], start=len(epochs) + 1):
                    with tqdm.external_write_mode(file=sys.stderr):
                        print(_epoch_line(recipe, number, epoch), flush=True)
                epochs = progress.epochs
        except KeyboardInterrupt:
            interrupted = True
    if interrupted:
        print(f"Stopped after {step / steps_per_epoch:.1f} of {recipe.epochs} epochs.", file=sys.stderr)
    else:
        print(f"\nTest Results:\n{_test_line(network, data, recipe)}")
    if options.output:
        last = epochs[-1] if epochs and not interrupted else None
        record = model_file.ModelRecord(
            architecture=options.architecture,
            recipe=recipe,
            data=data.name,
            epochs=step / steps_per_epoch,
            test_loss=last.test_loss if last else None,
            test_accuracy=last.test_accuracy if last else None,
        )
        model_file.save(options.output, network, record)
        print(f"Saved {options.output}", file=sys.stderr)
    return 0


def _check_output(path: Path) -> None:
    """Refuse before training what would fail after it."""
    if path.is_dir():
        raise UserError(f"--output {path} is a folder: give the name of a file.")
    if not os.access(path.parent, os.W_OK):
        raise UserError(f"--output {path} can't be written: there is no folder {path.parent} that allows it.")


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

    result = evaluate(network, data.test_images, data.test_labels)
    loss = printed_test_loss(result.losses, recipe.batch_size) if recipe.as_notebook else result.loss
    return f"Loss: {loss:.4f}, Accuracy: {result.accuracy:.2%}"


def _evaluate(options: argparse.Namespace) -> int:
    from threadpoolctl import threadpool_limits

    from mnist_gui import model_file

    network, record = model_file.load(options.model)
    data = _load_data(options.data)
    with threadpool_limits(1, user_api="blas"):
        print(_test_line(network, data, record.recipe))
    return 0


def _predict(options: argparse.Namespace) -> int:
    from mnist_gui import assets, ink, model_file

    network, _ = model_file.load(options.model or assets.SHIPPED_MODEL)
    answers: list[dict[str, Any]] = []
    for path in options.images:
        image = ink.from_picture(ink.open_picture(path))
        answer: dict[str, Any] = {"file": str(path), "digit": None, "confidence": None, "probabilities": None}
        if image is not None:
            probabilities = network.probabilities(image[None])[0].astype(float)
            answer["digit"] = int(probabilities.argmax())
            answer["confidence"] = float(probabilities.max())
            answer["probabilities"] = probabilities.tolist()
        answers.append(answer)
    if options.json:
        print(json.dumps(answers, indent=2))
        return 0
    for answer in answers:
        read = "no digit" if answer["digit"] is None else f"{answer['digit']} ({answer['confidence']:.1%})"
        print(f"{answer['file']}: {read}")
    return 0
