"""The floors of the house: who may import whom."""

from __future__ import annotations

import ast
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import mnist_gui

PACKAGE = Path(mnist_gui.__file__).parent
MODULES = sorted(
    module.name
    for module in pkgutil.walk_packages([str(PACKAGE)], "mnist_gui.")
    if not module.name.startswith(("mnist_gui.gui", "mnist_gui.__main__"))
)


def imported_with(*modules: str) -> set[str]:
    """What a fresh interpreter has imported after these: our modules, and the packages of others."""
    program = f"import {', '.join(modules)}, sys; print(*sys.modules)"
    output = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    return {name if name.startswith("mnist_gui") else name.partition(".")[0] for name in output.split()}


def test_nothing_outside_the_window_imports_qt() -> None:
    assert {"mnist_gui.cli", "mnist_gui.training", "mnist_gui.nn.layers", "mnist_gui.data.drawn"} < set(MODULES)
    imported = imported_with(*MODULES)
    assert imported.issuperset(MODULES)
    assert not {"PySide6", "shiboken6", "pyqtgraph", "mnist_gui.gui"} & imported


def test_no_function_outside_the_window_imports_qt_later() -> None:
    for path in PACKAGE.rglob("*.py"):
        if path.is_relative_to(PACKAGE / "gui"):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not any(name.partition(".")[0] in ("PySide6", "pyqtgraph") for name in names), path
            if path.name != "cli.py":  # which opens the window
                assert not any(name.startswith("mnist_gui.gui") for name in names), path


def test_the_network_stands_on_numpy_alone() -> None:
    ours = [name for name in MODULES if name.startswith("mnist_gui.nn.")]
    imported = imported_with(*ours)
    assert {name for name in imported if name.startswith("mnist_gui")} == {"mnist_gui", "mnist_gui.nn", *ours}
    third_party = imported - imported_with("numpy.lib.stride_tricks") - set(sys.stdlib_module_names)
    assert {name for name in third_party if not name.startswith("mnist_gui")} == set()


@pytest.mark.parametrize("floor", ["data", "ink", "training", "model_file"])
def test_the_middle_floors_know_nothing_of_the_command_line(floor: str) -> None:
    assert "mnist_gui.cli" not in imported_with(f"mnist_gui.{floor}")


def test_the_command_line_alone_imports_nothing_heavy() -> None:
    imported = imported_with("mnist_gui.cli")
    assert not {"numpy", "PIL", "pooch", "requests", "safetensors", "tqdm", "threadpoolctl"} & imported
    assert {name for name in imported if name.startswith("mnist_gui")} == {
        "mnist_gui",
        "mnist_gui.cli",
        "mnist_gui.errors",
    }


def imports_of(path: Path) -> set[str]:
    """Which of our modules a file imports, anywhere in it: also in a function, or for types alone."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.update((node.module, *(f"{node.module}.{alias.name}" for alias in node.names)))
    return names


def test_no_two_files_of_the_data_import_each_other() -> None:
    folder = PACKAGE / "data"
    files = {f"mnist_gui.data.{path.stem}": path for path in folder.glob("*.py") if path.stem != "__init__"}
    graph = {name: imports_of(path) & set(files) for name, path in files.items()}
    while leaves := {name for name, imported in graph.items() if not imported & set(graph)}:
        graph = {name: imported for name, imported in graph.items() if name not in leaves}
    assert not graph, "these import each other in a circle"
