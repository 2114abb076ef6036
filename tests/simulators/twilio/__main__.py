"""Twilio for the demo. `python -m tests.simulators.twilio --port 9104`"""

import argparse

from tests.simulators.twilio.demo import demo_twilio
from tests.simulators.vendor import serve_forever

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--port", type=int, required=True)
serve_forever(demo_twilio(), port=parser.parse_args().port)
