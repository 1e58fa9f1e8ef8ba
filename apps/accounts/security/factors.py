"""Second factors as people add, use and lose them; each act is audited, no secret is."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.accounts import lockout, tokens
from apps.accounts.audit import record_audit
from apps.accounts.models import AuthenticatorApp, Passkey, RecoveryCode, User
from apps.accounts.security import policy, recovery, totp, webauthn
from dce_portal import sealing
from dce_portal.errors import Conflict, InvalidInput, NotAuthenticated
from dce_portal.operations import Target
from dce_portal.origin import Origin
from dce_portal.secret import Secret

MOST_PASSKEYS = 20


@dataclass(frozen=True, slots=True)
class Factors:
    """What a person has, for their page."""

    app: AuthenticatorApp | None
    passkeys: tuple[Passkey, ...]
    codes_left: int

    @property
    def is_protected(self) -> bool:
        """Whether a second factor is asked for."""
        return self.app is not None or bool(self.passkeys)


def factors_of(person: User) -> Factors:
    """Read them."""
    codes = RecoveryCode.objects.filter(owner=person, used_at__isnull=True)
    return Factors(
        app=AuthenticatorApp.objects.filter(owner=person).first(),
        passkeys=tuple(Passkey.objects.filter(owner=person)),
        codes_left=codes.count(),
    )


def add_app(person: User, secret: Secret, code: str, *, origin: Origin) -> list[str]:
    """Keep an app that has shown a right code; the recovery codes where these are the first, else none."""
    step = totp.matching_step(secret.reveal(), code, now_s=time.time())
    if step is None:
        message = _("This code does not fit; check the phone's clock, and type the newest code.")
        raise InvalidInput(message, field="code")
    with transaction.atomic():
        AuthenticatorApp.objects.filter(owner=person).delete()
        sealed = sealing.seal(secret)
        AuthenticatorApp.objects.create(owner=person, sealed_secret=sealed, last_step=step)
        _note("authenticator_app.add", person, origin)
        return _first_codes(person, origin)


def remove_app(person: User, *, origin: Origin) -> None:
    """Let the app go."""
    with transaction.atomic():
        _refuse_last(person, others=Passkey.objects.filter(owner=person).exists())
        AuthenticatorApp.objects.filter(owner=person).delete()
        _note("authenticator_app.remove", person, origin)
        _forget_codes_without_factor(person)


def add_passkey(
    person: User, key: webauthn.NewKey, *, name: str, host: str, origin: Origin
) -> list[str]:
    """Keep a passkey; the recovery codes where these are the first, else none."""
    if Passkey.objects.filter(owner=person).count() >= MOST_PASSKEYS:
        raise Conflict(_("You have as many passkeys as one person may; remove one first."))
    if Passkey.objects.filter(credential_id=key.credential_id).exists():
        raise Conflict(_("This passkey is here already."))
    with transaction.atomic():
        Passkey.objects.create(
            owner=person,
            name=name,
            host=host,
            credential_id=key.credential_id,
            public_data=key.public_data,
            sign_count=key.sign_count,
        )
        _note("passkey.add", person, origin, name=name)
        return _first_codes(person, origin)


def remove_passkey(person: User, pk: int, *, origin: Origin) -> None:
    """Let one go; one that is not there is gone already."""
    with transaction.atomic():
        others = Passkey.objects.filter(owner=person).exclude(pk=pk).exists()
        has_app = AuthenticatorApp.objects.filter(owner=person).exists()
        _refuse_last(person, others=others or has_app)
        found = Passkey.objects.filter(owner=person, pk=pk).first()
        if found is not None:
            found.delete()
            _note("passkey.remove", person, origin, name=found.name)
            _forget_codes_without_factor(person)


def renew_codes(person: User, *, origin: Origin) -> list[str]:
    """New recovery codes; the old ones end."""
    if not policy.has_second_factor(person):
        raise Conflict(_("Recovery codes stand in for a second factor; set one up first."))
    with transaction.atomic():
        return _new_codes(person, origin)


def reset(person: User, *, origin: Origin) -> None:
    """An administrator takes away every factor of somebody who has lost theirs, and what they had linked."""
    with transaction.atomic():
        for model in (AuthenticatorApp, Passkey, RecoveryCode):
            model.objects.filter(owner=person).delete()
        if person.source == User.Source.PORTAL:
            SocialAccount.objects.filter(user=person).delete()
        _note("second_factor.reset", person, origin)


def prove_by_code(person: User, code: str, *, origin: Origin) -> str:
    """Check an app's code or a recovery code, once; `app` or `recovery`, or NotAuthenticated."""
    name = _lockout_name(person)
    _refuse_if_locked(name)
    method = _method_of(person, code)
    if method is None:
        lockout.count_failure(name, code, address=None)
        record_audit("second_factor.prove", origin=origin, target=_target(person), result="denied")
        raise NotAuthenticated(_("This code does not fit, or was used already; take the next one."))
    lockout.forget_failures(name, address=None)
    if method == "recovery":
        left = RecoveryCode.objects.filter(owner=person, used_at__isnull=True).count()
        _note("recovery_code.use", person, origin, left=left)
    return method


def prove_by_passkey(passkey: Passkey, proof: webauthn.Proof) -> None:
    """Take a proof once: a counter that does not rise tells of a copied key."""
    rows = Passkey.objects.filter(pk=passkey.pk)
    if passkey.sign_count or proof.sign_count:
        rows = rows.filter(sign_count__lt=proof.sign_count)
    if not rows.update(sign_count=proof.sign_count, last_used_at=timezone.now()):
        raise NotAuthenticated(
            _("This passkey seems to be a copy; remove it, and sign in by another way.")
        )


@contextmanager
def refusals_noted(passkey: Passkey, *, origin: Origin) -> Iterator[None]:
    """Write to the audit that a passkey was shown and refused."""
    try:
        yield
    except NotAuthenticated:
        target, detail = _target(passkey.owner), {"passkey": passkey.name}
        record_audit(
            "second_factor.prove", origin=origin, target=target, result="denied", detail=detail
        )
        raise


def _method_of(person: User, code: str) -> str | None:
    if recovery.looks_like_one(code):
        return "recovery" if _takes_recovery_code(person, code) else None
    return "app" if _takes_app_code(person, code) else None


def _takes_app_code(person: User, code: str) -> bool:
    """True once for each step: whichever process raises `last_step` has used the code up."""
    app = AuthenticatorApp.objects.filter(owner=person).first()
    secret = sealing.unseal(app.sealed_secret) if app else None
    if app is None or secret is None:
        return False
    step = totp.matching_step(secret.reveal(), code, now_s=time.time())
    if step is None:
        return False
    unused = AuthenticatorApp.objects.filter(pk=app.pk, last_step__lt=step)
    return bool(unused.update(last_step=step, last_used_at=timezone.now()))


def _takes_recovery_code(person: User, code: str) -> bool:
    unused = RecoveryCode.objects.filter(
        owner=person, digest=_digest(person, code), used_at__isnull=True
    )
    return policy.has_second_factor(person) and bool(unused.update(used_at=timezone.now()))


def _refuse_if_locked(name: str) -> None:
    seconds = lockout.seconds_to_wait(name, address=None)
    if seconds:
        message = _("Too many wrong codes; try again in %(seconds)d s.") % {"seconds": seconds}
        raise lockout.LockedOut(message)


def _refuse_last(person: User, *, others: bool) -> None:
    if not others and policy.is_required(person):
        raise Conflict(
            _("A second factor is required of you; add another one before you remove this one.")
        )


def _first_codes(person: User, origin: Origin) -> list[str]:
    has_codes = RecoveryCode.objects.filter(owner=person, used_at__isnull=True).exists()
    return [] if has_codes else _new_codes(person, origin)


def _new_codes(person: User, origin: Origin) -> list[str]:
    codes = recovery.new_codes()
    RecoveryCode.objects.filter(owner=person).delete()
    RecoveryCode.objects.bulk_create(
        RecoveryCode(owner=person, digest=_digest(person, code)) for code in codes
    )
    _note("recovery_codes.make", person, origin)
    return codes


def _forget_codes_without_factor(person: User) -> None:
    if not policy.has_second_factor(person):
        RecoveryCode.objects.filter(owner=person).delete()


def _digest(person: User, code: str) -> str:
    pepper = tokens.pepper_of(settings.SECRET_KEY)
    return tokens.digest_of("recovery", str(person.pk), recovery.plain(code), pepper=pepper)


def _lockout_name(person: User) -> str:
    """No user name has a NUL, so that this is nobody's."""
    return f"second-factor\0{person.pk}"


def _target(person: User) -> Target:
    return Target("user", str(person.pk), person.get_username())


def _note(action: str, person: User, origin: Origin, **detail: object) -> None:
    record_audit(action, origin=origin, target=_target(person), detail=detail)
