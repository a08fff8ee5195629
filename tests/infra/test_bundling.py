"""A function's bundle is what its handler imports, and the layer is what all of them import."""

import json
import sys
from pathlib import Path

import pytest

from infra.bundling import (
    IN_THE_RUNTIME,
    LAYER_LOCK,
    LAYER_NAMES,
    ROOT,
    closure_of,
    layer_hash,
    layer_names,
    strip_layer,
    write_bundle,
)

HANDLERS = sorted(
    ".".join(path.relative_to(ROOT).with_suffix("").parts)
    for path in ROOT.glob("functions/*/handlers/*.py")
    if path.name != "__init__.py"
)
# Each costs hundreds of milliseconds of a cold start, or has no business outside the author's machine.
FORBIDDEN = {"aws_cdk", "css_inline", "greenlet", "infra", "moto", "mrml", "pydantic", "rich", "ruamel", "typer"}


@pytest.fixture
def project(tmp_path):
    """Writes modules of a small project: ``project({"functions/a.py": "import json"})`` answers its root."""

    def write(files):
        for name, text in {"functions/__init__.py": "", **files}.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return tmp_path

    return write


def names(closure, root):
    return {str(path.relative_to(root)) for path in closure.files}


def test_follows_imports_of_imports_and_takes_their_packages_along(project):
    root = project(
        {
            "functions/a/__init__.py": "",
            "functions/a/one.py": "from functions.b.two import x\nimport json",
            "functions/a/unused.py": "",
            "functions/b/__init__.py": "import liquid",
            "functions/b/two.py": "import boto3.session",
        }
    )
    closure = closure_of("functions.a.one", root)
    assert names(closure, root) == {
        "functions/__init__.py",
        "functions/a/__init__.py",
        "functions/a/one.py",
        "functions/b/__init__.py",
        "functions/b/two.py",
    }
    assert closure.packages == {"json", "boto3", "liquid"}


def test_takes_a_module_that_is_imported_by_name_from_its_package(project):
    root = project({"functions/a/one.py": "from functions.a import two", "functions/a/two.py": ""})
    assert "functions/a/two.py" in names(closure_of("functions.a.one", root), root)


def test_takes_imports_made_inside_functions(project):
    root = project({"functions/one.py": "def f():\n    from functions import two", "functions/two.py": ""})
    assert "functions/two.py" in names(closure_of("functions.one", root), root)


def test_leaves_out_what_only_type_checkers_import(project):
    root = project(
        {
            "functions/one.py": "if TYPE_CHECKING:\n    import functions.two\nelse:\n    import functions.three",
            "functions/two.py": "",
            "functions/three.py": "",
        }
    )
    assert names(closure_of("functions.one", root), root) == {
        "functions/__init__.py",
        "functions/one.py",
        "functions/three.py",
    }


def test_ends_when_modules_import_each_other(project):
    root = project({"functions/one.py": "import functions.two", "functions/two.py": "import functions.one"})
    assert len(closure_of("functions.one", root).files) == 3


def test_says_which_import_leads_nowhere(project):
    root = project({"functions/one.py": "import functions.gone"})
    with pytest.raises(FileNotFoundError, match=r"functions\.one imports functions\.gone"):
        closure_of("functions.one", root)


@pytest.mark.parametrize("handler", HANDLERS)
def test_no_function_carries_what_only_authors_need(handler):
    closure = closure_of(handler)
    assert not closure.packages & FORBIDDEN
    authors = Path("functions", "journeys", "language").parts
    assert not [path for path in closure.files if path.parts[-4:-1] == authors], "the language runs when publishing"


@pytest.mark.parametrize("handler", HANDLERS)
def test_a_handler_imports_with_nothing_but_its_bundle_and_installed_packages(handler, tmp_path):
    """In a process of its own, with the bundle in place of the project."""
    import subprocess

    write_bundle(handler, tmp_path)
    code = f"import {handler} as h; import functions; print(functions.__file__, callable(h.handler))"
    site = [path for path in sys.path if path.endswith("site-packages")]
    ran = subprocess.run(
        [sys.executable, "-S", "-c", f"import sys; sys.path[:0] = {[str(tmp_path), *site]!r}; {code}"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.split() == [str(tmp_path / "functions" / "__init__.py"), "True"]


def test_the_layer_holds_exactly_what_functions_import():
    wanted = [line for line in LAYER_NAMES.read_text().splitlines() if line and not line.startswith("#")]
    assert wanted == layer_names(HANDLERS)


def test_the_layer_is_locked_with_hashes_and_leaves_out_what_the_runtime_brings():
    lines = LAYER_LOCK.read_text().splitlines()
    locked = {line.partition("==")[0] for line in lines if "==" in line}
    assert set(layer_names(HANDLERS)) <= locked
    assert not locked & IN_THE_RUNTIME
    assert sum("--hash=sha256:" in line for line in lines) >= len(locked)


def test_the_layer_has_the_versions_that_tests_run_with():
    def versions(lock):
        pinned = (line.split()[0].partition("==") for line in lock.read_text().splitlines() if "==" in line)
        return {name: version for name, _, version in pinned}

    run = versions(ROOT / "requirements" / "run.lock")
    assert versions(LAYER_LOCK).items() <= run.items()


def test_the_layers_hash_needs_no_layer_and_follows_its_lock(monkeypatch, tmp_path):
    before = layer_hash()
    other = tmp_path / "layer.lock"
    other.write_bytes(LAYER_LOCK.read_bytes() + b"# changed\n")
    monkeypatch.setattr("infra.bundling.LAYER_LOCK", other)
    assert layer_hash() != before


def test_strips_install_records_commands_caches_and_locales(tmp_path):
    kept = ["liquid/__init__.py", "liquid-2.dist-info/METADATA", "babel/locale-data/en.dat", "babel/global.dat"]
    gone = ["liquid-2.dist-info/RECORD", "bin/pybabel", "liquid/__pycache__/x.pyc", "babel/locale-data/fi.dat"]
    for name in kept + gone:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    strip_layer(tmp_path)
    assert sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()) == sorted(kept)


def test_deploying_builds_the_layer_on_this_machine_and_once_for_all_stacks(monkeypatch, tmp_path):
    """As the CDK command line does it, but for the installing itself, which needs the package index."""
    from aws_cdk import Stack

    from infra.application import Application
    from infra.constructs.layers import packages_layer

    built = []

    def build(folder):
        built.append(folder)
        (folder / "python").mkdir()
        (folder / "python" / "six.py").touch()

    monkeypatch.setattr("infra.constructs.layers.build_layer", build)
    app = Application(outdir=tmp_path, context={"stage": "dev"})
    for name in ("One", "Two"):
        packages_layer(Stack(app, name))
    app.synth()
    assert len(built) == 1
    assert len(list(tmp_path.glob("asset.*/python/six.py"))) == 1


def test_what_is_uploaded_for_a_function_is_its_closure(assemblies, resources):
    for capability, _, function in resources("AWS::Lambda::Function"):
        module = function["Properties"]["Handler"].removesuffix(".handler")
        assert module.startswith(f"functions.{capability}.handlers.")
        asset = assemblies["dev"] / f"asset.{function['Properties']['Code']['S3Key'].removesuffix('.zip')}"
        uploaded = {str(path.relative_to(asset)) for path in asset.rglob("*") if path.is_file()}
        assert uploaded == names(closure_of(module), ROOT)


@pytest.mark.parametrize(
    ("name", "file", "holds"),
    [
        ("Publication", "publication.json", {"policy", "journeys", "interest"}),
        ("TrackingPlan", "tracking_plan.json", {"unplanned", "events", "keep_ip"}),
    ],
)
def test_a_layer_of_authors_holds_one_file(assemblies, resources, name, file, holds):
    layers = [one for _, logical, one in resources("AWS::Lambda::LayerVersion") if logical.startswith(name)]
    assert layers
    for layer in layers:
        asset = assemblies["dev"] / f"asset.{layer['Properties']['Content']['S3Key'].removesuffix('.zip')}"
        assert [path.name for path in asset.rglob("*")] == [file]
        assert set(json.loads((asset / file).read_text())) >= holds
