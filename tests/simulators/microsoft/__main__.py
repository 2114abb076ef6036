"""Microsoft for the demo. `python -m tests.simulators.microsoft --port 9102`"""

import argparse

from tests.simulators.microsoft.demo import demo_microsoft
from tests.simulators.vendor import serve_forever

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--port", type=int, required=True)
serve_forever(demo_microsoft(), port=parser.parse_args().port)
