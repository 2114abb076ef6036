"""The chats for the demo. `python -m tests.simulators.chats --port 9105`"""

import argparse

from tests.simulators.chats.demo import DemoChats
from tests.simulators.vendor import serve_forever

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--port", type=int, required=True)
serve_forever(DemoChats(), port=parser.parse_args().port)
