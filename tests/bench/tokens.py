"""`python tokens.py < LINES`: the least that reading queries takes, JSON and the tokens of one regex."""

from __future__ import annotations

import json
import re
import sys

TOKEN = re.compile(r"\w+|\s+|[^\w\s]")

for line in sys.stdin.buffer:
    TOKEN.findall(json.loads(line)["query"])
