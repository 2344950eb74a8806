"""A real browser for the report: Chromium of the system, without a window.

    python -m tests.browser ANSWERS.jsonl docs/report.png             the picture in the README
    python -m tests.browser ANSWERS.jsonl case.png case=c-en-000-spot     of an open case

A page that was opened here must not complain, and must not ask for anything but its own file:
`opened` fails where it did.
"""

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
)

OWN = ("file:", "data:")
"""What a page may ask for."""

SERIOUS = frozenset({"serious", "critical"})
"""Faults that shut people out."""

WIDE, PHONE = (1200, 900), (360, 740)
"""Width and height of a window."""

PATIENCE = 5000
"""Milliseconds that a page may take for anything."""

Scheme = Literal["light", "dark"]


def missing() -> str:
    """What has to be installed before a browser can be started; empty if nothing."""
    try:
        import playwright.sync_api  # noqa: F401
    except ModuleNotFoundError:
        return "playwright is not installed: pip install 'citebot[dev]' brings it"
    if not program():
        return f"no Chromium on the PATH ({', '.join(PROGRAMS)}): apt-get install chromium"
    return ""


def program() -> str:
    """Where Chromium is; empty if it is not there."""
    return next(filter(None, map(shutil.which, PROGRAMS)), "")


@contextmanager
def started() -> Iterator["Browser"]:
    """A browser. No event loop may run in this thread meanwhile: playwright runs its own."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program(), args=list(FLAGS))
        yield browser
        browser.close()


@dataclass(slots=True)
class Heard:
    """What a page complained about, and what it asked for besides itself."""

    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def listen(self, page: "Page") -> None:
        """Hear a page from now on."""
        page.on("console", lambda message: self.complaints.append(message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("dialog", lambda dialog: self.complaints.append(dialog.message))
        page.on("request", lambda request: self._asked(request.url))

    def _asked(self, url: str) -> None:
        if not url.startswith(OWN):
            self.requests.append(url)


@contextmanager
def opened(
    browser: "Browser",
    file: Path,
    query: str = "",
    *,
    size: tuple[int, int] = WIDE,
    scheme: Scheme = "light",
) -> Iterator["Page"]:
    """A file in a window of its own."""
    heard = Heard()
    width, height = size
    page = browser.new_page(
        viewport={"width": width, "height": height}, color_scheme=scheme, reduced_motion="reduce"
    )
    page.set_default_timeout(PATIENCE)
    heard.listen(page)
    page.goto(file.as_uri() + (f"#{query}" if query else ""))
    yield page
    page.close()
    assert heard == Heard()


def open_all(page: "Page") -> None:
    """Open whatever can be opened, and what that brings."""
    page.evaluate(
        """async () => {
          const shut = () => document.querySelectorAll('details:not([open])');
          while (shut().length) {
            for (const details of shut()) details.open = true;
            await new Promise((done) => setTimeout(done, 50));
          }
          for (const button of document.querySelectorAll('.link')) button.click();
        }"""
    )


def faults(page: "Page") -> list[str]:
    """What shuts people out of a page, by axe-core: rule, element, and what is wrong."""
    page.evaluate(
        resources.files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8")
    )
    found = page.evaluate("axe.run({resultTypes: ['violations']})")
    return [
        f"{rule['id']}: {node['target']} {node['failureSummary']}"
        for rule in found["violations"]
        if rule["impact"] in SERIOUS
        for node in rule["nodes"]
    ]


def screenshot(answers: Path, picture: Path, query: str = "") -> None:
    """What the report of an answers file shows first, or of a filter or case, as a picture."""
    from eval.gates import held, read_gates
    from eval.records import read_answers
    from eval.report import write_report
    from eval.score import score

    scores = score(read_answers(answers))
    gates = [(gate.sentence, gate.held) for gate in held(scores, read_gates())]
    with TemporaryDirectory() as folder, started() as browser:
        file = Path(folder) / "report.html"
        write_report(file, scores, gates=gates)
        with opened(browser, file, query) as page:
            page.screenshot(path=picture)


if __name__ == "__main__":
    screenshot(Path(sys.argv[1]), Path(sys.argv[2]), *sys.argv[3:4])
