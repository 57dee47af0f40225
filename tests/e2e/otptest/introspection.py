"""A token introspection endpoint (RFC 7662) for Dovecot's passdb oauth2."""

import http.server
import json
import threading
import urllib.parse


class Introspection:
    """Serves http://127.0.0.1:port/introspect from a thread.

    grant(token, user)  that token is active for that user
    revoke(token)       it is not any more
    trouble = 500       every answer is that HTTP status from now on (None: well again)
    asked               how many times Dovecot asked
    """

    def __init__(self):
        self.tokens = {}
        self.trouble = None
        self.asked = 0
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}/introspect"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02},
                                        daemon=True)
        self._thread.start()

    def grant(self, token, user):
        self.tokens[token] = user

    def revoke(self, token):
        self.tokens.pop(token, None)

    def stop(self):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _handler(outer):  # noqa: N805
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            timeout = 30

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode()
                token = urllib.parse.parse_qs(body).get("token", [""])[0]
                outer.asked += 1
                user = outer.tokens.get(token)
                answer = {"active": True, "sub": user} if user else {"active": False}
                data = json.dumps(answer).encode()
                self.send_response(outer.trouble or 200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_):
                pass

        return Handler
