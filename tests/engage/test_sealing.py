"""Encryption of what is sensitive, keys that are changed, and keys that are lost."""

import pytest

from engage.sealing import Cipher, SealedWithAnotherKey

SECRET, LATER = "a secret as long as it needs to be", "another one that came later"


def test_what_is_sealed_is_not_readable_and_never_the_same_twice():
    cipher = Cipher([SECRET])
    first, second = cipher.seal_text("秘密 110101199001011234"), cipher.seal_text("秘密 110101199001011234")
    assert first != second
    assert "1101" not in first
    assert cipher.open_text(first) == cipher.open_text(second) == "秘密 110101199001011234"


def test_the_same_secret_opens_elsewhere():
    assert Cipher([SECRET]).open(Cipher([SECRET]).seal(b"\x00\xff")) == b"\x00\xff"


def test_after_a_change_of_keys_the_old_one_still_opens_and_the_new_one_seals():
    old, both, new = Cipher([SECRET]), Cipher([LATER, SECRET]), Cipher([LATER])
    sealed = old.seal_text("内容")
    assert both.open_text(sealed) == "内容"
    assert new.open_text(both.seal_text("内容")) == "内容"
    assert new.open(both.reseal(sealed.encode())).decode() == "内容"


@pytest.mark.parametrize("sealed", [Cipher([LATER]).seal_text("内容"), Cipher([SECRET]).seal_text("内容")[:-6] + "AAAA==", "", "内容"],
                         ids=["another key", "changed", "empty", "not sealed"])
def test_what_another_key_sealed_or_somebody_changed_is_refused(sealed):
    with pytest.raises(SealedWithAnotherKey):
        Cipher([SECRET]).open_text(sealed)


@pytest.mark.parametrize("secrets", [[], [""], [SECRET, ""]])
def test_a_cipher_without_a_secret_is_none(secrets):
    with pytest.raises(ValueError, match="secret"):
        Cipher(secrets)
