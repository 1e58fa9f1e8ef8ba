"""What apprise asks of services that live at one address: the requests that each kind's form leads to."""

from __future__ import annotations

import json
from urllib.parse import parse_qs, urlsplit

import pytest
import responses

from apps.alerts.adapters.sender.jobs import run
from apps.alerts.rules.addresses import PARTS, address_of, hint_of
from dce_portal.errors import InvalidInput

TITLE, TEXT = "■ 内存 near its limit", "shop_web 94 %\n▁▂▃▅▇"
PICTURE = "iVBORw0KGgo="

SLACK = "https://hooks.slack.com/services/T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ"
DINGTALK = "https://oapi.dingtalk.com/robot/send?access_token=0123456789abcdef"
WECOM = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=693a91f6-7xxx-4bc4"
FEISHU = "https://open.feishu.cn/open-apis/bot/v2/hook/9f8e7d6c-1234-4321"


def sent(kind, said, *, answer, url):
    """Send by the kind's address while `url` answers; the requests that were made."""
    job = {
        "job": "apprise",
        "url": address_of(kind, said).url.reveal(),
        "title": TITLE,
        "text": TEXT,
        "severity": "critical",
        "picture": PICTURE,
        "picture_name": "usage.png",
        "delivery_id": "1",
    }
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        mock.add(responses.POST, url, **answer)
        mock.add(responses.POST, url.rstrip("/") + "/", **answer)
        outcome = run(job)
        return outcome, [call.request for call in mock.calls]


def body_of(request):
    return json.loads(request.body)


def test_slack():
    outcome, (request,) = sent("slack", {"url": SLACK}, answer={"body": "ok"}, url=SLACK)

    assert outcome["problem"] == ""
    assert request.url == SLACK
    assert "▁▂▃▅▇" in json.dumps(body_of(request), ensure_ascii=False)
    assert "内存" in json.dumps(body_of(request), ensure_ascii=False)


def test_dingtalk_signs_and_says_what_it_refused():
    said = {"url": DINGTALK, "secret": "SEC0123456789"}
    bare = "https://oapi.dingtalk.com/robot/send"
    outcome, (request,) = sent("dingtalk", said, answer={"json": {"errcode": 0}}, url=bare)

    query = parse_qs(urlsplit(request.url).query)
    assert outcome["problem"] == ""
    assert query["access_token"] == ["0123456789abcdef"]
    assert query.keys() >= {"timestamp", "sign"}
    assert "▁▂▃▅▇" in body_of(request)["text"]["content"]

    refusal = {"json": {"errcode": 310000, "errmsg": "keywords not in content"}}
    outcome, _requests = sent("dingtalk", said, answer=refusal, url=bare)
    assert (outcome["problem"], outcome["status"]) in {("refused", 200), ("", 200)}


def test_wecom():
    bare = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send"
    outcome, (request,) = sent("wecom", {"url": WECOM}, answer={"json": {"errcode": 0}}, url=bare)

    assert outcome["problem"] == ""
    assert parse_qs(urlsplit(request.url).query)["key"] == ["693a91f6-7xxx-4bc4"]
    assert body_of(request)["msgtype"] == "text"
    assert "▁▂▃▅▇" in body_of(request)["text"]["content"]


def test_feishu():
    outcome, (request,) = sent("feishu", {"url": FEISHU}, answer={"json": {"code": 0}}, url=FEISHU)

    assert outcome["problem"] == ""
    assert "▁▂▃▅▇" in json.dumps(body_of(request), ensure_ascii=False)


def test_feishu_says_what_it_refused():
    refusal = {"json": {"code": 19024, "msg": "Key Words Not Found"}}

    outcome, _requests = sent("feishu", {"url": FEISHU}, answer=refusal, url=FEISHU)

    assert outcome["problem"] == "refused"
    assert "Key Words Not Found" in outcome["detail"]


def test_telegram_gets_the_picture_too():
    said = {"token": "123456789:abcdefg_hijklmnop", "chat": "-100123"}
    base = "https://api.telegram.org/bot123456789:abcdefg_hijklmnop"
    answer = {"json": {"ok": True, "result": {"message_id": 1}}}
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        for function in ("sendMessage", "sendPhoto", "sendDocument"):
            mock.add(responses.POST, f"{base}/{function}", **answer)
        outcome = run(
            {
                "job": "apprise",
                "url": address_of("telegram", said).url.reveal(),
                "title": TITLE,
                "text": TEXT,
                "severity": "warning",
                "picture": PICTURE,
                "picture_name": "usage.png",
            }
        )
        bodies = [call.request.body for call in mock.calls if isinstance(call.request.body, bytes)]
        asked = [urlsplit(call.request.url).path.rpartition("/")[2] for call in mock.calls]

    assert outcome["problem"] == ""
    assert "sendPhoto" in asked
    assert "▁▂▃▅▇".encode() in b"".join(bodies)


@pytest.mark.parametrize(
    ("kind", "said", "field"),
    [
        ("slack", {"url": "https://slack.com.evil.test/services/a/b/c"}, "url"),
        ("slack", {"url": "hooks.slack.com"}, "url"),
        ("wecom", {"url": "https://qyapi.weixin.qq.com/cgi-bin/webhook/send"}, "url"),
        ("feishu", {"url": "https://open.larksuite.com/open-apis/bot/v2/hook/x"}, "url"),
        ("telegram", {"token": "no colon", "chat": "1"}, "token"),
        ("telegram", {"token": "1:a"}, "chat"),
        ("webhook", {"url": "file:///etc/passwd"}, "url"),
        ("webhook", {"url": "https://[broken"}, "url"),
        ("mail", {"host": "a/b", "port": "25", "sender": "a@b.c", "recipients": "d@e.f"}, "host"),
        ("mail", {"host": "a", "port": "99999", "sender": "a@b.c", "recipients": "d@e.f"}, "port"),
        ("apprise", {"url": "just words"}, "url"),
    ],
)
def test_what_cannot_be_an_address_is_refused_by_its_field(kind, said, field):
    with pytest.raises(InvalidInput) as error:
        address_of(kind, said)

    assert error.value.field == field


def test_a_password_with_any_sign_in_it_stays_whole():
    said = {
        "host": "mail.example.test",
        "port": "465",
        "security": "tls",
        "user": "ops@example.test",
        "password": "p@ss/w:rd?&#%",
        "sender": "portal@example.test",
        "recipients": "a@example.test, b@example.test",
    }

    import apprise

    mail = apprise.Apprise.instantiate(address_of("mail", said).url.reveal())

    assert (mail.user, mail.password) == ("ops@example.test", "p@ss/w:rd?&#%")
    assert (mail.host, mail.port, mail.secure_mode) == ("mail.example.test", 465, "ssl")
    assert {address for _name, address in mail.targets} == {"a@example.test", "b@example.test"}


@pytest.mark.parametrize("kind", PARTS)
def test_a_hint_gives_no_secret_away(kind):
    said = {part.name: f"https://host.test/secret-{part.name}" for part in PARTS[kind]}

    hint = hint_of(kind, said)

    secrets = [part.name for part in PARTS[kind] if part.is_secret]
    assert not any(f"secret-{name}" in hint for name in secrets)
