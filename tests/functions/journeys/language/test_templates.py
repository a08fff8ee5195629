"""Which templates can be sent, and what is made of them when publishing?"""

from pathlib import Path

import pytest

from functions.journeys.language.plain_text import plain_text
from functions.journeys.language.templates import Needs, read_templates
from tests.functions.journeys.language.writing import EMAIL, write_journey

MARKETING = Needs(marketing=True, offer=False, steps=frozenset({"remind"}))


def faults(tmp_path: Path, name: str, text: str, needs: Needs = MARKETING) -> list[str]:
    root = write_journey(tmp_path, "- wait: 1h")
    (root / "test" / name).write_text(text, encoding="utf-8")
    return [str(fault) for fault in read_templates(root / "test", "test", needs).faults]


def test_reads_every_part_of_every_template(tmp_path: Path) -> None:
    found = read_templates(write_journey(tmp_path, "- wait: 1h") / "test", "test", MARKETING)
    assert found.faults == []
    assert set(found.parts["hello"]) == {"email", "sms", "push"}
    email = found.parts["hello"]["email"]
    assert (email["subject"], email["preheader"]) == ("Hello", "Good to see you")
    assert '<body><div style="display:none' in email["html"]
    assert email["text"] == (
        'Hello {{ profile.traits.name | default: "there" }}\n\n'
        "Unsubscribe: {{ unsubscribe_url }} {{ brand.postal_address }}\n"
    )


@pytest.mark.parametrize(
    ("suffix", "text", "fault"),
    [
        (
            ".email.liquid",
            EMAIL.replace("{{ unsubscribe_url }}", "x"),
            "5:1: error: marketing e-mail without unsubscribe",
        ),
        (
            ".email.liquid",
            EMAIL.replace("{{ brand.postal_address }}", ""),
            "marketing e-mail without brand.postal_address",
        ),
        (
            ".email.liquid",
            EMAIL.replace("subject", "sbject"),
            '2:1: error: unknown field "sbject", did you mean "subject"?',
        ),
        (".email.liquid", "<p>Hello</p>", "1:1: error: no front matter"),
        (".email.liquid", EMAIL.replace("Hello {{", "Hello {{ x y"), "5:27: error: Liquid: expected end of expression"),
        (".email.liquid", EMAIL.replace("default:", "dfault:"), 'unknown filter "dfault", did you mean "default"?'),
        (".email.liquid", EMAIL.replace("profile.traits", "profle.traits"), '5:25: error: unknown variable "profle"'),
        (
            ".email.liquid",
            EMAIL.replace("subject: Hello", "subject: Hello {{ profile.x }}"),
            "2:19: error: profile has no",
        ),
        (".email.liquid", EMAIL.replace("profile.traits.name", "steps.remnid.at"), 'did you mean "remind"?'),
        (
            ".email.liquid",
            EMAIL.replace("Unsubscribe<", "{% include 'x' %}<"),
            "include is not available, copy the text in",
        ),
        (".email.liquid", EMAIL.replace("Unsubscribe<", "{{ decline_url }}<"), "decline_url without an offer"),
        (".email.liquid", "---\nsubject: x\n---\n", "no body"),
        (".sms.liquid", "Hello", "1:1: error: marketing SMS without an opt-out word"),
        (".sms.liquid", "", "empty message"),
        (".sms.liquid", "{% if profile.traits.a %} STOP", "Liquid: expected tag endif"),
        (".push.yaml", "title: x\n", '"body" is missing'),
        (".push.yaml", "title: x\nbody: '{{ profle.x }}'\n", '2:11: error: unknown variable "profle"'),
        (".push.yaml", "title: x\nbody: y\nttl: soon\n", "is no duration"),
        (".email.mjml", EMAIL.replace("<html><body>", "<mjml><mj-boddy>"), 'unknown MJML tag "mj-boddy", did you mean'),
    ],
)
def test_says_each_fault_with_its_place(tmp_path: Path, suffix: str, text: str, fault: str) -> None:
    found = faults(tmp_path, f"a{suffix}", text)
    assert any(line.startswith(f"test/a{suffix}:") and fault in line for line in found), found


def test_two_e_mails_of_one_name_are_a_fault(tmp_path: Path) -> None:
    assert 'a second e-mail "hello"' in faults(tmp_path, "hello.email.mjml", EMAIL)[0]


def test_transactional_mail_owes_no_way_out(tmp_path: Path) -> None:
    needs = Needs(marketing=False, offer=False, steps=frozenset())
    assert faults(tmp_path, "a.email.liquid", "---\nsubject: Hi\n---\n<p>Hi</p>", needs) == []


def test_mjml_is_made_html_with_inlined_styles_and_its_liquid_kept(tmp_path: Path) -> None:
    source = (
        "---\nsubject: Hi\n---\n<mjml>"
        "<mj-head><mj-style inline='inline'>.a { color: #123456 }</mj-style></mj-head><mj-body>"
        '<mj-section><mj-column><mj-text><p class="a">{% if profile.traits.n > 1 %}many{% endif %}</p>'
        '<a href="{{ unsubscribe_url }}">out</a> {{ brand.postal_address | default: "x" }}'
        "</mj-text></mj-column></mj-section></mj-body></mjml>"
    )
    root = write_journey(tmp_path, "- wait: 1h")
    (root / "test" / "a.email.mjml").write_text(source, encoding="utf-8")
    found = read_templates(root / "test", "test", MARKETING)
    assert found.faults == []
    html = found.parts["a"]["email"]["html"]
    assert "{% if profile.traits.n > 1 %}many{% endif %}" in html
    assert 'href="{{ unsubscribe_url }}"' in html
    assert "<mj-" not in html
    assert "{% if profile.traits.n > 1 %}many{% endif %}" in found.parts["a"]["email"]["text"]


def test_plain_text_keeps_links_and_drops_what_is_hidden() -> None:
    html = (
        "<head><style>p{}</style><title>x</title></head><body>"
        "<div style='display: none'>secret<br>more</div><h1>Hi &amp; hello</h1>"
        "<p>One<br>two</p><ul><li>a</li><li>b</li></ul><a href='https://x.example'>Go</a><img alt='Picture'><hr></body>"
    )
    assert plain_text(html) == "Hi & hello\n\nOne\ntwo\n\n- a\n\n- b\n\nGo: https://x.examplePicture\n\n----\n"
