"""What each kind of channel asks a person for, and the address that is made of it. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs, quote, urlencode, urlsplit

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.alerts.ports.notifier import APPRISE, WEBHOOK, Address
from dce_portal.errors import InvalidInput
from dce_portal.secret import Secret

STARTTLS, TLS, PLAIN = "starttls", "tls", "none"
Said = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One thing that a form asks for; a secret one is never shown again."""

    name: str
    label: str | Promise
    help: str | Promise = ""
    is_secret: bool = False
    is_required: bool = True
    default: str = ""
    choices: tuple[tuple[str, str | Promise], ...] = ()


PARTS: dict[str, tuple[Part, ...]] = {
    "mail": (
        Part(name="host", label=gettext_lazy("Mail server")),
        Part(name="port", label=gettext_lazy("Port"), default="587", is_required=False),
        Part(
            name="security",
            label=gettext_lazy("Encryption"),
            default=STARTTLS,
            is_required=False,
            choices=(
                (STARTTLS, gettext_lazy("STARTTLS (usually port 587)")),
                (TLS, gettext_lazy("TLS from the start (usually port 465)")),
                (PLAIN, gettext_lazy("none: everything is sent in clear")),
            ),
        ),
        Part(name="user", label=gettext_lazy("User"), is_required=False),
        Part(name="password", label=gettext_lazy("Password"), is_secret=True, is_required=False),
        Part(name="sender", label=gettext_lazy("From")),
        Part(
            name="recipients",
            label=gettext_lazy("To"),
            help=gettext_lazy("Mail addresses with commas between."),
        ),
    ),
    "webhook": (
        Part(
            name="url",
            label=gettext_lazy("Address"),
            help=gettext_lazy("http:// or https://; it gets a POST with JSON."),
            is_secret=True,
        ),
        Part(
            name="key",
            label=gettext_lazy("Key for the signature"),
            help=gettext_lazy(
                "With one, X-DCE-Signature holds HMAC-SHA256 over X-DCE-Timestamp, a dot and the body."
            ),
            is_secret=True,
            is_required=False,
        ),
    ),
    "slack": (
        Part(
            name="url",
            label=gettext_lazy("Webhook"),
            help=gettext_lazy("https://hooks.slack.com/services/… of an incoming webhook."),
            is_secret=True,
        ),
    ),
    "telegram": (
        Part(
            name="token",
            label=gettext_lazy("Bot's token"),
            help=gettext_lazy("What BotFather said: digits, a colon, letters."),
            is_secret=True,
        ),
        Part(
            name="chat",
            label=gettext_lazy("Chat"),
            help=gettext_lazy("Its number, with the minus of a group, or @name of a channel."),
        ),
    ),
    "dingtalk": (
        Part(
            name="url",
            label=gettext_lazy("Robot's webhook"),
            help=gettext_lazy("https://oapi.dingtalk.com/robot/send?access_token=…"),
            is_secret=True,
        ),
        Part(
            name="secret",
            label=gettext_lazy("Secret for the signature"),
            help=gettext_lazy(
                "SEC…, where the robot's security setting is “additional signature”."
            ),
            is_secret=True,
            is_required=False,
        ),
    ),
    "wecom": (
        Part(
            name="url",
            label=gettext_lazy("Robot's webhook"),
            help=gettext_lazy("https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=…"),
            is_secret=True,
        ),
    ),
    "feishu": (
        Part(
            name="url",
            label=gettext_lazy("Robot's webhook"),
            help=gettext_lazy(
                "https://open.feishu.cn/open-apis/bot/v2/hook/…; of its security settings use a keyword"
                " or addresses, not the signature."
            ),
            is_secret=True,
        ),
    ),
    "apprise": (
        Part(
            name="url",
            label=gettext_lazy("Apprise address"),
            help=gettext_lazy(
                "As apprise writes it: discord://…, msteams://…, gotify://…, ntfy://…, and a hundred more."
            ),
            is_secret=True,
        ),
    ),
}


def address_of(kind: str, said: Said) -> Address:
    """Where messages go; InvalidInput names the part that cannot be used."""
    for part in PARTS[kind]:
        if part.is_required and not said.get(part.name):
            raise InvalidInput(_("This is needed."), field=part.name)
    return _MAKERS[kind](said)


def hint_of(kind: str, said: Said) -> str:
    """Where to, in words that give nothing away."""
    if kind == "mail":
        return f"{said['recipients']} ({said['host']})"[:120]
    if kind == "telegram":
        return said["chat"][:120]
    parts = urlsplit(said["url"])
    return f"{parts.scheme}://…" if kind == "apprise" else (parts.hostname or "")[:120]


def _mail(said: Said) -> Address:
    port = said.get("port") or "587"
    if not port.isdigit() or not 0 < int(port) < 65536:
        raise InvalidInput(_("A port is a number up to 65535."), field="port")
    host = said["host"].strip()
    if any(mark in host for mark in "/@?#: "):
        raise InvalidInput(_("Give the name or address alone, without port."), field="host")
    security = said.get("security") or STARTTLS
    scheme = "mailto" if security == PLAIN else "mailtos"
    query = {"from": said["sender"], "to": said["recipients"].replace(" ", "")}
    if security != PLAIN:
        query["mode"] = "ssl" if security == TLS else "starttls"
    user = _credentials(said.get("user", ""), said.get("password", ""))
    return _by_apprise(f"{scheme}://{user}{host}:{port}/?{urlencode(query)}")


def _credentials(user: str, password: str) -> str:
    return f"{quote(user, safe='')}:{quote(password, safe='')}@" if user else ""


def _webhook(said: Said) -> Address:
    _web_host(said["url"])
    key = said.get("key")
    return Address(WEBHOOK, Secret(said["url"]), Secret(key) if key else None)


def _slack(said: Said) -> Address:
    _web_host(said["url"], expected="slack.com")
    return _by_apprise(said["url"])


def _telegram(said: Said) -> Address:
    token, chat = said["token"].strip(), said["chat"].strip()
    number, colon, rest = token.partition(":")
    if not (number.isdigit() and colon and rest):
        raise InvalidInput(_("A bot's token is digits, a colon and letters."), field="token")
    return _by_apprise(f"tgram://{quote(token, safe=':')}/{quote(chat, safe='@-')}/")


def _dingtalk(said: Said) -> Address:
    token = _of_query(said["url"], "access_token", host="dingtalk.com")
    secret = said.get("secret", "").strip()
    signed = f"{quote(secret, safe='')}@" if secret else ""
    return _by_apprise(f"dingtalk://{signed}{quote(token, safe='')}/")


def _wecom(said: Said) -> Address:
    return _by_apprise(f"wecombot://{_of_query(said['url'], 'key', host='weixin.qq.com')}")


def _feishu(said: Said) -> Address:
    _web_host(said["url"], expected="feishu.cn")
    token = urlsplit(said["url"]).path.rstrip("/").rpartition("/")[2]
    return _by_apprise(f"feishu://{quote(token, safe='')}/")


def _any(said: Said) -> Address:
    if "://" not in said["url"]:
        raise InvalidInput(_("An address begins with the service's name and ://."), field="url")
    return _by_apprise(said["url"].strip())


def _by_apprise(url: str) -> Address:
    return Address(APPRISE, Secret(url))


def _of_query(url: str, name: str, *, host: str) -> str:
    _web_host(url, expected=host)
    values = parse_qs(urlsplit(url).query).get(name)
    if not values:
        raise InvalidInput(_("There is no %(name)s in this address.") % {"name": name}, field="url")
    return values[0]


def _web_host(url: str, *, expected: str = "") -> str:
    """The host of a web address, which belongs to `expected` where that is named."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        parts, host = urlsplit(""), ""
    if parts.scheme not in {"http", "https"} or not host:
        raise InvalidInput(_("Enter a whole address that begins with https://."), field="url")
    if expected and not (host == expected or host.endswith(f".{expected}")):
        raise InvalidInput(
            _("An address of %(host)s is expected here.") % {"host": expected}, field="url"
        )
    return host


_MAKERS: dict[str, Callable[[Said], Address]] = {
    "mail": _mail,
    "webhook": _webhook,
    "slack": _slack,
    "telegram": _telegram,
    "dingtalk": _dingtalk,
    "wecom": _wecom,
    "feishu": _feishu,
    "apprise": _any,
}
