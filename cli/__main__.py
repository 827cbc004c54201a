"""`python -m cli`. Exit codes: 0 done or healthy, 1 refused, failed or unhealthy, 2 wrong usage."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence

from cli.answer import Answer, Failed
from cli.arguments import parser


def main(words: Sequence[str], environ: Mapping[str, str] = os.environ) -> int:
    """Runs one command; what it says goes to stdout, what went wrong to stderr."""
    arguments = parser().parse_args(words)
    as_json = arguments.output == "json"
    try:
        answer: Answer = arguments.run(arguments, environ)
    except Failed as failed:
        print(json.dumps(failed.to_json()) if as_json else failed.text(), file=sys.stderr)
        return failed.exit_code
    except KeyboardInterrupt:
        return 130
    print(json.dumps(answer.data, indent=2, ensure_ascii=False) if as_json else answer.text)
    return answer.exit_code


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except BrokenPipeError:  # `palier … | head`
        sys.stderr.close()
        sys.exit(1)
