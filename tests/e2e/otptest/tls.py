"""A certificate authority made on the spot with the openssl command."""

import os
import ssl
import subprocess


class Authority:
    """Makes `ca.pem` in `folder`, and server certificates signed by it.

    `issue(name, san=…, days=…)` returns (certificate file, key file). The defaults fit
    `localhost` and `127.0.0.1`; wrong ones are for the tests that must be refused.
    """

    def __init__(self, folder, name="otptest CA"):
        self.folder = folder
        self.ca_file = os.path.join(folder, "ca.pem")
        self._key = os.path.join(folder, "ca.key")
        self._openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                      "-nodes", "-keyout", self._key, "-out", self.ca_file, "-days", "2",
                      "-subj", f"/CN={name}", "-addext", "keyUsage=critical,keyCertSign,cRLSign")

    def issue(self, name="server", san="DNS:localhost,IP:127.0.0.1", days=2):
        """One certificate. `san=None` makes one without any; `days=-1` an expired one."""
        certificate, key = (os.path.join(self.folder, f"{name}.{end}") for end in ("pem", "key"))
        request, extensions = (os.path.join(self.folder, f"{name}.{end}") for end in ("csr", "ext"))
        with open(extensions, "w", encoding="ascii") as file:
            file.write("basicConstraints=critical,CA:false\nextendedKeyUsage=serverAuth\n")
            if san:
                file.write(f"subjectAltName={san}\n")
        self._openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                      "-keyout", key, "-out", request, "-subj", f"/CN={name}")
        self._openssl("x509", "-req", "-in", request, "-CA", self.ca_file, "-CAkey", self._key,
                      "-CAcreateserial", "-days", str(days), "-extfile", extensions, "-out", certificate)
        return certificate, key

    def client_context(self):
        """A context that trusts this authority alone."""
        return ssl.create_default_context(cafile=self.ca_file)

    @staticmethod
    def server_context(certificate, key):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        return context

    @staticmethod
    def _openssl(*arguments):
        done = subprocess.run(["openssl", *arguments], capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"openssl {arguments[0]}: {done.stderr.strip()}")
