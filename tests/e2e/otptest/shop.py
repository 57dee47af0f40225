"""The shop of the guide: an HTTPS server on the loopback that mails one-time codes and checks them.

`curl` in its `bin` folder is the real curl, told that shop.example is this server. POST /login and /resend with user=ADDRESS send a mail,
POST /verify with code=CODE answers 200 for the last code that was sent and 403 for any other.
"""

import http.server
import os
import shutil
import stat
import threading
import urllib.parse

from . import mail
from .tls import Authority
from .util import temp_dir


class Shop:
    """`home` takes the mails through `otpctl deliver`. `wrong` first codes are refused although they were sent."""

    def __init__(self, home, wrong=0):
        self.home = home
        self.sent, self.verified, self.wrong = [], [], wrong
        self._lock = threading.Lock()
        self.folder = temp_dir("shop")
        self.bin = os.path.join(self.folder, "bin")

    def __enter__(self):
        authority = Authority(self.folder)
        certificate, key = authority.issue("shop", san="DNS:shop.example")
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._server.socket = authority.server_context(certificate, key).wrap_socket(self._server.socket, server_side=True)
        os.mkdir(self.bin)
        curl = os.path.join(self.bin, "curl")
        with open(curl, "w", encoding="ascii") as file:
            file.write(f'#!/bin/sh\nexec /usr/bin/curl --cacert {authority.ca_file} --noproxy "*" '
                       f'--connect-to shop.example:443:127.0.0.1:{self._server.server_port} "$@"\n')
        os.chmod(curl, stat.S_IRWXU)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _handler(self):
        shop = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                form = urllib.parse.parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
                good = shop.answer(self.path, form)
                self.send_response(200 if good else 403)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        return Handler

    def answer(self, path, form):
        if path in ("/login", "/resend"):
            user = form["user"][0]
            with self._lock:
                code = mail.codes(len(self.sent) + 1)[-1]
                self.sent.append(code)
            done = self.home.otpctl("deliver", user, input=mail.plain(code, to=user, sender="Shop <no-reply@shop.example>"))
            return done.code == 0
        if path == "/verify":
            if self.wrong > 0:
                self.wrong -= 1
                return False
            good = form["code"][0] == self.sent[-1]
            if good:
                self.verified.append(form["code"][0])
            return good
        return False
