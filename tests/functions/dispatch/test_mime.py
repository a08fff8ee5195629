"""The bytes on the wire: both parts, our headers, nothing injected, the same every time."""

from email import message_from_bytes, policy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.dispatch.links import links
from functions.dispatch.mime import compose, recipient_of


def mail(**changes):
    given_ = {
        "sender": "Acme <hello@acme.example>",
        "recipient": "ann@example.com",
        "subject": "Hello",
        "text": "Hi there",
        "html": "<p>Hi there</p>",
        "message": "0" * 32,
        "unsubscribe": None,
    }
    return compose(**{**given_, **changes})


def parsed(**changes):
    return message_from_bytes(mail(**changes), policy=policy.default)


def test_text_comes_before_html_and_both_say_what_was_written():
    message = parsed(text="Grüße\n", html="<p>Grüße</p>\n")
    assert message.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
    contents = [part.get_content().splitlines() for part in message.iter_parts()]
    assert contents == [["Grüße"], ["<p>Grüße</p>"]]


def test_the_same_message_has_the_same_bytes_and_no_id_of_its_own():
    assert mail() == mail()
    assert parsed()["Message-ID"] is None
    assert parsed()["X-Segue-Message"] == "0" * 32


def test_a_mail_link_promises_no_one_click():
    url = links("Acme <hello@acme.example>", "0" * 32)["unsubscribe_url"]
    message = parsed(unsubscribe=url)
    assert message["List-Unsubscribe"] == f"<mailto:hello@acme.example?subject=unsubscribe%20{'0' * 32}>"
    assert message["List-Unsubscribe-Post"] is None


def test_a_long_https_link_is_one_unfolded_line_with_one_click():
    url = "https://acme.example/u/" + "x" * 300
    raw = mail(unsubscribe=url)
    assert f"List-Unsubscribe: <{url}>\r\n".encode() in raw
    assert b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" in raw


@given(st.text(max_size=200))
def test_a_subject_never_starts_a_header(subject):
    message = parsed(subject=f"a {subject}\r\nBcc: eve@example.com")
    assert message["Bcc"] is None
    assert message["To"] == "ann@example.com"


@given(st.text(min_size=1, max_size=300), st.text(min_size=1, max_size=300))
def test_any_text_makes_a_message(text, html):
    assert parsed(text=text, html=html).is_multipart()


def test_bodies_keep_to_the_line_length_of_quoted_printable():
    _, body = mail(text="x" * 5000, html="y" * 5000).split(b"\r\n\r\n", 1)
    assert max(map(len, body.split(b"\r\n"))) <= 76


@pytest.mark.parametrize(
    "address", ["ann", "", "@example.com", "ann@", "a@b.com, c@d.com", "a\r\nBcc: b@c.com", "ä@b.com"]
)
def test_what_is_no_single_mailbox_is_refused_without_telling_it(address):
    with pytest.raises(ValueError, match="not an address"):
        recipient_of(address)


def test_a_domain_beyond_ascii_travels_in_ascii():
    assert recipient_of(" ann@müller.example ") == "ann@xn--mller-kva.example"


def test_a_sender_that_cannot_be_written_to_gives_no_links():
    assert links("ACME", "m") == {}
    assert links(None, "m") == {}
