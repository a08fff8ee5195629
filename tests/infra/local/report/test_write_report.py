import dataclasses
import itertools
import re
from html.parser import HTMLParser

import pytest

from infra.local.report.model import DemoResult
from infra.local.report.months_svg import months_svg
from infra.local.report.prices import cost_lines, total
from infra.local.report.words import REASONS, reason_in_words
from infra.local.report.write_report import render_report, write_report

LOADING = {"src", "srcset", "href", "poster", "data", "xlink:href", "background", "action"}


class Page(HTMLParser):
    """The page's elements; a browser builds the same ones."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.fixture
def text(result) -> str:
    return render_report(result)


def test_the_page_loads_nothing_from_anywhere(text):
    page = Page(text)
    for tag, attributes in page.elements:
        if tag != "a":
            assert not [name for name in LOADING if name in attributes], tag
    assert not page.of("script")
    assert not page.of("link")
    assert not page.of("img")
    style = text.partition("<style>")[2].partition("</style>")[0]
    assert "url(" not in style
    assert "@import" not in style
    assert "default-src 'none'" in str(page.of("meta"))


def test_links_go_within_the_page_or_to_the_source_of_the_data(text):
    targets = {str(one["href"]) for one in Page(text).of("a")}
    assert {one for one in targets if not one.startswith("#")} == {
        "https://doi.org/10.24432/C5CG6D",
        "https://creativecommons.org/licenses/by/4.0/",
    }
    anchors = {attributes["id"] for _, attributes in Page(text).elements if "id" in attributes}
    assert {one[1:] for one in targets if one.startswith("#")} <= anchors


def test_nothing_that_a_person_or_a_sender_wrote_becomes_markup(text):
    for tag, attributes in Page(text).elements:
        assert tag != "script"
        assert not [name for name in attributes if name.startswith("on")], tag
    assert "&lt;script&gt;alert(&#39;subject&#39;)&lt;/script&gt;" in text
    assert "&lt;script&gt;alert(&#39;timeline&#39;)&lt;/script&gt;" in text
    assert "&lt;script&gt;alert(&#39;id&#39;)&lt;/script&gt;" in text
    assert "&lt;img src=x onerror=alert(1)&gt;" in text


def test_e_mails_stand_whole_in_frames_that_may_do_nothing(text, result):
    frames = Page(text).of("iframe")
    assert [one["srcdoc"] for one in frames] == [one.html for one in result.outbox if one.html]
    assert all("sandbox" in one and one["sandbox"] in {None, ""} for one in frames)
    assert all(one["title"] for one in frames)


def test_headings_go_down_one_level_at_a_time(text):
    levels = [int(tag[1]) for tag, _ in Page(text).elements if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))


def test_the_page_says_what_the_run_did(text):
    assert "Two years, 40 customers, 31 seconds." in text
    for words in ("429", "352", "Ida Chen", "broken-nobody", "recognise-people", "Chen (2012)", "CC BY 4.0"):
        assert words in text


def test_a_small_holdout_claims_nothing(text):
    assert "Too few people to say whether the journey made a difference" in text
    assert "percentage points" not in text


def test_an_empty_run_still_makes_a_page(result):
    empty = dataclasses.replace(
        result, journeys=[], months=[], outbox=[], timeline=None, quarantined=[], calls=[], events=0, profiles=0
    )
    page = render_report(empty)
    assert "Every event was accepted." in page
    assert 'href="#person"' not in page


def test_the_same_run_gives_the_same_bytes(result):
    assert render_report(result) == render_report(result)


def test_write_report_makes_its_folder(result, tmp_path):
    path = write_report(result, tmp_path / "build" / "demo" / "report.html")
    assert path.read_text(encoding="utf-8").startswith("<!doctype html>")


def test_the_bill_is_quantity_times_list_price(result):
    lines = {(one.name, one.unit): one for one in cost_lines(result)}
    assert lines["Step Functions", "state transitions"].dollars == pytest.approx(2904 * 25 / 1e6)
    assert lines["SES", "e-mails"].quantity == 54 + 61 + 221
    assert total(lines.values()) == pytest.approx(sum(one.dollars for one in lines.values()))


def test_every_bar_of_the_months_carries_its_words(result: DemoResult):
    svg = months_svg(result.months)
    assert svg.count("<rect") == sum(bool(m.orders) + sum(bool(n) for n in m.messages.values()) for m in result.months)
    assert "December 2009: 8 orders" in svg
    assert months_svg([]) == ""


def test_reasons_read_as_words():
    assert reason_in_words("no_consent") == REASONS["no_consent"]
    assert reason_in_words("cap:weekly-email") == "the frequency cap weekly-email was reached"
    assert reason_in_words("something_new") == "something new"
