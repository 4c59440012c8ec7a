"""Describe the machine and the libraries that the numbers come from."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from threadpoolctl import threadpool_info


def describe() -> list[tuple[str, str]]:
    return [
        ("processor", f"{_processor()}, {os.cpu_count()} cores"),
        ("system", platform.platform(terse=True)),
        ("Python", platform.python_version()),
        ("NumPy", f"{version('numpy')}, {_blas()}"),
        *((name, _version(package)) for name, package in [("PyTorch", "torch"), ("JAX", "jax")]),
    ]


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass  # not Linux
    return platform.processor() or platform.machine()


def _blas() -> str:
    return ", ".join(
        f"{pool['internal_api']} {pool['version']} ({pool['architecture']}, {pool['num_threads']} thread)"
        for pool in threadpool_info()
        if pool["user_api"] == "blas" and "numpy" in pool["filepath"]
    )


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"
