"""Zoom for the demo. `python -m tests.simulators.zoom --port 9103`"""

import argparse

from tests.simulators.vendor import serve_forever
from tests.simulators.zoom.demo import demo_zoom

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--port", type=int, required=True)
serve_forever(demo_zoom(), port=parser.parse_args().port)
