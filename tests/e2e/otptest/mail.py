"""Makers of mails (bytes, CRLF) and text messages. Every name in them is reserved by RFC 2606."""

import base64
import itertools
import quopri
import time
from email.utils import formatdate

_ids = itertools.count(1)

WORDS = {
    "en": ("Your verification code", "Hello,", "Your verification code is", "It is valid for 10 minutes.",
           "If you did not ask for it, ignore this mail."),
    "tr": ("Doğrulama kodunuz", "Merhaba,", "Doğrulama kodunuz:", "Kod 10 dakika geçerlidir.",
           "Bu isteği siz yapmadıysanız bu iletiyi dikkate almayın."),
    "de": ("Ihr Bestätigungscode", "Guten Tag,", "Ihr Bestätigungscode lautet:", "Er ist 10 Minuten gültig.",
           "Wenn Sie ihn nicht angefordert haben, ignorieren Sie diese Nachricht."),
}


def message(body, *headers, to="bot1@example.com", subject="Your verification code",
            sender="Example Service <no-reply@example.org>", date=None, message_id=None):
    """A mail of these parts. `body` is bytes; `headers` are whole lines such as "X-Test: 1"."""
    message_id = message_id or f"<{time.time_ns()}.{next(_ids)}@example.org>"
    lines = [f"From: {sender}", f"To: {to}", f"Subject: {_word(subject)}", f"Date: {formatdate(date)}",
             f"Message-ID: {message_id}", "MIME-Version: 1.0", *headers]
    return _crlf("\n".join(lines).encode() + b"\n\n" + body)


def plain(code, to="bot1@example.com", lang="en", **more):
    """text/plain, 8 bit."""
    return _text(_paragraphs(code, lang), "8bit", lambda data: data, to, lang, **more)


def quoted_printable(code, to="bot1@example.com", lang="tr", **more):
    return _text(_paragraphs(code, lang), "quoted-printable", quopri.encodestring, to, lang, **more)


def base64_utf8(code, to="bot1@example.com", lang="tr", **more):
    return _text(_paragraphs(code, lang), "base64", base64.encodebytes, to, lang, **more)


def html(code, to="bot1@example.com", lang="en", **more):
    """multipart/alternative with a plain part that has no code and the usual table-heavy HTML, quoted-printable."""
    subject, hello, says, valid, ignore = WORDS[lang]
    page = f"""<!doctype html><html lang="{lang}"><head><meta charset="utf-8"><title>{subject}</title>
<style>body {{ font: 14px/1.5 Arial; color: #333333 }} .code {{ font-size: 32px; color: #202020 }}</style></head>
<body bgcolor="#f4f4f4"><table width="600" cellpadding="0"><tr><td style="padding:24px 16px">
<p>{hello}</p><p>{says}</p><p class="code"><b>{code}</b></p><p>{valid}</p><p>{ignore}</p>
<p><a href="https://www.example.org/help?id=20260101">www.example.org</a> &copy; Example Service</p>
</td></tr></table></body></html>
"""
    body = (f"--=_part\nContent-Type: text/plain; charset=utf-8\n\nThis mail needs an HTML reader.\n"
            f"--=_part\nContent-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\n"
            ).encode() + quopri.encodestring(page.encode()) + b"\n--=_part--\n"
    return message(body, 'Content-Type: multipart/alternative; boundary="=_part"', to=to,
                   **{"subject": subject, **more})


def subject_only(code, to="bot1@example.com", lang="en", **more):
    """The code stands in the subject alone."""
    subject = f"{WORDS[lang][2].rstrip(':')}: {code}"
    return _text(WORDS[lang][1] + "\n", "8bit", lambda data: data, to, lang, **{"subject": subject, **more})


def no_code(to="bot1@example.com", lang="en", **more):
    """A mail that carries no code at all, and no keyword for one."""
    text = "Hello,\n\nthank you for your visit. We are open from nine to five.\n"
    return _text(text, "8bit", lambda data: data, to, lang, **{"subject": "Our opening hours", **more})


def two_codes(first, second, to="bot1@example.com", lang="en", **more):
    """Two different codes with the same words around them: ambiguous."""
    says = WORDS[lang][2]
    return _text(f"{says} {first}\n\n{says} {second}\n", "8bit", lambda data: data, to, lang, **more)


def big(code, to="bot1@example.com", megabytes=25, lang="en", **more):
    """A text with a code in front of an attachment that makes the mail that large on the wire."""
    line = base64.b64encode(bytes(range(57))) + b"\r\n"
    attachment = line * (megabytes * 1024 * 1024 // len(line))
    body = (b"--=_part\nContent-Type: text/plain; charset=utf-8\n\n" + _paragraphs(code, lang).encode()
            + b"\n--=_part\nContent-Type: application/octet-stream\nContent-Transfer-Encoding: base64\n"
              b'Content-Disposition: attachment; filename="a.bin"\n\n')
    head = message(body, 'Content-Type: multipart/mixed; boundary="=_part"', to=to, **more)
    return head + attachment + b"--=_part--\r\n"


def stamped(mail, *headers):
    """Puts header lines and a Received above a mail, as a receiving provider does."""
    return _crlf("".join(f"{header}\n" for header in headers).encode()
                 + b"Received: from mx.example.org by mx.example.com with ESMTPS; "
                 + formatdate().encode() + b"\n") + mail


def sms_text(code, lang="en"):
    return {"en": f"{code} is your Example verification code. Do not share it.",
            "tr": f"Example doğrulama kodunuz: {code}. Kimseyle paylaşmayınız.",
            "de": f"Ihr Example Bestätigungscode lautet {code}. Nicht weitergeben."}[lang]


def codes(count, digits=6):
    """That many different codes, none of which looks like a year or a round number."""
    return [str((7919 * (index + 13)) % 10**digits).zfill(digits) for index in range(count)]


def _paragraphs(code, lang):
    _, hello, says, valid, ignore = WORDS[lang]
    return f"{hello}\n\n{says} {code}\n\n{valid}\n{ignore}\n"


def _text(text, encoding, encode, to, lang, **more):
    return message(encode(text.encode()), "Content-Type: text/plain; charset=utf-8",
                   f"Content-Transfer-Encoding: {encoding}", to=to, **{"subject": WORDS[lang][0], **more})


def _word(text):
    if text.isascii():
        return text
    return f"=?utf-8?B?{base64.b64encode(text.encode()).decode()}?="


def _crlf(data):
    return data.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
