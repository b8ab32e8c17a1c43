"""Numbers with check characters: made by the standards' own algorithms, then spoiled."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some

from engage.contacts import (
    InvalidCreditCode,
    InvalidIdentityNumber,
    NotMobile,
    clean_identity_number,
    clean_mobile,
    clean_uscc,
)

TODAY = date(2026, 3, 18)
ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)  # GB 11643-1999, table


def identity(region, born, serial):
    digits = f"{region:06}{born:%Y%m%d}{serial:03}"
    total = sum(int(digit) * weight for digit, weight in zip(digits, WEIGHTS, strict=True))
    return digits + "10X98765432"[total % 11]


def credit(seventeen):
    total = sum(ALPHABET.index(character) * weight for character, weight in zip(
        seventeen, (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28), strict=True))
    return seventeen + ALPHABET[(31 - total % 31) % 31]


identities = some.builds(
    identity, some.integers(110000, 820000), some.dates(date(1900, 1, 1), TODAY), some.integers(0, 999))
codes = some.builds(credit, some.text(ALPHABET, min_size=17, max_size=17))


@given(identities)
def test_every_identity_number_made_by_the_standard_is_accepted(number):
    assert clean_identity_number(number, today=TODAY) == number


@given(identities, some.integers(0, 16), some.integers(1, 9))
def test_one_wrong_digit_is_noticed(number, place, added):
    wrong = number[:place] + str((int(number[place]) + added) % 10) + number[place + 1:]
    with pytest.raises(InvalidIdentityNumber):
        clean_identity_number(wrong, today=TODAY)


@pytest.mark.parametrize("number", [
    identity(110101, TODAY + timedelta(days=1), 1), identity(110101, date(1899, 12, 31), 1), "110101900101123", "",
    "11010119900230001X", identity(110101, date(1990, 1, 1), 2)[:-1], identity(110101, date(1990, 1, 1), 2) + "0",
])
def test_a_birth_that_cannot_be_or_another_length_is_refused(number):
    with pytest.raises(InvalidIdentityNumber):
        clean_identity_number(number, today=TODAY)


def test_an_identity_number_is_read_as_people_write_it():
    number = next(made for serial in range(999) if (made := identity(110101, date(1990, 1, 1), serial)).endswith("X"))
    full_width = "".join(chr(ord(character) + 0xFEE0) for character in number)
    written = f" {number[:6]} {number[6:14]}-{number[14:17]}x "
    assert [clean_identity_number(text, today=TODAY) for text in (full_width, written)] == [number, number]


@given(codes)
def test_every_credit_code_made_by_the_standard_is_accepted(code):
    assert clean_uscc(f" {code[:9].lower()} {code[9:]}") == code


@given(codes, some.integers(0, 17), some.sampled_from(ALPHABET))
def test_one_wrong_character_of_a_credit_code_is_noticed(code, place, other):
    if other == code[place]:
        assert clean_uscc(code) == code
        return
    with pytest.raises(InvalidCreditCode):
        clean_uscc(code[:place] + other + code[place + 1:])


def test_a_mobile_number_is_one_of_the_mainland():
    assert clean_mobile("+86 138 0013 8000") == "13800138000"
    for other in ("0631-5231234", "+49 30 1234567", "1380013800", "13800138000 13800138001", ""):
        with pytest.raises(NotMobile):
            clean_mobile(other)
