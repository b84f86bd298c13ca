"""What a replay puts away is found by its images and pictures, once, and is gone when it was taken out."""

from tawatur.store.attic import Attic, Packed


def test_an_empty_attic_knows_nothing() -> None:
    attic = Attic()
    assert (attic.take("f"), attic.family_of("i"), attic.image_of(b"p")) == (None, None, None)
    assert attic.forget("i", b"p") is False
    assert attic.spoke("r") == []


def test_a_family_is_found_by_its_images_and_taken_once() -> None:
    attic = Attic()
    attic.put([Packed("f", b"body", ["i", "j"], [(b"p", "i")], []), Packed("g", b"other", ["k"], [], [])])
    assert (attic.family_of("j"), attic.image_of(b"p")) == ("f", "i")
    assert attic.take("f") == b"body"
    assert attic.take("f") is None
    assert attic.take("g") == b"other"


def test_only_the_image_that_a_picture_is_known_by_takes_it_along() -> None:
    attic = Attic()
    attic.put([Packed("f", b"body", ["i", "j"], [(b"p", "i")], [])])
    assert attic.forget("j", b"p") is False
    assert attic.image_of(b"p") == "i"
    assert attic.forget("i", b"p") is True
    assert attic.image_of(b"p") is None
    assert attic.family_of("i") is None


def test_the_last_that_is_put_away_is_what_a_picture_is_known_by() -> None:
    attic = Attic()
    attic.put([Packed("f", b"body", ["i"], [(b"p", "i")], []), Packed("g", b"other", ["k"], [(b"p", "k")], [])])
    assert attic.image_of(b"p") == "k"


def test_what_a_person_spoke_of_is_named_once() -> None:
    attic = Attic()
    attic.put([Packed("g", b"body", [], [], ["r", "s"]), Packed("f", b"other", [], [], ["r"])])
    attic.take("f")
    attic.put([Packed("f", b"again", [], [], ["r"])])
    assert attic.spoke("r") == ["f", "g"]
    assert attic.spoke("r") == []
    assert attic.spoke("s") == ["g"]
