"""Portuguese (of Portugal): the shipped words of clients' mails."""

from datetime import datetime

from booking.messages.languages.language import Language
from booking.messages.wording import Wording

_DAYS = (
    "segunda-feira", "terça-feira", "quarta-feira", "quinta-feira", "sexta-feira", "sábado", "domingo",
)  # fmt: skip
_MONTHS = (
    "janeiro", "fevereiro", "março", "abril", "maio", "junho", "julho", "agosto", "setembro", "outubro",
    "novembro", "dezembro",
)  # fmt: skip


def _long(local: datetime) -> str:
    day = f"{_DAYS[local.weekday()]}, {local.day} de {_MONTHS[local.month - 1]} de {local.year}"
    return day[0].upper() + day[1:]


def _short(local: datetime) -> str:
    return f"{_DAYS[local.weekday()][:3]}., {local.day:02}/{local.month:02}/{local.year}"


PORTUGUESE = Language(
    code="pt",
    name="Português",
    long_day=_long,
    short_day=_short,
    phrases={
        "and": "e",
        "clock": "",
        "join": "Entrar",
        "change_or_cancel": "Alterar ou cancelar",
        "book_again": "Marcar outra hora",
        "choose_another": "Escolher outra hora",
        "take": "Ficar com {start}",
        "your_booking": "A sua marcação",
        "meeting": "Reunião",
        "with": "Com",
        "where": "Local",
        "phone": "Telefone",
        "as_agreed": "como combinado",
        "room": "Sala",
        "seat": "Lugar",
        "all_dates": "Todas as datas desta série",
        "series": "Série",
        "series_dates": "{count} datas, cada uma confirmada por um e-mail próprio",
        "guests": "Convidados",
        "booked_by": "Marcada por",
        "before": "Antes",
        "with_host": "com {host}",
        "reason": "Motivo",
        "cancelled_at": "Cancelada: {when}",
        "given_back_at": "Devolvida: {when}",
        "not_booked_at": "Não marcada: {when}",
        "asked_for_at": "Pedida: {when}",
        "see_how": "Ver o estado",
        "declined": "{host} não pôde aceitar esta hora.",
        "they_wrote": "A resposta: «{reason}»",
        "unanswered": "{host} não respondeu a tempo, por isso a hora foi devolvida.",
        "still_at": "Mantém-se: {when}",
        "you": "si",
        "how_to_join": "Abra a ligação no seu navegador; a sala abre dez minutos antes do início.",
        "tested": "A ligação foi testada quando este e-mail foi escrito.",
        "tested_room": (
            "A ligação foi testada quando este e-mail foi escrito; a sala abre dez minutos antes do início."
        ),
        "time_changed": "A hora antiga está de novo livre; as ligações anteriores desta marcação já não funcionam.",
        "seat_changed": (
            "O seu lugar na sessão antiga foi devolvido; as ligações anteriores desta marcação já não funcionam."
        ),
        "link": "Ligação",
        "link_is_new": "uma nova; a ligação anterior já não leva a esta reunião",
        "time_stays": "A hora mantém-se. A ligação é nova: entre pela ligação que está neste e-mail.",
        "place_stays": "A hora e o local mantêm-se.",
        "seat_freed": "O seu lugar foi devolvido.",
        "time_freed": "A hora está de novo livre e a ligação da reunião já não funciona.",
        "with_alternatives": "Estas horas estavam livres quando este e-mail foi escrito:",
        "without_alternatives": "Escolha outra hora ou responda a este e-mail para falar com {host}.",
        "guest_footer": "Recebe este e-mail porque {client} o indicou como convidado. O convite vai em anexo.",
        "guest_gone_footer": "A atualização em anexo retira a reunião do seu calendário.",
        "guest_reminder_footer": "Recebe este e-mail porque {client} o indicou como convidado.",
        "guest_with": "{host} e {client}",
        "text_confirmed": "{business}: {meeting} com {host} confirmado para {start}.",
        "text_moved": "{business}: {meeting} com {host} tem nova hora, {start}.",
        "text_cancelled": "{business}: {meeting} com {host}, {start}, foi cancelado.",
        "text_reminder": "{business}: {meeting} com {host} aproxima-se, {start}.",
    },
    reasons={
        "slot_taken": "Alguém ficou com esta hora há momentos.",
        "host_busy": "Esta hora está ocupada.",
        "calendar_busy": "Entretanto, esta hora ficou ocupada.",
        "calendar_stale": "Neste momento não é possível ler o calendário.",
        "seats_full": "O último lugar foi ocupado.",
        "link_unverified": "Não foi possível criar uma ligação que funcione para a reunião.",
        "hold_expired": "A hora estava reservada para si, mas a reserva expirou.",
        "tenant_paused": "Neste momento não são aceites marcações.",
    },
    guests={
        "confirmation": (
            "Convite: {meeting} com {client}, {start}",
            "{client} convida-o para {meeting} com {host}",
        ),
        "moved": (
            "Nova hora: {meeting} com {client}, {start}",
            "{meeting} com {client} e {host} tem uma nova hora",
        ),
        "new_link": (
            "Nova ligação: {meeting} com {client}, {start}",
            "{meeting} com {client} e {host} tem uma nova ligação",
        ),
        "reassigned": (
            "Novo anfitrião: {meeting} com {client}, {start}",
            "{meeting} com {client} passa a ser com {host}",
        ),
        "cancellation": (
            "Cancelada: {meeting} com {client}, {start}",
            "{meeting} com {client} já não se realiza",
        ),
        "reminder": ("Lembrete: {meeting} com {host}, {start}", "{meeting} com {host} está a chegar"),
    },
    shipped={
        "confirmation": Wording(
            subject="Confirmada: {meeting} com {host}, {start}",
            heading="A sua reunião «{meeting}» com {host} está confirmada",
            body="{how_to_join}",
            footer="Recebe este e-mail porque marcou uma reunião. O convite vai em anexo.",
        ),
        "reminder": Wording(
            subject="Lembrete: {meeting} com {host}, {start}",
            heading="A sua reunião «{meeting}» com {host} está a chegar",
            body="{tested}",
            footer="Recebe este e-mail porque marcou uma reunião.",
        ),
        "moved": Wording(
            subject="Nova hora: {meeting} com {host}, {start}",
            heading="A sua reunião «{meeting}» com {host} tem uma nova hora",
            body="{what_changed}",
            footer="A atualização em anexo muda a reunião no seu calendário.",
        ),
        "cancellation": Wording(
            subject="Cancelada: {meeting} com {host}, {start}",
            heading="A sua reunião «{meeting}» foi cancelada",
            body="Cancelada por {who}.\n\n{freed}",
            footer="A atualização em anexo retira a reunião do seu calendário.",
        ),
        "pending": Wording(
            subject="Pedida: {meeting} com {host}, {start}",
            heading="{host} vai dizer-lhe se esta hora serve",
            body=(
                "A hora fica guardada para si até {until}. "
                "Ainda não está confirmada: recebe outro e-mail em qualquer caso."
            ),
            footer="Recebe este e-mail porque pediu uma reunião.",
        ),
        "failed": Wording(
            subject="Não marcada: {meeting} com {host}, {start}",
            heading="A sua reunião «{meeting}» não foi marcada",
            body="{why}\n\nNada foi marcado, a hora foi devolvida e não precisa de cancelar nada.\n\n{what_now}",
        ),
        "move_failed": Wording(
            subject="Não alterada: {meeting} com {host} mantém-se em {start}",
            heading="A hora da sua reunião «{meeting}» não mudou",
            body=(
                "Não foi possível confirmar a nova hora, {wanted}. {why}\n\n"
                "A sua marcação mantém-se como estava, com a mesma ligação."
            ),
        ),
        "reassigned": Wording(
            subject="Novo anfitrião: {meeting} com {host}, {start}",
            heading="A sua reunião «{meeting}» passa a ser com {host}",
            body="{what_stays}",
            footer="A atualização em anexo altera a reunião no seu calendário.",
        ),
        "new_link": Wording(
            subject="Nova ligação: {meeting} com {host}, {start}",
            heading="A sua reunião «{meeting}» com {host} tem uma nova ligação",
            body="A ligação anterior deixou de funcionar, por isso foi criada e testada uma nova. A hora mantém-se.",
            footer="A atualização em anexo põe a nova ligação no seu calendário.",
        ),
        "left": Wording(
            subject="Devolvida: {meeting} com {host}, {start}",
            heading="O seu lugar nesta sessão de «{meeting}» foi devolvido",
            body="Tem agora um lugar noutra sessão; outro e-mail traz a hora e o convite.",
            footer="A atualização em anexo retira a sessão antiga do seu calendário.",
        ),
    },
)
