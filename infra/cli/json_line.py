"""What does one line of a file of messages say? Its JSON, or why it is none, in the same words for every command."""

import json
from typing import Any

from functions.capture.policy import usable_number
from functions.shared.errors import RejectedInput

BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def read_json(text: bytes) -> Any:
    """The value of a line; raises ``RejectedInput`` of the whole message."""
    try:
        return json.loads(text.decode(), parse_int=usable_number)
    except UnicodeDecodeError as error:
        raise RejectedInput("message", "not UTF-8 text") from error
    except ValueError as error:
        raise RejectedInput("message", "not JSON") from error
    except RecursionError as error:
        raise RejectedInput("message", "nested too deep to be read") from error
