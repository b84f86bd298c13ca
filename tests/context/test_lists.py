"""The consolidated list is read from XML and CSV; persons are left out, and bad files are told."""

from pathlib import Path

import pytest

from tawatur.context.lexicon import lexicon
from tawatur.context.lists import BadList, Listed, load_list, read_list, save_list
from tawatur.context.reading import read

SHARED = Path(__file__).parents[3] / "shared/data/names/un_listed_entities_2020-11-30.csv"
XML = """<?xml version="1.0" encoding="UTF-8"?>
<CONSOLIDATED_LIST dateGenerated="2031-02-03T04:05:06Z"><INDIVIDUALS><INDIVIDUAL><FIRST_NAME>Somebody</FIRST_NAME>
</INDIVIDUAL></INDIVIDUALS><ENTITIES><ENTITY><FIRST_NAME>LEGION OF THE GREY MOON (LGM)</FIRST_NAME>
<REFERENCE_NUMBER>XXe.001</REFERENCE_NUMBER><NAME_ORIGINAL_SCRIPT>فيلق القمر الرمادي</NAME_ORIGINAL_SCRIPT>
<ENTITY_ALIAS><QUALITY>a.k.a.</QUALITY><ALIAS_NAME>Grey Moon Legion</ALIAS_NAME></ENTITY_ALIAS></ENTITY>
<ENTITY><FIRST_NAME>AL-QAIDA</FIRST_NAME><REFERENCE_NUMBER>QDe.004</REFERENCE_NUMBER></ENTITY></ENTITIES>
</CONSOLIDATED_LIST>"""


@pytest.fixture(scope="module")
def listed() -> Listed:
    return read_list(XML.encode())


def test_entities_are_read_from_xml_and_persons_are_left_out(listed: Listed) -> None:
    assert (listed.date, listed.people, len(listed.entries)) == ("2031-02-03", 1, 2)
    grey = listed.entries[0]
    assert grey.reference == "XXe.001"
    assert set(grey.names) == {"Legion Of The Grey Moon", "LGM", "فيلق القمر الرمادي", "Grey Moon Legion"}
    assert "Somebody" not in str(listed)


@pytest.mark.parametrize("text", ["فرّ مقاتلو فيلق القمر الرمادي", "The Grey Moon Legion fled."])
def test_what_is_listed_is_found_by_all_its_names(listed: Listed, text: str) -> None:
    known = lexicon(listed)
    (hit,) = [hit for sentence in read(text, known).sentences for hit in sentence.of("group")]
    assert known.groups[hit.term.key].designated
    assert hit.term.key == "XXe.001"


def test_a_newer_list_says_who_is_designated(listed: Listed) -> None:
    known = lexicon(listed)
    assert known.groups["qaida"].designated
    assert not known.groups["daesh"].designated
    assert lexicon().groups["daesh"].designated


def test_a_list_is_kept_and_found_again(listed: Listed, tmp_path: Path) -> None:
    assert load_list(tmp_path) is None
    save_list(listed, tmp_path / "context")
    assert load_list(tmp_path / "context") == listed


@pytest.mark.parametrize(
    ("data", "word"),
    [(b"", "reference"), (b"a,b\n1,2\n", "reference and name"), (b"\xff\xfe", "UTF-8"), (b"<a/>", "CONSOLIDATED_LIST"),
     (b"<a", "XML"), (b"reference,name,list_date\nQDe.001,,2020-01-01\n", "no name"),
     (b"reference,name\nQDe.001,One\n", "day"),
     (b'<!DOCTYPE a [<!ENTITY b "c">]><CONSOLIDATED_LIST>&b;</CONSOLIDATED_LIST>', "XML")],
)  # fmt: skip
def test_a_bad_list_is_told(data: bytes, word: str) -> None:
    with pytest.raises(BadList, match=word):
        read_list(data)


def test_the_list_of_2020_is_read() -> None:
    if not SHARED.exists():
        pytest.skip("the development data is not beside this checkout")
    listed = read_list(SHARED.read_bytes())
    assert (listed.date, len(listed.entries)) == ("2020-11-30", 305)
    known = lexicon(listed)
    for group in ("daesh", "qaida", "aqim", "shabaab", "boko_haram", "jnim"):
        assert known.groups[group].designated
    assert not known.groups["hamas"].designated
