"""What does a row say about a person? Columns recognised by name, values in one form whatever their spelling."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields

# One row of a CSV file: column name to cell.
Row = Mapping[str, object]

# Attribute to the column names it goes by, folded to lower-case letters and digits; the first present wins.
SPELLINGS: Mapping[str, tuple[str, ...]] = {
    "given": ("givenname", "firstname", "forename", "fname", "given", "first"),
    "surname": ("surname", "lastname", "familyname", "lname", "family", "last"),
    "name": ("name", "fullname", "customername", "contactname", "personname"),
    "birth": ("dateofbirth", "dob", "birthdate", "birthday", "birth", "dateofbirthday"),
    "national_id": ("socsecid", "ssn", "socialsecuritynumber", "nationalid", "nationalidnumber", "nino", "taxid"),
    "email": ("email", "emailaddress", "mail", "emailid"),
    "phone": ("phone", "phonenumber", "telephone", "tel", "mobile", "mobilephone", "mobilenumber", "cell", "cellphone"),
    "number": ("streetnumber", "housenumber", "streetno", "houseno"),
    "street": ("address1", "addressline1", "street", "streetaddress", "streetname", "address"),
    "annex": ("address2", "addressline2"),
    "suburb": ("suburb", "city", "town", "locality"),
    "postcode": ("postcode", "postalcode", "zip", "zipcode", "plz"),
    "state": ("state", "province", "region", "county"),
    "country": ("country", "countrycode"),
    "customer_id": ("customerid",),
}
# Cells that people and programs write when they know nothing.
EMPTY = {"", "na", "nan", "nil", "none", "null", "unknown", "undefined", "notknown", "notavailable", "test", "xxx"}
# Words that say what kind of street it is: they agree by chance and are left out or abbreviated at will.
STREET_KINDS = frozenset(
    {"avenue", "av", "ave", "boulevard", "blvd", "circuit", "cct", "close", "cl", "court", "ct", "crescent", "cres"}
    | {"drive", "dr", "highway", "hwy", "lane", "ln", "parade", "pde", "place", "pl", "road", "rd", "square", "sq"}
    | {"street", "st", "str", "terrace", "tce", "way"}
)
LONGEST = 512


@dataclass(frozen=True, slots=True, order=True)
class Person:
    """What one row says; "" is "does not say". Names have no spaces, ids no punctuation, birth is YYYYMMDD."""

    id: str
    given: str = ""
    surname: str = ""
    birth: str = ""
    national_id: str = ""
    email: str = ""
    phone: str = ""
    number: str = ""
    street: str = ""
    suburb: str = ""
    postcode: str = ""
    state: str = ""
    country: str = ""
    customer_id: str = ""

    @property
    def loose_email(self) -> str:
        """The mailbox that Google would deliver to; other providers take dots and tags literally."""
        local, _, domain = self.email.rpartition("@")
        if domain not in {"gmail.com", "googlemail.com"}:
            return self.email
        return f"{local.partition('+')[0].replace('.', '')}@gmail.com"


# Attributes that tell one person from another; the others only place them.
COMPARED = frozenset(field.name for field in fields(Person)) - {"id", "customer_id", "country", "state"}


def recognised(columns: Iterable[str], id_column: str) -> dict[str, str]:
    """Attribute to the column that holds it. ``name`` is a given name beside a surname, else a whole name.

    The column that names a row says nothing about a person, unless it is the customer id.
    """
    folded: dict[str, str] = {}
    for column in columns:
        spelling = re.sub(r"[^a-z0-9]", "", column.lower())
        if column != id_column or spelling in SPELLINGS["customer_id"]:
            folded.setdefault(spelling, column)
    found = {
        attribute: folded[next(name for name in names if name in folded)]
        for attribute, names in SPELLINGS.items()
        if any(name in folded for name in names)
    }
    if "name" in found and "surname" in found:
        found.setdefault("given", found["name"])
        del found["name"]
    return found


def comparable(columns: Mapping[str, str]) -> bool:
    """Whether the recognised columns say anything about who somebody is."""
    return bool(columns.keys() & (COMPARED | {"name"}))


def person(row: Row, id_column: str, columns: Mapping[str, str]) -> Person:
    """The person of a row. Any value of any type is taken; what cannot be read is left out."""
    cell = {attribute: _text(row.get(column)) for attribute, column in columns.items()}
    given, surname = cell.get("given", ""), cell.get("surname", "")
    if "name" in cell:
        given, surname = _parted(cell["name"])
    number, street = _house(cell.get("number", ""), cell.get("street", ""), cell.get("annex", ""))
    customer_id = columns.get("customer_id")
    return Person(
        id=str(row.get(id_column) or "").strip(),
        given=_word(given),
        surname=_word(surname),
        birth=birth_date(cell.get("birth", "")),
        national_id=_code(cell.get("national_id", "")),
        email=_email(cell.get("email", "")),
        phone=_phone(cell.get("phone", "")),
        number=number,
        street=street,
        suburb=_word(cell.get("suburb", "")),
        postcode=_code(cell.get("postcode", "")),
        state=_word(cell.get("state", "")),
        country=_word(cell.get("country", "")),
        # As it stands in the file: customer ids are never folded.
        customer_id=str(row.get(customer_id) or "").strip() if customer_id else "",
    )


def birth_date(text: str) -> str:
    """YYYYMMDD, or "" when it cannot be one; a slip of a digit stays. Day before month where both could be."""
    digits = re.findall(r"\d+", text.partition("t")[0] if re.match(r"\d{4}-", text) else text)
    if len(digits) >= 3 and len(digits[0]) == 4:
        ordered = digits[:3]
    elif len(digits) >= 3 and len(digits[2]) == 4:
        day, month, year = digits[:3]
        ordered = [year, day, month] if int(month) > 12 else [year, month, day]
    else:
        ordered = digits
    date = "".join(part.zfill(2) for part in ordered)
    return date if 7 <= len(date) <= 9 and len(set(date)) > 1 else ""


def _text(value: object) -> str:
    """Lower case, without accents and padding; spreadsheets' whole numbers (2000.0) without their fraction."""
    if value is None:
        return ""
    raw = unicodedata.normalize("NFKD", str(value)[:LONGEST]).casefold()
    plain = "".join(letter for letter in raw if not unicodedata.combining(letter))
    text = " ".join(plain.split())
    text = re.sub(r"^(\d+)\.0+$", r"\1", text)
    return "" if re.sub(r"[\W_]", "", text) in EMPTY else text


def _word(text: str) -> str:
    return re.sub(r"[\W_]", "", text)


def _code(text: str) -> str:
    """An id or postcode without punctuation; one repeated character ("0000") is a placeholder."""
    code = _word(text)
    return code if len(set(code)) > 1 else ""


def _email(text: str) -> str:
    local, at, domain = text.replace(" ", "").rpartition("@")
    return f"{local}@{domain.rstrip('.')}" if at and local and "." in domain else ""


def _phone(text: str) -> str:
    """The last nine digits: country codes and leading zeros are written or not."""
    digits = "".join(re.findall(r"[0-9]", text))[-9:]
    return digits if len(digits) >= 7 and len(set(digits)) > 2 else ""


def _parted(name: str) -> tuple[str, str]:
    before, comma, after = name.partition(",")
    if comma:
        return after, before
    given, _, surname = name.rpartition(" ")
    return (given, surname) if given else (surname, "")


def _house(number: str, street: str, annex: str) -> tuple[str, str]:
    """The house number, taken from the street's line when it stands there, and the words that name the place."""
    words = re.findall(r"[^\W_]+", f"{street} {annex}")
    if not number and words and words[0][0].isdigit():
        number = words.pop(0)
    elif not number and words and words[-1].isdigit():
        number = words.pop()
    named = [word for word in words if word not in STREET_KINDS]
    return _word(number), " ".join(named or words)
