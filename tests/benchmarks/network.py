"""The network alone: training steps, evaluation, one drawing, each beside others' way to do it."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from mnist_gui.data.dataset import Dataset
from mnist_gui.nn import architectures
from mnist_gui.nn.layers import Dropout
from mnist_gui.nn.losses import softmax
from mnist_gui.nn.optimizers import SGD
from mnist_gui.training import RECIPES, train

from . import contenders, loops
from .contenders import Batch, Contender, Ours, UnavailableError, check_alike
from .report import Comparison
from .timing import Timings, take_turns

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mnist_gui.nn.network import Network

BATCH_SIZES, FILTERS = [1, 8, 32, 128, 512], [2, 4, 8, 16]
EVALUATION_BATCHES = [50, 100, 250, 500, 1000, 2500, 10_000]
STEP = "training step, batch 32"


def _torch_forms(start: Network, batch: Batch) -> dict[str, Contender]:
    from .in_torch import FORMS, Torch

    return {f"PyTorch eager, {form}": Torch(start, batch, form=form) for form in FORMS}


def _compiled_torch(start: Network, batch: Batch) -> dict[str, Contender]:
    from .in_torch import Torch

    made = Torch(start, batch, compiled=True)
    try:
        made.step()
    except Exception as error:  # it needs a compiler, and fails in many ways without one
        raise UnavailableError(f"torch.compile does not work here: {type(error).__name__}") from error
    return {"torch.compile": Torch(start, batch, compiled=True)}


def _jax_forms(start: Network, batch: Batch) -> dict[str, Contender]:
    from .in_jax import FORMS, Jax

    return {name: Jax(start, batch, convolution=form) for name, form in FORMS.items()}


def _plain_c(start: Network, batch: Batch) -> dict[str, Contender]:
    from .in_c import PlainC

    return {"plain C": PlainC(start, batch)}


def step(rounds: int, skipped: Callable[[UnavailableError], None]) -> tuple[Timings, list[Comparison]]:
    """Time a training step of the default recipe's optimiser beside everybody else's."""
    start, batch = contenders.network(), Batch.random(32)
    names: dict[str, list[str]] = {}
    all_of_them: dict[str, Contender] = {"mnist_gui": Ours(start, batch)}
    for family in (_torch_forms, _compiled_torch, _jax_forms, _plain_c):
        try:
            made = family(start, batch)
        except UnavailableError as error:
            skipped(error)
        else:
            names[family.__name__] = list(made)
            all_of_them |= made
    check_alike(start, all_of_them)
    timings = take_turns({name: contender.step for name, contender in all_of_them.items()}, rounds)
    limits = {"_torch_forms": 0.16, "_compiled_torch": None, "_jax_forms": 0.34, "_plain_c": 1.12}
    return timings, [
        Comparison.of(timings, STEP, timings.fastest(names[family]), limit)
        for family, limit in limits.items()
        if family in names
    ]


def larger(rounds: int) -> list[Comparison]:
    """Time training steps of the larger architectures beside PyTorch's fastest form.

    Both are compared without dropout first, as they draw other masks, and then timed with it.
    """
    from .in_torch import FORMS, Torch

    rows = []
    for name, limit in [("wide", 0.21), ("deep", 0.4)]:
        start, batch = architectures.build(name), Batch.random(32)
        start.initialize(np.random.default_rng(0))
        rate = next((layer.rate for layer in start.layers if isinstance(layer, Dropout)), 0.0)
        tried = {f"PyTorch eager, {form}": Torch(start, batch, form=form) for form in FORMS}
        best = take_turns({form: contender.step for form, contender in tried.items()}, 3).fastest(list(tried))
        ours, theirs = Ours(start, batch), Torch(start, batch, form=best.rpartition(" ")[2])
        check_alike(start, {"mnist_gui": ours, best: theirs})
        for contender in (ours, theirs):
            contender.drop_out(rate)
        timings = take_turns({"mnist_gui": ours.step, best: theirs.step}, rounds)
        rows.append(Comparison.of(timings, f"training step of {name}, batch 32", best, limit))
    return rows


def notebook_step(rounds: int) -> list[Comparison]:
    """Time a step of the notebook's run beside loops like its own."""
    start, batch = contenders.network(dtype=np.float64), Batch.random(32)
    ours, theirs = Ours(start, batch, momentum=0, rate=loops.RATE), loops.Loops(start, batch)
    check_alike(start, {"mnist_gui": ours, "the notebook's loops": theirs}, tolerance=1e-10)
    timings = take_turns({"mnist_gui": ours.step, "the notebook's loops": theirs.step}, rounds)
    return [Comparison.of(timings, "the notebook's step, float64", "the notebook's loops", 1 / 700)]


def epoch(rounds: int) -> list[Comparison]:
    """Time an epoch through `train` after the first, with all that it does between the steps, beside the bare steps.

    The images of the bare steps lie in order beforehand, as the numbers that the network takes; `train` shuffles bytes
    and makes such numbers of them. The test at the end of the epoch is left out of both.
    """
    rng = np.random.default_rng(0)
    images, labels = rng.integers(0, 256, (60_000, 28, 28), np.uint8), rng.integers(0, 10, 60_000).astype(np.uint8)
    dataset = Dataset("made up", images, labels, images[:1], labels[:1])
    recipe = replace(RECIPES["default"], epochs=rounds + 10, learning_rate=0.01)  # some are for warming up
    in_order = (images[:, None] / np.float32(255)).astype(np.float32)
    bare, whole = contenders.network(), contenders.network()
    optimizer = SGD(bare.parameters, momentum=recipe.momentum, nesterov=True)

    def bare_steps() -> None:
        for start in range(0, len(images), recipe.batch_size):
            part = slice(start, start + recipe.batch_size)
            bare.backpropagate(in_order[part], labels[part])
            optimizer.step(bare.gradients, 0.01)

    running, finished = train(whole, dataset, recipe), 0

    def through_train() -> None:
        nonlocal finished
        for progress in running:
            if progress and len(progress.epochs) > finished:
                finished += 1
                return

    through_train()
    timings = take_turns({"mnist_gui": through_train, "its bare steps": bare_steps}, rounds, turn=0)
    return [Comparison.of(timings, "an epoch through train(), after the first", "its bare steps", 1.15)]


def evaluation(rounds: int) -> list[Comparison]:
    """Time the classification of 10,000 images beside PyTorch at its best batch size."""
    from .in_torch import Model, torch

    network = contenders.network()
    images = Batch.random(10_000).images
    model, tensor = Model(network), torch.from_numpy(images)

    def theirs(batch_size: int) -> Callable[[], torch.Tensor]:
        def classify() -> torch.Tensor:
            with torch.inference_mode():
                return torch.cat([torch.softmax(model(part), 1) for part in tensor.split(batch_size)])

        return classify

    np.testing.assert_allclose(network.probabilities(images), theirs(1000)().numpy(), atol=1e-5)
    tried = {f"PyTorch eager, batches of {n}": theirs(n) for n in EVALUATION_BATCHES}
    best = take_turns(tried, 3, turn=0).fastest(list(tried))
    timings = take_turns({"mnist_gui": lambda: network.probabilities(images), best: tried[best]}, rounds)
    return [Comparison.of(timings, "evaluating 10,000 images", best, 0.3)]


def drawing(rounds: int) -> list[Comparison]:
    """Time one drawing, from its pixels to the probabilities and to what every layer makes of it."""
    from .in_torch import Model, torch

    network = contenders.network()
    model, image = Model(network), Batch.random(1).images[0, 0]

    def ours() -> list[np.ndarray]:
        maps = network.activations(image[None])
        return [*maps, softmax(maps[-1])]

    def eager() -> list[torch.Tensor]:
        return model.maps(torch.from_numpy(image)[None, None])

    def inferring() -> list[torch.Tensor]:
        with torch.inference_mode():
            return eager()

    conv, sigmoid, pooled, _, logits, probabilities = ours()
    for got, want in zip([conv, sigmoid, pooled, logits, probabilities], inferring(), strict=True):
        np.testing.assert_allclose(got, want.numpy(), atol=1e-5)
    others = {"PyTorch eager": eager, "PyTorch eager, inference mode": inferring}
    timings = take_turns({"mnist_gui": ours, **others}, rounds)
    limits = [0.9, None]
    return [
        Comparison.of(timings, "one drawing, all maps", other, limit)
        for other, limit in zip(others, limits, strict=True)
    ]


def sizes(rounds: int) -> Iterator[tuple[int, int, Timings]]:
    """Time training steps of other batch sizes and numbers of filters beside PyTorch's fastest form."""
    from .in_torch import FORMS, Torch

    for filters, n in product(FILTERS, BATCH_SIZES):
        start, batch = contenders.network(filters), Batch.random(n)
        tried = {form: Torch(start, batch, form=form).step for form in FORMS}
        best = take_turns(tried, 3).fastest(FORMS)
        ours, theirs = Ours(start, batch), Torch(start, batch, form=best)
        check_alike(start, {"mnist_gui": ours, "PyTorch": theirs})
        yield filters, n, take_turns({"mnist_gui": ours.step, "PyTorch": theirs.step}, rounds)
