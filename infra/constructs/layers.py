"""What do all functions of a stack share? The locked packages, and the files of authors for those that read them."""

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from aws_cdk import AssetHashType, BundlingOptions, DockerImage, ILocalBundling
from aws_cdk.aws_lambda import Architecture, Code, LayerVersion, Runtime
from constructs import Construct
from jsii import implements

from infra.bundling import LAYER_LOCK, build_layer, layer_hash
from infra.publication import published

RUNTIME = Runtime.PYTHON_3_13
ARCHITECTURE = Architecture.ARM_64
PUBLICATION_PATH = "/opt/publication.json"
TRACKING_PLAN_PATH = "/opt/tracking_plan.json"


def packages_layer(scope: Construct) -> LayerVersion:
    """The layer of third-party packages; made once per stack, since a layer shared between stacks cannot change."""

    def layer() -> LayerVersion:
        return LayerVersion(
            scope,
            "Packages",
            description="Third-party packages, as locked in requirements/layer.lock",
            # Installed only when the CDK command line really bundles: synthesis alone stays offline.
            code=Code.from_asset(
                str(LAYER_LOCK.parent),
                asset_hash=layer_hash(),
                asset_hash_type=AssetHashType.CUSTOM,
                bundling=BundlingOptions(image=DockerImage.from_registry("never-used"), local=_InstallPackages()),
            ),
            compatible_runtimes=[RUNTIME],
            compatible_architectures=[ARCHITECTURE],
        )

    return _once(scope, "Packages", layer)


def publication_layer(scope: Construct) -> LayerVersion:
    """The layer that holds ``publication.json`` alone, so that a changed journey is a changed file and no new code."""
    return _file_layer(
        scope, "Publication", PUBLICATION_PATH, published().text, "The checked journeys, templates and policy"
    )


def tracking_plan_layer(scope: Construct) -> LayerVersion:
    """The layer that holds ``tracking_plan.json`` alone: the doors need nothing else the authors wrote."""
    return _file_layer(scope, "TrackingPlan", TRACKING_PLAN_PATH, published().plan, "The checked tracking plan")


def _file_layer(scope: Construct, name: str, path: str, text: str, description: str) -> LayerVersion:
    def layer() -> LayerVersion:
        with TemporaryDirectory() as folder:
            Path(folder, Path(path).name).write_text(text, encoding="utf-8")
            return LayerVersion(
                scope,
                name,
                description=description,
                code=Code.from_asset(folder),
                compatible_runtimes=[RUNTIME],
                compatible_architectures=[ARCHITECTURE],
            )

    return _once(scope, name, layer)


@implements(ILocalBundling)
class _InstallPackages:
    """Makes the layer on this machine, without Docker."""

    def try_bundle(self, output_dir: str, *options: Any, **named: Any) -> bool:
        """Answers True: there is no other way. jsii passes the options by position, its types say by name."""
        build_layer(Path(output_dir))
        return True


def _once(scope: Construct, name: str, make: Callable[[], LayerVersion]) -> LayerVersion:
    made = scope.node.try_find_child(name)
    return made if isinstance(made, LayerVersion) else make()
