"""`python -m tests.stand_ins.hub FOLDER [PORT]` prints its address and serves until stopped."""

import sys
from pathlib import Path

from tests.stand_ins.hub.server import Hub

if __name__ == "__main__":
    hub = Hub(Path(sys.argv[1]), port=int(sys.argv[2]) if len(sys.argv) > 2 else 0)
    sys.stdout.write(f"{hub.address}\n")
    sys.stdout.flush()
    hub.serve_forever()
