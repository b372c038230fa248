"""Asks services on this machine for predictions and prints times; several services take turns. Standard library only.

    python load.py --requests 400 --clients 4 --rounds 3 --photo a.png hiervl=http://127.0.0.1:8080 peer=http://127.0.0.1:8091
    python load.py --requests 10000 --clients 4 --memory PID --photo a.png hiervl=http://127.0.0.1:8080
"""
import argparse
import http.client
import json
import statistics
import threading
import time
import urllib.parse

LOOPBACK = {"127.0.0.1", "localhost", "::1"}


def resident(pid):
    with open(f"/proc/{pid}/status") as f:
        return next(int(line.split()[1]) / 1024 for line in f if line.startswith("VmRSS"))


def one_round(url, args, photos, progress=None):
    """Times in seconds of all requests, and the wall time."""
    host = urllib.parse.urlsplit(url)
    if host.hostname not in LOOPBACK:
        raise SystemExit("load goes to services on this machine only")
    times, faults, lock, left = [], [], threading.Lock(), iter(range(args.requests))

    def client():
        connection = http.client.HTTPConnection(host.hostname, host.port, timeout=120)
        while True:
            with lock:
                i = next(left, None)
            if i is None:
                return
            start = time.perf_counter()
            connection.request("POST", "/v1/segment?as=" + args.form, photos[i % len(photos)], {"Content-Type": "image/png"})
            answer = connection.getresponse()
            body = answer.read()
            with lock:
                times.append(time.perf_counter() - start)
                if answer.status != 200:
                    faults.append((answer.status, body[:200]))
                if progress:
                    progress(len(times))

    begin = time.perf_counter()
    threads = [threading.Thread(target=client) for _ in range(args.clients)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    if faults:
        raise SystemExit(f"{url}: {len(faults)} faults, the first: {faults[0]}")
    return times, time.perf_counter() - begin


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("services", nargs="+", help="NAME=URL")
    parser.add_argument("--photo", action="append", required=True)
    parser.add_argument("--form", default="json", choices=["json", "index"])
    parser.add_argument("--requests", type=int, default=400)
    parser.add_argument("--clients", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--memory", type=int, help="process whose resident memory is printed, every tenth of the requests")
    args = parser.parse_args()
    photos = [open(p, "rb").read() for p in args.photo]
    services = [s.split("=", 1) for s in args.services]
    all_times = {name: [] for name, _ in services}
    wall = {name: [] for name, _ in services}
    memory = []

    def progress(n):
        if args.memory and n % max(1, args.requests // 10) == 0:
            memory.append((n, round(resident(args.memory))))

    for _ in range(args.rounds):
        for name, url in services:
            times, seconds = one_round(url, args, photos, progress)
            all_times[name] += times
            wall[name].append(args.requests / seconds)
    for name, times in all_times.items():
        times.sort()
        print(json.dumps({"service": name, "requests": len(times), "p50_ms": round(1000 * statistics.median(times), 1),
                          "p99_ms": round(1000 * times[int(0.99 * len(times))], 1),
                          "per_second": round(statistics.median(wall[name]), 1), "rounds": [round(w, 1) for w in wall[name]]}))
    if memory:
        print(json.dumps({"requests_and_resident_mb": memory}))


if __name__ == "__main__":
    main()
