"""The test house around real servers (Python 3.11, standard library only).

  until, free_port      bounded waiting and ports           (util)
  Authority             a CA made on the spot               (tls)
  Dovecot               a private Dovecot 2.3               (dovecot)
  Introspection         the token endpoint Dovecot asks     (introspection)
  ImapClient            a raw-socket IMAP client            (rawimap)
  mail                  makers of mails and text messages   (mail)
  Home,                 a private otpctl: home, agent, CLI;
  without_file_rights   a command to which root's rights    (agent)
                        do not open every file
  Desk, flat            an operator's terminal, its lines   (desk)
  Wire, Door            the agent's sockets, by hand        (wire)
  ScriptedServer        an IMAP server that plays a script  (scripted)
  Transcript            plays tests/transcripts/imap/*.txt  (transcript)
  FaultProxy            a TCP proxy that breaks things      (proxy)
  @isolated, Firewall,  a test with a network and mounts of its own, packets
  small_disk            that vanish, a full disk            (isolated)

Nothing here sleeps for a fixed time to "let things settle": what has to happen is waited for with
`until(predicate, seconds)`, which fails loudly.
"""

from .util import Timeout, free_port, until
from .tls import Authority
from .introspection import Introspection
from .dovecot import Dovecot, NoDovecot
from .lmtp import LmtpError
from .rawimap import ImapClient, ImapError
from .agent import Home, NoBinaries, without_file_rights
from .desk import Desk, flat
from .scripted import Connection, Mailbox, ScriptedServer, Unexpected
from .transcript import Transcript
from .proxy import FaultProxy
from .wire import Door, Wire, WireError
from .isolated import Firewall, isolated, small_disk
from . import mail

__all__ = ["Authority", "Connection", "Door", "Dovecot", "FaultProxy", "Firewall", "Home", "ImapClient",
           "ImapError", "Introspection", "LmtpError", "Mailbox", "NoBinaries", "NoDovecot", "ScriptedServer",
           "Timeout", "Transcript", "Unexpected", "Wire", "WireError",
           "free_port", "isolated", "mail", "small_disk", "until", "without_file_rights"]
