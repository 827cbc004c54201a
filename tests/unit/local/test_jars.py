from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from local import jars


@pytest.mark.parametrize("length", [0, 1, 70, 71, 72, 73, 142, 143, 144, 400])
def test_headers_are_wrapped_at_72_bytes_and_read_back(length: int) -> None:
    header = "Class-Path: " + "é" * (length // 2) + "x" * (length % 2)
    wrapped = jars.wrap(header)
    lines = wrapped.split(b"\r\n")
    assert lines.pop() == b""
    assert all(len(line) <= 72 for line in lines)
    assert b"".join([lines[0], *(line[1:] for line in lines[1:])]).decode() == header
    assert all(line.startswith(b" ") for line in lines[1:])


def _jar(path: Path, manifest: str | None) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.class", b"")
        if manifest is not None:
            archive.writestr(jars.MANIFEST, manifest)
    return path


def test_a_jar_with_a_main_class_is_used_as_it_is(tmp_path: Path) -> None:
    jar = _jar(tmp_path / "whole.jar", "Main-Class: a\n")
    assert jars.runnable(jar) == jar


@pytest.mark.parametrize("manifest", [None, "Manifest-Version: 1.0\n"])
def test_a_jar_without_one_gets_a_shim_that_names_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, manifest: str | None
) -> None:
    monkeypatch.setattr(jars, "STATE", tmp_path / "state")
    jar = _jar(tmp_path / "bare.jar", manifest)
    shim = jars.runnable(jar)
    with zipfile.ZipFile(shim) as archive:
        text = archive.read(jars.MANIFEST).decode().replace("\r\n ", "")
    assert f"Main-Class: {jars.MAIN_CLASS}\r\n" in text
    assert f"Class-Path: {jar.resolve().as_uri()}\r\n" in text
    assert jars.runnable(jar) == shim


def test_the_variable_wins_and_a_wrong_one_is_said_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    jar = _jar(tmp_path / "mine.jar", "Main-Class: a\n")
    monkeypatch.setenv(jars.FIRESTORE_VARIABLE, str(jar))
    assert jars.firestore_jar() == jar
    monkeypatch.setenv(jars.FIRESTORE_VARIABLE, str(tmp_path / "none.jar"))
    with pytest.raises(jars.MissingEmulatorError, match=r"none\.jar, which is not a file"):
        jars.firestore_jar()


def test_a_machine_without_any_is_told_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(jars.FIRESTORE_VARIABLE, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("FIREBASE_EMULATORS_PATH", str(tmp_path))
    with pytest.raises(jars.MissingEmulatorError, match="gcloud components install"):
        jars.firestore_jar()


def _cloud_cli(root: Path, *components: str) -> Path:
    (root / "bin").mkdir(parents=True)
    gcloud = root / "bin" / "gcloud"
    gcloud.write_text("#!/bin/sh\nexit 1\n")
    gcloud.chmod(0o755)
    for component in components:
        (root / component).parent.mkdir(parents=True)
        _jar(root / component, None)
    return gcloud


def test_the_component_is_found_behind_a_link_without_asking_gcloud(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inside = "platform/cloud-firestore-emulator/cloud-firestore-emulator.jar"
    gcloud = _cloud_cli(tmp_path / "sdk", inside)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "gcloud").symlink_to(gcloud)
    monkeypatch.delenv(jars.FIRESTORE_VARIABLE, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setattr(jars, "STATE", tmp_path / "state")
    assert jars.firestore_jar().name.startswith("firestore-shim-")


def test_a_wrapper_is_asked_where_it_lives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inside = "platform/pubsub-emulator/bin/cloud-pubsub-emulator"
    _cloud_cli(tmp_path / "sdk", inside)
    (tmp_path / "bin").mkdir()
    wrapper = tmp_path / "bin" / "gcloud"
    wrapper.write_text(f"#!/bin/sh\necho {tmp_path}/sdk\n")
    wrapper.chmod(0o755)
    monkeypatch.delenv(jars.PUBSUB_VARIABLE, raising=False)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/bin:/usr/bin")
    assert jars.pubsub_binary() == tmp_path / "sdk" / inside
