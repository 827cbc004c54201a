"""A rollout does not begin when the image to go back to was cleaned up: with a local registry."""

from __future__ import annotations

import pytest

from functions.rollouts.traffic.check import Checked, Outcome
from functions.rollouts.traffic.follow import Follower
from functions.rollouts.traffic.images import Registry, manifest
from local.cloud_run import registry
from tests.emulator.rollouts.traffic.cloud import NAME, Cloud


def no_token(_seconds: float) -> str:
    raise AssertionError("a token is for Google's registries only")


def checked(cloud: Cloud, images: Registry) -> Checked:
    world = cloud.world
    cloud.follower = Follower(world.store, world.clock, cloud.follower.cloud, images.present)
    cloud.world.started()
    cloud.follow()
    found = cloud.record().checked
    assert found
    return found


@pytest.mark.parametrize("gone", [True, False], ids=["gone", "there"])
def test_the_image_to_go_back_to(cloud: Cloud, gone: bool) -> None:
    server = registry.serve(cloud.services, 0)
    try:
        image = f"127.0.0.1:{server.server_port}/p/r/old@sha256:1"
        cloud.services.rebuild(NAME, cloud.old, image)
        if gone:
            cloud.services.missing_images.add(image)
        found = checked(cloud, Registry(no_token, local=True))
    finally:
        registry.stop(server)
    assert found.outcome is (Outcome.REFUSED if gone else Outcome.VERIFIED)
    assert ("was cleaned up" in found.said) is gone


def test_where_nobody_knows_it_is_taken_to_be_there(cloud: Cloud) -> None:
    cloud.services.rebuild(NAME, cloud.old, "127.0.0.1:1/p/r/old@sha256:1")
    assert checked(cloud, Registry(no_token, local=True)).outcome is Outcome.VERIFIED


def test_no_token_and_no_question_for_foreign_registries() -> None:
    asked = Registry(no_token)
    assert Registry(no_token, local=True).present("eu-docker.pkg.dev/p/r/i:1", 1.0) is None
    for image in (
        "docker.io/library/x:1",
        "evil.pkg.dev.example.com/p/r/i:1",
        "x",
        "127.0.0.1:1/x",
    ):
        assert asked.present(image, 1.0) is None


@pytest.mark.parametrize(
    ("image", "where"),
    [
        ("eu-docker.pkg.dev/p/r/i@sha256:1", ("eu-docker.pkg.dev", "/v2/p/r/i/manifests/sha256:1")),
        (
            "eu-docker.pkg.dev/p/r/i:v1@sha256:1",
            ("eu-docker.pkg.dev", "/v2/p/r/i/manifests/sha256:1"),
        ),
        ("gcr.io/p/i:v1", ("gcr.io", "/v2/p/i/manifests/v1")),
        ("gcr.io/p/i", ("gcr.io", "/v2/p/i/manifests/latest")),
        ("library/i", None),
    ],
)
def test_where_a_manifest_is(image: str, where: tuple[str, str] | None) -> None:
    assert manifest(image) == where
