"""German: the shipped words of clients' mails. Clients are addressed with "Sie"."""

from datetime import datetime

from booking.messages.languages.language import Language
from booking.messages.wording import Wording

_DAYS = ("Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag")
_MONTHS = (
    "Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober",
    "November", "Dezember",
)  # fmt: skip


def _long(local: datetime) -> str:
    return f"{_DAYS[local.weekday()]}, {local.day}. {_MONTHS[local.month - 1]} {local.year}"


def _short(local: datetime) -> str:
    return f"{_DAYS[local.weekday()][:2]}, {local.day:02}.{local.month:02}.{local.year}"


GERMAN = Language(
    code="de",
    name="Deutsch",
    long_day=_long,
    short_day=_short,
    phrases={
        "and": "und",
        "clock": " Uhr",
        "join": "Teilnehmen",
        "change_or_cancel": "Ändern oder absagen",
        "book_again": "Neuen Termin buchen",
        "choose_another": "Andere Zeit wählen",
        "take": "{start} nehmen",
        "your_booking": "Ihre Buchung",
        "meeting": "Termin",
        "with": "Mit",
        "where": "Ort",
        "phone": "Telefon",
        "as_agreed": "wie vereinbart",
        "room": "Raum",
        "seat": "Platz",
        "all_dates": "Alle Termine dieser Serie",
        "series": "Serie",
        "series_dates": "{count} Termine, jeder wird mit einer eigenen Mail bestätigt",
        "guests": "Gäste",
        "booked_by": "Gebucht von",
        "before": "Vorher",
        "with_host": "mit {host}",
        "reason": "Grund",
        "cancelled_at": "Abgesagt: {when}",
        "given_back_at": "Zurückgegeben: {when}",
        "not_booked_at": "Nicht gebucht: {when}",
        "asked_for_at": "Angefragt: {when}",
        "see_how": "Stand ansehen",
        "declined": "{host} konnte diese Zeit nicht annehmen.",
        "they_wrote": "Die Antwort: „{reason}“",
        "unanswered": "{host} hat nicht rechtzeitig geantwortet, deshalb wurde die Zeit zurückgegeben.",
        "still_at": "Weiterhin: {when}",
        "you": "Ihnen",
        "how_to_join": "Öffnen Sie den Link im Browser; der Raum öffnet zehn Minuten vor Beginn.",
        "tested": "Der Link wurde geprüft, als diese E-Mail geschrieben wurde.",
        "tested_room": (
            "Der Link wurde geprüft, als diese E-Mail geschrieben wurde; der Raum öffnet zehn Minuten vor Beginn."
        ),
        "time_changed": "Die alte Zeit ist wieder frei; frühere Links zu dieser Buchung gelten nicht mehr.",
        "seat_changed": (
            "Ihr Platz im alten Termin wurde zurückgegeben; frühere Links zu dieser Buchung gelten nicht mehr."
        ),
        "link": "Link",
        "link_is_new": "ein neuer; der bisherige führt nicht mehr zu diesem Termin",
        "time_stays": "Die Zeit bleibt, wie sie ist. Der Link ist ein neuer: bitte nehmen Sie den in dieser E-Mail.",
        "place_stays": "Zeit und Ort bleiben, wie sie sind.",
        "seat_freed": "Ihr Platz wurde zurückgegeben.",
        "time_freed": "Die Zeit ist wieder frei, und der Link zum Termin gilt nicht mehr.",
        "with_alternatives": "Diese Zeiten waren frei, als diese E-Mail geschrieben wurde:",
        "without_alternatives": (
            "Bitte wählen Sie eine andere Zeit, oder antworten Sie auf diese E-Mail, um {host} zu erreichen."
        ),
        "guest_footer": (
            "Sie erhalten diese E-Mail, weil {client} Sie als Gast eingetragen hat. Die Einladung ist angehängt."
        ),
        "guest_gone_footer": "Die angehängte Aktualisierung entfernt den Termin aus Ihrem Kalender.",
        "guest_reminder_footer": "Sie erhalten diese E-Mail, weil {client} Sie als Gast eingetragen hat.",
        "guest_with": "{host} und {client}",
        "text_confirmed": "{business}: {meeting} mit {host} ist bestätigt, {start}.",
        "text_moved": "{business}: {meeting} mit {host} hat eine neue Zeit, {start}.",
        "text_cancelled": "{business}: {meeting} mit {host}, {start}, ist abgesagt.",
        "text_reminder": "{business}: {meeting} mit {host} steht bevor, {start}.",
    },
    reasons={
        "slot_taken": "Die Zeit wurde gerade von jemand anderem gebucht.",
        "host_busy": "Diese Zeit ist vergeben.",
        "calendar_busy": "Zu dieser Zeit ist inzwischen etwas anderes eingetragen.",
        "calendar_stale": "Der Kalender lässt sich im Moment nicht lesen.",
        "seats_full": "Der letzte Platz wurde vergeben.",
        "link_unverified": "Der Link zum Termin ließ sich nicht einrichten.",
        "hold_expired": "Die Zeit war für Sie vorgemerkt, aber die Frist ist abgelaufen.",
        "tenant_paused": "Im Moment werden keine Buchungen angenommen.",
    },
    guests={
        "confirmation": (
            "Einladung: {meeting} mit {client}, {start}",
            "{client} lädt Sie ein: {meeting} mit {host}",
        ),
        "moved": (
            "Neue Zeit: {meeting} mit {client}, {start}",
            "{meeting} mit {client} und {host} hat eine neue Zeit",
        ),
        "new_link": (
            "Neuer Link: {meeting} mit {client}, {start}",
            "{meeting} mit {client} und {host} hat einen neuen Link",
        ),
        "reassigned": (
            "Neu besetzt: {meeting} mit {client}, {start}",
            "{meeting} mit {client} findet jetzt mit {host} statt",
        ),
        "cancellation": (
            "Abgesagt: {meeting} mit {client}, {start}",
            "{meeting} mit {client} findet nicht statt",
        ),
        "reminder": ("Erinnerung: {meeting} mit {host}, {start}", "{meeting} mit {host} steht bevor"),
    },
    shipped={
        "confirmation": Wording(
            subject="Bestätigt: {meeting} mit {host}, {start}",
            heading="Ihr Termin „{meeting}“ mit {host} ist bestätigt",
            body="{how_to_join}",
            footer="Sie erhalten diese E-Mail, weil Sie einen Termin gebucht haben. Die Einladung ist angehängt.",
        ),
        "reminder": Wording(
            subject="Erinnerung: {meeting} mit {host}, {start}",
            heading="Ihr Termin „{meeting}“ mit {host} steht bevor",
            body="{tested}",
            footer="Sie erhalten diese E-Mail, weil Sie einen Termin gebucht haben.",
        ),
        "moved": Wording(
            subject="Neue Zeit: {meeting} mit {host}, {start}",
            heading="Ihr Termin „{meeting}“ mit {host} hat eine neue Zeit",
            body="{what_changed}",
            footer="Die angehängte Aktualisierung verschiebt den Termin in Ihrem Kalender.",
        ),
        "cancellation": Wording(
            subject="Abgesagt: {meeting} mit {host}, {start}",
            heading="Ihr Termin „{meeting}“ wurde abgesagt",
            body="Abgesagt von {who}.\n\n{freed}",
            footer="Die angehängte Aktualisierung entfernt den Termin aus Ihrem Kalender.",
        ),
        "pending": Wording(
            subject="Angefragt: {meeting} mit {host}, {start}",
            heading="{host} sagt Ihnen, ob diese Zeit passt",
            body=(
                "Die Zeit wird bis {until} für Sie freigehalten. "
                "Sie ist noch nicht bestätigt: Sie erhalten in jedem Fall eine weitere E-Mail."
            ),
            footer="Sie erhalten diese E-Mail, weil Sie einen Termin angefragt haben.",
        ),
        "failed": Wording(
            subject="Nicht gebucht: {meeting} mit {host}, {start}",
            heading="Ihr Termin „{meeting}“ wurde nicht gebucht",
            body=(
                "{why}\n\nEs wurde nichts gebucht, die Zeit ist wieder frei, und Sie müssen nichts absagen."
                "\n\n{what_now}"
            ),
        ),
        "move_failed": Wording(
            subject="Nicht verschoben: {meeting} mit {host} bleibt am {start}",
            heading="Ihr Termin „{meeting}“ wurde nicht verschoben",
            body=(
                "Die neue Zeit, {wanted}, ließ sich nicht bestätigen. {why}\n\n"
                "Ihre Buchung gilt unverändert, mit demselben Link."
            ),
        ),
        "reassigned": Wording(
            subject="Neu besetzt: {meeting} mit {host}, {start}",
            heading="Ihr Termin „{meeting}“ findet jetzt mit {host} statt",
            body="{what_stays}",
            footer="Die angehängte Aktualisierung ändert den Termin in Ihrem Kalender.",
        ),
        "new_link": Wording(
            subject="Neuer Link: {meeting} mit {host}, {start}",
            heading="Ihr Termin „{meeting}“ mit {host} hat einen neuen Link",
            body="Der bisherige Link ging nicht mehr, deshalb wurde ein neuer erstellt und geprüft. Die Zeit bleibt.",
            footer="Die angehängte Aktualisierung trägt den neuen Link in Ihren Kalender ein.",
        ),
        "left": Wording(
            subject="Zurückgegeben: {meeting} mit {host}, {start}",
            heading="Ihr Platz in diesem Termin von „{meeting}“ wurde zurückgegeben",
            body=(
                "Sie haben jetzt einen Platz in einem anderen Termin; dessen Zeit und Einladung stehen in einer "
                "eigenen E-Mail."
            ),
            footer="Die angehängte Aktualisierung entfernt den alten Termin aus Ihrem Kalender.",
        ),
    },
)
