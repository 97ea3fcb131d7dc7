# SPDX-License-Identifier: Apache-2.0
"""A connection to a daemon's socket, in JSON-RPC by hand: what a client in another language would write."""

import base64
import json
import socket


class Refused(AssertionError):
    """An error answer: its number, its class and its sentence."""

    def __init__(self, error):
        super().__init__(json.dumps(error))
        self.code, self.message = error["code"], error["message"]
        self.kind = error.get("data", {}).get("kind")


class Rpc:
    def __init__(self, path, seconds=60):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(str(path))  # before the timeout: with one it would not wait for a place in the queue
        self.socket.settimeout(seconds)
        self.buffer, self.last_id = b"", 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, method, params):
        """A request without waiting; gives its id."""
        self.last_id += 1
        self.write(json.dumps({"jsonrpc": "2.0", "id": self.last_id, "method": method, "params": params}).encode())
        return self.last_id

    def send_until_full(self, method, params):
        """Requests until no more fit between here and the daemon, which has stopped reading."""
        line = json.dumps({"jsonrpc": "2.0", "id": 0, "method": method, "params": params}).encode() + b"\n"
        try:
            while True:
                self.socket.settimeout(1)
                self.socket.sendall(line)
        except TimeoutError:
            pass

    def write(self, line):
        self.socket.sendall(line + b"\n")

    def receive(self):
        """The next answer, whichever request it is for. EOFError when the daemon is gone."""
        while b"\n" not in self.buffer:
            more = self.socket.recv(1 << 20)
            if not more:
                raise EOFError("the daemon closed the connection")
            self.buffer += more
        line, _, self.buffer = self.buffer.partition(b"\n")
        return json.loads(line)

    def call(self, method, **params):
        number = self.send(method, params)
        answer = self.receive()
        assert answer["id"] == number
        return self.result(answer)

    def many(self, calls, under_way=64):
        """The results of calls, (method, params) each, in whatever order they come; some are always under way."""
        waiting = 0
        for method, params in calls:
            self.send(method, params)
            waiting += 1
            if waiting == under_way:
                yield self.result(self.receive())
                waiting -= 1
        for _ in range(waiting):
            yield self.result(self.receive())

    @staticmethod
    def result(answer):
        if "error" in answer:
            raise Refused(answer["error"])
        return answer["result"]

    def raw(self, line):
        """One line as it stands; its answer."""
        self.write(line)
        return self.receive()

    def put(self, name, value, **more):
        return self.call("item.put", name=name, value_base64=base64.b64encode(value).decode(), **more)["version"]

    def get(self, name, **more):
        return value_of(self.call("item.get", name=name, **more))

    def list(self, **params):
        page = self.call("item.list", **params)
        yield from page["items"]
        while "cursor" in page:
            page = self.call("item.list", cursor=page["cursor"], **params)
            yield from page["items"]


def value_of(item):
    if "value" in item:
        return item["value"].encode()
    return base64.b64decode(item["value_base64"], validate=True)
