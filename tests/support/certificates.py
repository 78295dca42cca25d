"""Certificates for servers on loopback."""

from __future__ import annotations

import subprocess
from pathlib import Path


def certificate(folder: Path, name: str) -> Path:
    """Make a certificate for a host; return its PEM file, which has the key, too."""
    file = folder / f"{name}.pem"
    made = subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}", "-keyout", "-", "-out", "-"],
        capture_output=True, check=True, timeout=30,
    )  # fmt: skip
    file.write_bytes(made.stdout)
    return file
