"""Google for the demo. `python -m tests.simulators.google --port 9101`"""

import argparse

from tests.simulators.google.demo import demo_google
from tests.simulators.vendor import serve_forever

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--port", type=int, required=True)
serve_forever(demo_google(), port=parser.parse_args().port)
