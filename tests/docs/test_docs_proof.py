"""The page on proofs: its recipe with OpenSSL alone says of a checkpoint what this program says."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from pages import ROOT, blocks

from aupkeep.record.checkpoint import origin, sign, write
from aupkeep.record.signing import make_pair, read_private
from aupkeep.record.tree import EMPTY, add


@pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl here")
@pytest.mark.parametrize("seed", [b"k", b"+"])
def test_the_recipe_without_aupkeep(tmp_path: Path, seed: bytes) -> None:
    page = ROOT / "docs" / "how-to" / "prove-the-record.md"
    (recipe,) = [block.text for block in blocks(page) if "openssl" in block.text]
    pair = make_pair(origin("jas mo"), seed * 32)
    body = write("jas mo", add(EMPTY, [b"entry"]), head="ab" * 32, at=0)
    text = sign(body, read_private(pair.private, name=origin("jas mo")))
    (tmp_path / "key.pub").write_text(pair.public + "\n")
    codes = []
    for given in (text, text.replace("\n1\n", "\n2\n")):
        (tmp_path / "checkpoint.txt").write_text(given)
        done = subprocess.run(
            ["sh", "-c", recipe], cwd=tmp_path, capture_output=True, timeout=60, check=False
        )
        codes.append(done.returncode)
    assert codes == [0, 1]
