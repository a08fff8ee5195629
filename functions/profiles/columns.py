"""How do many whole numbers that are much alike fit in few bits? Each as its distance from the smallest of them."""

from collections.abc import Sequence
from math import gcd

# Of how long a number may be: 127 bits hold the billionths of 2^44 of the largest amounts.
_LENGTH_BITS = 7


class Written:
    """Bits on their way into a row, in the order in which ``Reader`` takes them."""

    def __init__(self) -> None:
        self._parts: list[str] = []

    def bits(self, number: int, width: int) -> None:
        """A number from 0 to below 2^width."""
        if width:
            self._parts.append(f"{number:0{width}b}")

    def number(self, number: int) -> None:
        """Any number of up to 127 bits: its sign, its length, itself."""
        size = number.bit_length()
        self._parts.append("1" if number < 0 else "0")
        self.bits(size, _LENGTH_BITS)
        self.bits(abs(number), size)

    def column(self, numbers: Sequence[int]) -> None:
        """Numbers, of which the reader knows how many: the smallest, the step they have in common, then each."""
        if not numbers:
            return
        least = min(numbers)
        step = gcd(*(one - least for one in numbers)) or 1
        steps = [(one - least) // step for one in numbers]
        width = max(steps).bit_length()
        self.number(least)
        self.number(width)
        if width:
            self.number(step)
            form = f"0{width}b"
            self._parts += [format(one, form) for one in steps]

    def to_bytes(self) -> bytes:
        """All of it; at most seven bits more than were written."""
        text = "".join(self._parts)
        size = (len(text) + 7) // 8
        return int(text.ljust(8 * size, "0") or "0", 2).to_bytes(size)


class Reader:
    """Takes bits out again."""

    def __init__(self, data: bytes) -> None:
        self._text = f"{int.from_bytes(data):0{8 * len(data)}b}"
        self._at = 0

    def bits(self, width: int) -> int:
        """A number of so many bits."""
        begins, self._at = self._at, self._at + width
        return int(self._text[begins : self._at], 2) if width else 0

    def number(self) -> int:
        """Any number."""
        negative = self.bits(1)
        number = self.bits(self.bits(_LENGTH_BITS))
        return -number if negative else number

    def column(self, length: int) -> list[int]:
        """So many numbers."""
        if not length:
            return []
        least, width = self.number(), self.number()
        if not width:
            return [least] * length
        step = self.number()
        begins, self._at = self._at, self._at + width * length
        text = self._text
        return [least + step * int(text[at : at + width], 2) for at in range(begins, self._at, width)]
