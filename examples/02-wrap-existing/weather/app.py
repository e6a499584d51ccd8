"""Weather, in Python's standard library alone. It keeps the contract in contract.ts, and calls the catalog."""

import json
import os
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote

FORECASTS = {
    "Bergen": {"city": "Bergen", "sky": "rain", "celsius": 11},
    "Lisbon": {"city": "Lisbon", "sky": "sun", "celsius": 24},
}


def call(path, headers):
    """Calls a service: $CANTLE_URL/<service>/<path of the operation>, in the trace and for the user of `headers`."""
    passed_on = ("traceparent", "cantle-timeout-ms", "cantle-caller")
    request = urllib.request.Request(
        os.environ["CANTLE_URL"] + path,
        headers={"authorization": "Bearer " + os.environ["CANTLE_TOKEN"]}
        | {name: headers[name] for name in passed_on if headers[name]},
    )
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def warmest(headers):
    """The trip of the catalog to where it is warmest."""
    trips = [trip for trip in call("/catalog/trips", headers) if trip["city"] in FORECASTS]
    return max(trips, key=lambda trip: FORECASTS[trip["city"]]["celsius"])


class Weather(BaseHTTPRequestHandler):
    def do_GET(self):
        path = unquote(self.path)
        if path == "/health":
            self.answer(200, {"ok": True})
        elif path == "/warmest":
            self.answer(200, warmest(self.headers))
        elif path.startswith("/forecast/"):
            forecast = FORECASTS.get(path.removeprefix("/forecast/"))
            self.answer(200 if forecast else 404, forecast or {})
        else:
            self.answer(404, {})

    def answer(self, status, value):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


address = (os.environ.get("HOST", "127.0.0.1"), int(os.environ.get("PORT", "8000")))
print("weather on http://%s:%d" % address, flush=True)
ThreadingHTTPServer(address, Weather).serve_forever()
