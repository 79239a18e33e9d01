#!/usr/bin/env python3
"""Writes an OCI image layout, for one or more processors, as one archive. No container engine is needed.

    image.py --version V --commit C --output FILE FOLDER...

Each folder is named after its processor (amd64, arm64) and holds `longshore`, `LICENSE` and `THIRD-PARTY-NOTICES.txt`.
The image is the one that the Dockerfile makes: the binary, the certificates of public authorities, the licences.
Times are those of SOURCE_DATE_EPOCH, so the same files give the same digests.
"""

import argparse
import datetime
import gzip
import hashlib
import io
import json
import os
import pathlib
import tarfile

EPOCH = int(os.environ["SOURCE_DATE_EPOCH"])
CREATED = datetime.datetime.fromtimestamp(EPOCH, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
CERTIFICATES = [
    "/etc/ssl/certs/ca-certificates.crt",  # Debian, Alpine
    "/etc/pki/tls/certs/ca-bundle.crt",  # Fedora
]
# As in the Dockerfile; tests/it/release.rs compares them.
USER = "65532:65532"
PORT = "10259/tcp"
ENTRYPOINT = ["/usr/bin/longshore"]
COMMAND = ["run"]
DESCRIPTION = "A Kubernetes scheduler that decides as kube-scheduler does and can say why"


def certificates():
    for path in CERTIFICATES:
        if os.path.exists(path):
            return pathlib.Path(path)
    raise SystemExit("error: no certificates of public authorities here; install the package ca-certificates")


class Archive:
    """A tar file whose bytes depend on the contents alone."""

    def __init__(self, stream):
        self.tar = tarfile.open(fileobj=stream, mode="w", format=tarfile.USTAR_FORMAT)
        self.folders = set()

    def add(self, name, data, mode=0o644):
        parents = [str(p) for p in reversed(pathlib.PurePosixPath(name).parents) if str(p) != "."]
        for folder in parents:
            if folder not in self.folders:
                self.folders.add(folder)
                self._put(folder, tarfile.DIRTYPE, 0o755, b"")
        self._put(name, tarfile.REGTYPE, mode, data)

    def _put(self, name, kind, mode, data):
        entry = tarfile.TarInfo(name)
        entry.type, entry.mode, entry.mtime, entry.size = kind, mode, EPOCH, len(data)
        self.tar.addfile(entry, io.BytesIO(data))

    def close(self):
        self.tar.close()


class Layout:
    """The blobs of an image by digest."""

    def __init__(self):
        self.blobs = {}

    def add(self, data, media_type, **more):
        digest = "sha256:" + hashlib.sha256(data).hexdigest()
        self.blobs[digest] = data
        return {"mediaType": media_type, "digest": digest, "size": len(data), **more}

    def add_json(self, value, media_type, **more):
        return self.add(json.dumps(value, sort_keys=True).encode(), media_type, **more)

    def write(self, path, index):
        with open(path, "wb") as stream:
            archive = Archive(stream)
            archive.add("oci-layout", b'{"imageLayoutVersion":"1.0.0"}')
            archive.add("index.json", json.dumps(index, sort_keys=True).encode())
            for digest, data in sorted(self.blobs.items()):
                archive.add("blobs/" + digest.replace(":", "/"), data)
            archive.close()


def layer(folder):
    stream = io.BytesIO()
    archive = Archive(stream)
    archive.add("etc/ssl/certs/ca-certificates.crt", certificates().read_bytes())
    for name in ["LICENSE", "THIRD-PARTY-NOTICES.txt"]:
        archive.add("licenses/" + name, (folder / name).read_bytes())
    archive.add("usr/bin/longshore", (folder / "longshore").read_bytes(), 0o755)
    archive.close()
    return stream.getvalue()


def image(layout, folder, labels):
    raw = layer(folder)
    config = {
        "created": CREATED,
        "architecture": folder.name,
        "os": "linux",
        "config": {
            "User": USER,
            "ExposedPorts": {PORT: {}},
            "Entrypoint": ENTRYPOINT,
            "Cmd": COMMAND,
            "Labels": labels,
        },
        "rootfs": {"type": "layers", "diff_ids": ["sha256:" + hashlib.sha256(raw).hexdigest()]},
        "history": [{"created": CREATED, "created_by": "release/image.py"}],
    }
    manifest = {
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": layout.add_json(config, "application/vnd.oci.image.config.v1+json"),
        "layers": [layout.add(gzip.compress(raw, 9, mtime=0), "application/vnd.oci.image.layer.v1.tar+gzip")],
        "annotations": labels,
    }
    platform = {"architecture": folder.name, "os": "linux"}
    return layout.add_json(manifest, manifest["mediaType"], platform=platform)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--version", required=True)
    parser.add_argument("--commit", required=True)
    parser.add_argument("--output", required=True)
    parser.add_argument("folders", nargs="+", type=pathlib.Path)
    args = parser.parse_args()

    prefix = "org.opencontainers.image."
    labels = {
        prefix + "title": "longshore",
        prefix + "description": DESCRIPTION,
        prefix + "licenses": "Apache-2.0",
        prefix + "version": args.version,
        prefix + "revision": args.commit,
    }
    layout = Layout()
    media_type = "application/vnd.oci.image.index.v1+json"
    images = {
        "schemaVersion": 2,
        "mediaType": media_type,
        "manifests": [image(layout, folder, labels) for folder in args.folders],
    }
    name = {"org.opencontainers.image.ref.name": args.version}
    entry = layout.add_json(images, media_type, annotations=name)
    layout.write(args.output, {"schemaVersion": 2, "mediaType": media_type, "manifests": [entry]})


if __name__ == "__main__":
    main()
