"""Where can an app send to before anything is deployed? To a port of this machine."""

import errno
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from infra.cli.problems import Lacking, Unusable

PORT = 8765
WRITE_KEY = "dev"


def local(
    *,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port on 127.0.0.1; 0 takes any free one.")] = PORT,
    write_key: Annotated[str, typer.Option(metavar="KEY", help="The key SDKs are given.")] = WRITE_KEY,
    journeys: Annotated[Path, typer.Option(help="Folder with policy.yaml and your journeys.")] = Path("journeys"),
    quiet: Annotated[bool, typer.Option("--quiet", help="Write no line per request.")] = False,
) -> None:
    """Open both doors on this machine, for apps and SDKs to send to.

    Everything that deploys runs in this process, in real time; AWS is simulated, and what was sent is gone at the end.
    Prints one line, "ready http://127.0.0.1:8765", when it answers; Ctrl-C ends it. Then, from anywhere:

    \b
    curl -u dev: http://127.0.0.1:8765/v1/track -d '{"userId": "u1", "event": "App Opened"}'
    curl http://127.0.0.1:8765/_local/world.json
    """
    import sys
    from contextlib import redirect_stdout

    from functions.journeys.language.faults import FaultsFound
    from infra.local.quiet import errors_only

    if not write_key or ":" in write_key:
        raise Unusable("--write-key must not be empty or hold a colon", "SDKs send it as the user of basic auth")
    if not journeys.is_dir():
        raise Unusable(f"{journeys} is not a folder", "name the folder that holds policy.yaml and your journeys")
    out = sys.stdout

    def ready(url: str) -> None:
        print(f"ready {url}", file=out, flush=True)

    def log(line: str) -> None:
        if not quiet:
            typer.echo(line, err=True)

    try:
        # Standard output holds the one line that scripts wait for; errors that functions log go where logs go.
        with _interruptible(), errors_only(), redirect_stdout(sys.stderr):
            from infra.local.server.serve import serve

            serve(port, write_key, journeys, ready, log)
    except FaultsFound as faults:
        raise Unusable(str(faults), "segue check names every fault of a folder") from faults
    except OSError as error:
        if error.errno not in (errno.EADDRINUSE, errno.EACCES):
            raise
        why = "is taken" if error.errno == errno.EADDRINUSE else "is not yours to open"
        raise Lacking(
            f"port {port} {why}", "end what listens there, or take another: --port 0 is any free one"
        ) from error


@contextmanager
def _interruptible() -> Iterator[None]:
    """Both signals end what runs inside, and neither is an error: there is no other way to end it."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    except KeyboardInterrupt:
        pass
    finally:
        signal.signal(signal.SIGTERM, before)
