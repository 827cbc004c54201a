"""`python -m cli`. Exit codes: 0 done or healthy, 1 refused, failed or unhealthy, 2 wrong usage,
3 shown, but nothing was changed."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence
from io import TextIOWrapper

from cli.answer import UNCONFIRMED, Answer, Failed, Proposal
from cli.arguments import parser
from cli.terminal import Terminal, printable


def main(words: Sequence[str], environ: Mapping[str, str] = os.environ) -> int:
    """Runs one command; what it says goes to stdout, what went wrong to stderr."""
    arguments = parser().parse_args(words)
    as_json = arguments.output == "json"
    terminal = Terminal(environ)
    try:
        said: Answer | Proposal = arguments.run(arguments, environ)
        if isinstance(said, Proposal):
            said = _settled(said, terminal, agreed=arguments.yes, as_json=as_json)
    except Failed as failed:
        print(
            json.dumps(failed.to_json()) if as_json else printable(failed.text()), file=sys.stderr
        )
        return failed.exit_code
    except KeyboardInterrupt:
        return 130
    if as_json:
        print(printable(json.dumps(said.data, indent=2, ensure_ascii=False)))
    elif said.text:
        terminal.show(said.text)
    return said.exit_code


def _settled(proposal: Proposal, terminal: Terminal, *, agreed: bool, as_json: bool) -> Answer:
    """What came of a proposal. Programs agree with `--yes`, people are asked."""
    if as_json:
        return proposal.carry_out() if agreed else Answer(proposal.data, "", UNCONFIRMED)
    terminal.show(f"{proposal.text}\n")
    if not agreed and not terminal.somebody_there:
        text = "Nothing was changed. Repeat it with --yes to do this."
        return Answer(proposal.data, text, UNCONFIRMED)
    if agreed or terminal.agrees(proposal.question):
        return proposal.carry_out()
    return Answer(proposal.data, "Nothing was changed.", UNCONFIRMED)


if __name__ == "__main__":
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # other people's text on a terminal without Unicode
            stream.reconfigure(errors="backslashreplace")
    try:
        sys.exit(main(sys.argv[1:]))
    except BrokenPipeError:  # `palier … | head`
        sys.stderr.close()
        sys.exit(1)
