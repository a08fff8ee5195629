"""How did the run go, on one page? A single HTML file: no script, no external asset, nothing to install."""

from pathlib import Path
from typing import Any

from liquid import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from infra.local.report.model import DemoResult
from infra.local.report.view import page


def write_report(result: DemoResult, path: Path) -> Path:
    """Writes the page to ``path``, making its folder; answers the path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(render_report(result), encoding="utf-8")
    return path


def render_report(result: DemoResult) -> str:
    """The page as HTML. Everything that came from events or templates is escaped; e-mails stand in sandboxed frames."""
    pages = Path(__file__).parent / "pages"
    environment = Environment(
        loader=PackageLoader("infra.local.report", package_path="pages"), autoescape=True, undefined=StrictUndefined
    )
    data: dict[str, Any] = page(result)
    # Our own file, and a style element is no place for escapes.
    style = Markup((pages / "report.css").read_text(encoding="utf-8"))  # noqa: S704
    return environment.get_template("report.html").render(style=style, **data)
