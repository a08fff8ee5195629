"""Promises about the shape of the code, each a test that can fail."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FUNCTIONS = ROOT / "functions"
MODULES = sorted(path for path in FUNCTIONS.rglob("*.py") if path.name != "__init__.py")
HANDLERS = sorted(FUNCTIONS.glob("*/handlers/*.py"))
HANDLERS = [path for path in HANDLERS if path.name != "__init__.py"]

# AWS appears only where the file name says so (product rule: a reader finds every request by listing files).
AWS_FILES = {
    "aws",
    "bucket",
    "bus",
    "dynamodb",
    "end_user_messaging",
    "firehose",
    "machines",
    "pinpoint",
    "secrets",
    "ses",
    "sqs",
    "step_functions",
    "store",
}
AWS_PACKAGES = {"boto3", "botocore", "pynamodb"}
EMPTY_NAMES = {"base", "common", "core", "data", "helper", "helpers", "manager", "misc", "tools", "util", "utils"}
HANDLER_LINES = 40


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def imports(tree: ast.AST) -> set[str]:
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return found


def test_the_tree_holds_handlers_to_judge():
    assert len(HANDLERS) >= 10
    assert len(MODULES) > len(HANDLERS)


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_aws_appears_only_where_the_file_name_says_so(path):
    tree = ast.parse(path.read_text())
    packages = {module.partition(".")[0] for module in imports(tree)}
    named = path.stem in AWS_FILES or path.parent.name in AWS_FILES
    assert named or not packages & AWS_PACKAGES


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_no_error_of_the_store_is_asked_for_a_response_it_may_not_have(path):
    """PynamoDB's ``cause_response_code`` and its like fail on a lost connection: ``functions.shared.store.code_of``."""
    asked = {node.attr for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Attribute)}
    assert not asked & {"cause_response_code", "cause_response_message"}


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_module_names_say_what_they_do(path):
    assert path.stem not in EMPTY_NAMES
    assert not path.stem.startswith("process_")


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_every_module_says_what_question_it_answers(path):
    assert ast.get_docstring(ast.parse(path.read_text())), "the module docstring is missing"


@pytest.mark.parametrize("path", HANDLERS, ids=name)
def test_a_handler_fits_on_a_screen(path):
    tree = ast.parse(path.read_text())
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    longest = max(node.end_lineno - node.lineno + 1 for node in functions if node.end_lineno)
    assert longest <= HANDLER_LINES


@pytest.mark.parametrize("path", HANDLERS, ids=name)
def test_a_handler_is_a_factory_and_its_last_line_wires_it(path):
    tree = ast.parse(path.read_text())
    assert any(isinstance(node, ast.FunctionDef) and node.name == "build" for node in tree.body)
    assert ast.unparse(tree.body[-1]).startswith("handler = wire(build, ")


@pytest.mark.parametrize("path", HANDLERS, ids=name)
def test_a_handler_decides_nothing_and_catches_nothing_broad(path):
    text = path.read_text()
    tree = ast.parse(text)
    assert "os.environ" not in text
    broad = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.ExceptHandler) and (node.type is None or ast.unparse(node.type) == "Exception")
    ]
    assert broad == []
    assert [ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.If | ast.IfExp)] == []
