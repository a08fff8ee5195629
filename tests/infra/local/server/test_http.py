"""Bodies come whole, in pieces, too long, too short, too late and in chunks."""

import io

import pytest

from infra.local.server.http import BODY_BYTES, Unreadable, read_body


class Slow(io.BytesIO):
    """A stream whose client stops sending."""

    def read(self, size=-1):
        found = super().read(size)
        if not found:
            raise TimeoutError
        return found


def refused(headers, stream):
    with pytest.raises(Unreadable) as raised:
        read_body(headers, stream)
    return raised.value.status, raised.value.reason


def test_a_body_is_as_long_as_it_says():
    assert read_body({"content-length": "5"}, io.BytesIO(b"hello and the next request")) == b"hello"
    assert read_body({}, io.BytesIO(b"the next request")) == b""


def test_a_body_in_chunks_is_put_together():
    stream = io.BytesIO(b"5\r\nhello\r\n6;a=b\r\n world\r\n0\r\ntrailer: one\r\n\r\nnext")
    assert read_body({"transfer-encoding": "Chunked"}, stream) == b"hello world"
    assert stream.read() == b"next"


@pytest.mark.parametrize("said", ["-1", "five", "", "9" * 40 + "x"])
def test_a_length_that_is_no_number_is_named(said):
    status, reason = refused({"content-length": said}, io.BytesIO(b"x"))
    assert status == 400
    assert "length" in reason


@pytest.mark.parametrize("sent", [b"", b"zz\r\nhello", b"5\r\nhel", b"5\r\nhello\r\n", b"-5\r\nhello", b"x" * 3000])
def test_broken_chunks_are_refused(sent):
    assert refused({"transfer-encoding": "chunked"}, io.BytesIO(sent))[0] == 400


def test_a_body_that_ends_early_is_refused():
    assert refused({"content-length": "9"}, io.BytesIO(b"hello")) == (400, "ended before its length")


def test_a_client_that_stops_sending_is_told_so():
    assert refused({"content-length": "9"}, Slow(b"hello"))[0] == 408


def test_another_transfer_encoding_is_refused():
    assert refused({"transfer-encoding": "gzip"}, io.BytesIO(b"x"))[0] == 501


def test_a_body_over_what_lambda_takes_is_taken_in_and_refused():
    stream = io.BytesIO(b"x" * (BODY_BYTES + 1) + b"next")
    assert refused({"content-length": str(BODY_BYTES + 1)}, stream) == (413, "over 6 MB")
    assert stream.read() == b"next"
    assert len(read_body({"content-length": str(BODY_BYTES)}, io.BytesIO(b"x" * BODY_BYTES))) == BODY_BYTES
