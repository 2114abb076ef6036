"""Lines are written as the library writes them, whatever their length and letters."""

from hypothesis import example, given
from hypothesis import strategies as st
from icalendar import Calendar, Event

from providers.calendars.ical_text import ical_lines, ical_text


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_categories=("C",)), max_size=300))
@example("x" * 66)  # with "SUMMARY:" 74 octets, the last that are not folded
@example("x" * 67)
@example("é" * 33 + "x")
@example("a\\" * 60)
def test_folded_as_the_library_folds(text: str) -> None:
    event, calendar = Event(), Calendar()
    event.add("summary", text)
    calendar.add_component(event)
    assert ical_text(ical_lines(calendar)) == calendar.to_ical().decode()
