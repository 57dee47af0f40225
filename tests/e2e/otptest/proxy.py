"""A TCP proxy on loopback that breaks connections on command."""

import contextlib
import socket
import struct
import threading
import time


class FaultProxy:
    """Forwards 127.0.0.1:port to 127.0.0.1:target_port. Everything can be changed while it runs.

        with FaultProxy(dovecot.imaps_port) as proxy:   # proxy.port goes into the configuration
            proxy.black_hole()

    latency = 0.2     seconds that each piece is held back, in both directions
    slice = 1         bytes a write: the peer sees them one by one
    black_hole()      nothing passes any more, nobody is told (a dropped NAT entry); heal() ends it for
                      new connections, the swallowed ones stay dead
    cut(after)        each connection is reset once that many more bytes came from the server
    reset()           RST to both ends of every connection
    close()           FIN to both ends of every connection
    down() / up()     new connections are refused / accepted again; down() resets the living ones
    retarget(port)    where new connections go from now on
    connections       how many have been accepted so far; times: the time.monotonic() of each, peers: the
                      port that each came from; received: how many bytes came from the server
    """

    def __init__(self, target_port):
        self.latency = 0.0
        self.slice = 0
        self.times = []
        self.peers = []
        self.received = 0
        self._target = target_port
        self._hole = threading.Event()
        self._pairs = []
        self._lock = threading.Lock()
        self._closed = False
        self._listener = self._listen(0)
        self.port = self._listener.getsockname()[1]
        self._start_accepting()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._closed = True
        self.down()

    @property
    def connections(self):
        return len(self.times)

    def black_hole(self):
        self._hole.set()
        with self._lock:
            for pair in self._pairs:
                pair.swallowed = True

    def heal(self):
        self._hole.clear()

    def cut(self, after):
        with self._lock:
            for pair in self._pairs:
                pair.left = after

    def reset(self):
        self._end(reset=True)

    def close(self):
        self._end(reset=False)

    def down(self):
        listener, self._listener = self._listener, None
        if listener:
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()
            self._acceptor.join(5)
        self.reset()

    def up(self):
        if self._listener is None and not self._closed:
            self._listener = self._listen(self.port)
            self._start_accepting()

    def retarget(self, port):
        self._target = port

    def _listen(self, port):
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        listener.listen(64)
        return listener

    def _start_accepting(self):
        self._acceptor = threading.Thread(target=self._accept, args=(self._listener,), daemon=True)
        self._acceptor.start()

    def _accept(self, listener):
        while True:
            try:
                client, peer = listener.accept()
            except OSError:
                return
            self.peers.append(peer[1])
            self.times.append(time.monotonic())
            try:
                server = socket.create_connection(("127.0.0.1", self._target), 5)
            except OSError:
                _Pair.abort(client)
                continue
            pair = _Pair(self, client, server, swallowed=self._hole.is_set())
            with self._lock:
                self._pairs = [old for old in self._pairs if not old.done] + [pair]
            pair.start()

    def _end(self, reset):
        with self._lock:
            pairs, self._pairs = self._pairs, []
        for pair in pairs:
            pair.end(reset)


class _Pair:
    def __init__(self, proxy, client, server, swallowed):
        self._proxy = proxy
        self._ends = (client, server)
        self.swallowed = swallowed
        self.left = None
        self.done = False
        self.over = 0
        for end in self._ends:
            end.settimeout(None)
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def start(self):
        client, server = self._ends
        for source, sink in ((client, server), (server, client)):
            threading.Thread(target=self._pump, args=(source, sink, source is server), daemon=True).start()

    def _pump(self, source, sink, from_server):
        try:
            while data := source.recv(65536):
                if from_server:
                    self._proxy.received += len(data)
                if self._proxy.latency:
                    time.sleep(self._proxy.latency)
                if self.swallowed:
                    continue
                if from_server and self.left is not None:
                    data, self.left = data[:self.left], self.left - len(data)
                self._pass_on(sink, data)
                if self.left is not None and self.left <= 0:
                    return self.end(reset=True)
            if not self.swallowed:
                sink.shutdown(socket.SHUT_WR)
        except OSError:
            if not self.swallowed:
                self.end(reset=True)
        self._reap()

    def _pass_on(self, sink, data):
        step = self._proxy.slice or len(data) or 1
        for start in range(0, len(data), step):
            sink.sendall(data[start:start + step])

    def _reap(self):
        """Closes both ends when both directions are over."""
        self.over += 1
        if self.over == 2 and not self.swallowed:
            self.end(reset=False)

    def end(self, reset):
        self.done = True
        for end in self._ends:
            self.abort(end) if reset else self._finish(end)

    @staticmethod
    def abort(end):
        """RST instead of FIN. The shutdown of the read side wakes the thread that sits in recv()."""
        with contextlib.suppress(OSError):
            end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            end.shutdown(socket.SHUT_RD)
        end.close()

    @staticmethod
    def _finish(end):
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
        end.close()
