"""Peers that are no crates: the Python library eventsourcing on SQLite, and Redis Streams with every append synced.

One peer a run, one line of JSON: `others.py eventsourcing FOLDER` or `others.py redis FOLDER`.
"""

import json
import os
import socket
import subprocess
import sys
import threading
import time
import uuid

RUN = 2.0
CLIENTS = 64
BATCH = 512
BATCHES = 200


def payload(n):
    text = f"a comment of the length that comments have when an agent says in a sentence or two what it found, {n:>12}"
    return json.dumps({"by": "agent", "text": text}).encode()


def one(append):
    began, count = time.monotonic(), 0
    while time.monotonic() - began < RUN:
        append(count)
        count += 1
    return count / (time.monotonic() - began)


def many(make):
    counts = []
    began = time.monotonic()

    def client(number):
        append, count = make(number), 0
        while time.monotonic() - began < RUN:
            append(count)
            count += 1
        counts.append(count)

    threads = [threading.Thread(target=client, args=(number,)) for number in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / (time.monotonic() - began)


def eventsourcing(folder):
    import eventsourcing as library
    from eventsourcing.persistence import StoredEvent
    from eventsourcing.sqlite import SQLiteApplicationRecorder, SQLiteDatastore

    store = SQLiteDatastore(os.path.join(folder, "events.db"), pool_size=1, pool_timeout=60)
    with store.transaction(commit=False) as cursor:
        cursor.execute("PRAGMA synchronous")
        synchronous = cursor.fetchone()[0]
    assert synchronous == 2, f"synchronous is {synchronous}, not FULL"
    recorder = SQLiteApplicationRecorder(store)
    recorder.create_table()
    streams = {number: uuid.uuid4() for number in range(-2, CLIENTS)}
    made = lambda stream, n: StoredEvent(streams[stream], n + 1, "Commented", payload(n))
    figures = {"one": one(lambda n: recorder.insert_events([made(-1, n)]))}
    figures["many"] = many(lambda number: lambda n: recorder.insert_events([made(number, n)]))
    before = recorder.max_notification_id() or 0
    batches = [[made(-2, b * BATCH + n) for n in range(BATCH)] for b in range(BATCHES)]
    began = time.monotonic()
    for batch in batches:
        recorder.insert_events(batch)
    figures["batch"] = BATCH * BATCHES / (time.monotonic() - began)
    began, count = time.monotonic(), 0
    while count < BATCH * BATCHES:
        page = recorder.select_notifications(before + count + 1, 4096)
        assert page
        count += len(page)
    figures["read"] = count / (time.monotonic() - began)
    version = getattr(library, "__version__", "9.5")
    return {"peer": f"eventsourcing {version} (Python, SQLite)", **figures, "verify": None}


class Line:
    """A connection that speaks RESP, no client library."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.file = self.socket.makefile("rb")

    def send(self, *commands):
        parts = []
        for command in commands:
            parts.append(b"*%d\r\n" % len(command))
            for word in command:
                parts.append(b"$%d\r\n%s\r\n" % (len(word), word))
        self.socket.sendall(b"".join(parts))

    def read(self):
        line = self.file.readline()
        kind, rest = line[:1], line[1:-2]
        if kind == b"$":
            return None if rest == b"-1" else self.file.read(int(rest) + 2)[:-2]
        if kind == b"*":
            return [self.read() for _ in range(int(rest))]
        assert kind != b"-", line
        return rest


def redis(folder):
    probe = socket.socket()
    probe.bind(("127.0.0.1", 0))
    port = probe.getsockname()[1]
    probe.close()
    options = ["--port", str(port), "--bind", "127.0.0.1", "--dir", folder, "--appendonly", "yes", "--appendfsync", "always", "--save", ""]
    server = subprocess.Popen(["redis-server", *options], stdout=subprocess.DEVNULL)
    try:
        while True:
            try:
                line = Line(port)
                break
            except ConnectionRefusedError:
                assert server.poll() is None, "redis-server ended"
                time.sleep(0.05)
        line.send([b"INFO", b"server"])
        version = line.read().split(b"redis_version:")[1].split(b"\r\n")[0].decode()

        def append(line, stream):
            def add(n):
                line.send([b"XADD", stream, b"*", b"type", b"Commented", b"data", payload(n)])
                line.read()

            return add

        figures = {"one": one(append(line, b"one"))}
        figures["many"] = many(lambda number: append(Line(port), b"f%d" % number))
        batches = [[[b"XADD", b"batch", b"*", b"type", b"Commented", b"data", payload(b * BATCH + n)] for n in range(BATCH)] for b in range(BATCHES)]
        began = time.monotonic()
        for batch in batches:
            line.send([b"MULTI"], *batch, [b"EXEC"])
            for _ in range(BATCH + 2):
                line.read()
        figures["batch"] = BATCH * BATCHES / (time.monotonic() - began)
        began, count, last = time.monotonic(), 0, b"-"
        while count < BATCH * BATCHES:
            line.send([b"XRANGE", b"batch", last, b"+", b"COUNT", b"4096"])
            page = line.read()
            count += len(page)
            last = b"(" + page[-1][0]
        figures["read"] = count / (time.monotonic() - began)
        return {"peer": f"Redis Streams {version}, appendfsync always", **figures, "verify": None}
    finally:
        server.terminate()
        server.wait()


if __name__ == "__main__":
    print(json.dumps({"eventsourcing": eventsourcing, "redis": redis}[sys.argv[1]](sys.argv[2])))
