"""The forms of a page as a browser would send them: fields by name with what stands in them."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

Fields = dict[str, list[str]]


@dataclass
class Form:
    """One form: where it goes ("" is the page itself), and what it would send without being touched."""

    action: str
    fields: Fields = field(default_factory=dict)

    def with_(self, **changes: str | list[str]) -> Fields:
        """Return the fields with these replaced."""
        given = {name: [value] if isinstance(value, str) else value for name, value in changes.items()}
        return {**self.fields, **given}


def forms_of(page: str) -> list[Form]:
    """Return the POST forms of a page, in order; buttons send nothing here."""
    reader = _Reader()
    reader.feed(page)
    return reader.forms


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.inside: Form | None = None
        self.select = ""
        self.text_of = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.inside = Form(said.get("action", "")) if said.get("method", "").lower() == "post" else None
            self.forms += [self.inside] if self.inside else []
        elif tag == "input" and said.get("name"):
            if said.get("type") not in ("checkbox", "radio", "file", "submit") or "checked" in said:
                self._add(said["name"], said.get("value", "on" if said.get("type") == "checkbox" else ""))
        elif tag == "select":
            self.select = said.get("name", "")
        elif tag == "option" and self.select and "selected" in said:
            self._add(self.select, said.get("value", ""))
        elif tag == "textarea" and said.get("name"):
            self.text_of = said["name"]
            self._add(self.text_of, "")

    def handle_data(self, data: str) -> None:
        if self.text_of and self.inside is not None:
            self.inside.fields[self.text_of][-1] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.inside = None
        elif tag == "select":
            self.select = ""
        elif tag == "textarea":
            self.text_of = ""

    def _add(self, name: str, value: str) -> None:
        if self.inside is not None:
            self.inside.fields.setdefault(name, []).append(value)
