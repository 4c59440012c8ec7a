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


def names_imported_by(path: Path) -> set[str]:
    """The modules of ours that a file imports, for types alone and within functions included."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def test_no_two_files_import_each_other_directly_or_in_a_circle() -> None:
    files = {".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts): path for path in PACKAGE.rglob("*.py")}
    # A package's face stands on its modules; a module that imports a sibling does not thereby import the face.
    faces = {name.removesuffix(".__init__"): name for name in files if name.endswith(".__init__")}
    arrows: dict[str, set[str]] = {}
    for name, path in files.items():
        imported = names_imported_by(path)
        named = {faces.get(other, other) for other in imported}
        inner = {face for face in named & set(faces.values()) if any(i.startswith(f"{face[:-9]}.") for i in imported)}
        arrows[name] = ((named - inner) & files.keys()) - {name}

    def reached_from(start: str) -> set[str]:
        seen: set[str] = set()
        ahead = [*arrows[start]]
        while ahead:
            here = ahead.pop()
            if here not in seen:
                seen.add(here)
                ahead += arrows[here]
        return seen

    assert len(files) > 60
    assert sum(map(len, arrows.values())) > 150
    assert [name for name in files if name in reached_from(name)] == []


def test_the_public_face_is_lazy_and_complete() -> None:
    assert "numpy" not in imported_with("mnist_gui")
    for name in mnist_gui.__all__:
        assert getattr(mnist_gui, name).__doc__
        assert name in dir(mnist_gui)
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        mnist_gui.nonsense  # noqa: B018
